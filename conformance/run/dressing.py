"""Generated requests dressed for a target: all but their point is such that a server comes to that point.

The law of this file: a request that is dressed names the target's model, asks for few tokens, says something, and makes
nobody fetch anything from anywhere. What the pointer of its point points to stays as it is.
"""

from __future__ import annotations

from typing import Any, Final

from chatconform.cases import samples

MOST_TOKENS: Final = 16
LIMITS: Final = ("max_tokens", "max_completion_tokens")
PICTURE: Final = samples.image("png", samples.PNG)
SOUND: Final = samples.sound(0.1)
DOCUMENT: Final = samples.document()
LIMIT_PLACES: Final = tuple(f"/{name}" for name in LIMITS)


def dressed(value: Any, pointer: str, plain: dict[str, Any], limit: str) -> Any:
    """A request in which what has no part in the point at the pointer is as in the plain request."""
    if not isinstance(value, dict):
        return value
    body = dict(value)
    if isinstance(body.get("model"), str) and pointer != "/model":
        body["model"] = plain["model"]
    messages = body.get("messages")
    if isinstance(messages, list) and messages and not pointer.startswith("/messages"):
        empty = all(isinstance(one, dict) and one.get("content") == "" for one in messages)
        body["messages"] = plain["messages"] if empty else messages
    elif isinstance(messages, list) and len(messages) == 1 and pointer != "/messages":
        body["messages"] = _in_a_talk(messages[0])
    body = illustrated(body, pointer)
    return body if pointer.startswith(LIMIT_PLACES) else short(body, limit)


def illustrated(body: dict[str, Any], pointer: str = "") -> dict[str, Any]:
    """The request with pictures and sounds of its own: nothing is to be fetched from anywhere, and none is empty.

    What the pointer points to stays as it is.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not any(isinstance(_content(one), list) for one in messages):
        return body
    shown = [
        {**one, "content": [_shown(part, pointer) for part in _content(one)]}
        if isinstance(_content(one), list)
        else one
        for one in messages
    ]
    return {**body, "messages": shown}


def _content(message: Any) -> Any:
    return message.get("content") if isinstance(message, dict) else None


def _shown(part: Any, pointer: str) -> Any:
    match part:
        case {"image_url": {"url": str(url)} as image}:
            if url.startswith("http") or (not url and not pointer.endswith("/url")):
                return {**part, "image_url": {**image, "url": PICTURE}}
        case {"type": "input_audio", "input_audio": {"data": ""} as audio} if not pointer.endswith("/data"):
            return {**part, "input_audio": {**audio, "data": SOUND}}
        case {"type": "file", "file": dict(file)} if not file.keys() & {"file_id", "file_data"} and "/file" in pointer:
            return {**part, "file": {**file, "file_data": DOCUMENT}} if not pointer.endswith("/file") else part
    return part


def short(body: dict[str, Any], limit: str) -> dict[str, Any]:
    """The request with few tokens asked for, under the name that it uses or else the one that the target takes."""
    given = [name for name in LIMITS if name in body]
    if not given:
        return {**body, limit: MOST_TOKENS} if limit else body
    large = [name for name in given if body[name] is None or (_is_count(body[name]) and body[name] > MOST_TOKENS)]
    return {**body, **dict.fromkeys(large, MOST_TOKENS)}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_a_talk(message: Any) -> list[Any]:
    """A message where it may stand: a result after its call, a call before its result, anything after a question."""
    talk: list[Any] = [{"role": "user", "content": "Say hello."}]
    match message:
        case {"role": "tool", "tool_call_id": str() as call}:
            asked = {"id": call, "type": "function", "function": {"name": "f", "arguments": "{}"}}
            return [*talk, {"role": "assistant", "content": None, "tool_calls": [asked]}, message]
        case {"role": "assistant", "tool_calls": [*calls]}:
            ids = [call["id"] for call in calls if isinstance(call, dict) and isinstance(call.get("id"), str)]
            results = [{"role": "tool", "tool_call_id": one, "content": "1"} for one in dict.fromkeys(ids)]
            return [*talk, message, *results]
        case {"role": "assistant"}:
            return [*talk, message, *talk]
    return [message]
