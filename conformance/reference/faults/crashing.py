"""Crashes: single values that bring the server down, as careless code does; most of them only fuzzing finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.json_text import repeated_keys
from chatconform.reference.faults.fault import Fault, fault
from chatconform.reference.pipeline import Hangup
from chatconform.reference.refusal import Refusal

if TYPE_CHECKING:
    from chatconform.reference.pipeline import Parse, Validate

Body = dict[str, Any]
FAILING: Final = "response.status.input-is-never-a-server-error"
HANGING_UP: Final = "response.http.every-request-is-answered"
DEEPEST: Final = 500
LONG_NUMBER: Final = re.compile(rb"[0-9]{20}")
EFFORTS: Final = (None, "none", "minimal", "low", "medium", "high", "xhigh", "max")
OPENING, CLOSING = b"[{", b"]}"


def _crash(kills: str) -> None:
    raise Hangup(reset=True) if kills == HANGING_UP else Refusal(500, "Internal server error.", type="server_error")


def _of_bytes(name: str, text: str, kills: str, crashes: Callable[[bytes], bool]) -> Fault:
    """The fault of crashing by bodies, before they are read."""

    def careless(parse: Parse) -> Parse:
        def faulty(body: bytes) -> Any:
            if crashes(body):
                _crash(kills)
            return parse(body)

        return faulty

    return _named(name, text, "parse", kills, careless)


def _of_values(name: str, text: str, kills: str, crashes: Callable[[Any], bool], *, late: bool = False) -> Fault:
    """The fault of crashing by JSON values, before or (late) after it was seen whether they are valid."""

    def careless(validate: Validate) -> Validate:
        def faulty(body: Any) -> None:
            if late:
                validate(body)
            if crashes(body):
                _crash(kills)
            if not late:
                validate(body)

        return faulty

    return _named(name, text, "validate", kills, careless)


def _named(name: str, text: str, stage: Any, kills: str, careless: Callable[[Any], Any]) -> Fault:
    careless.__name__, careless.__doc__ = name, text
    return fault(stage, kills, also=("*",))(careless)


def _in(key: str, wrong: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Crashes by the value of a parameter that is there."""
    return lambda body: isinstance(body, dict) and key in body and wrong(body[key])


def _dicts(value: Any, key: str) -> Iterator[Body]:
    listed = value.get(key) if isinstance(value, dict) else None
    return (item for item in listed if isinstance(item, dict)) if isinstance(listed, list) else iter(())


def _tool(wrong: Callable[[Body], bool]) -> Callable[[Any], bool]:
    """Crashes by the function of a tool."""
    return lambda body: any(
        isinstance(function := tool.get("function"), dict) and wrong(function) for tool in _dicts(body, "tools")
    )


def _message(wrong: Callable[[Body], bool]) -> Callable[[Any], bool]:
    return lambda body: any(wrong(message) for message in _dicts(body, "messages"))


def _has_half_pairs(body: bytes) -> bool:
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def _is_deep(body: bytes) -> bool:
    steps = ((byte in OPENING) - (byte in CLOSING) for byte in body if byte in b"[{]}")
    return max(accumulate(steps), default=0) > DEEPEST


def _is_no_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _chooses_no_tool(body: Any) -> bool:
    names = {str(kept.get("name")) for tool in _dicts(body, "tools") if isinstance(kept := tool.get("function"), dict)}
    match body:
        case {"tool_choice": {"type": "function", "function": {"name": str(name)}}}:
            return name not in names
    return False


def _answers_nothing(body: Any) -> bool:
    """Whether a tool message stands where no call came before it."""
    calls: set[str] = set()
    for message in _dicts(body, "messages"):
        calls.update(str(call.get("id")) for call in _dicts(message, "tool_calls"))
        if message.get("role") == "tool" and str(message.get("tool_call_id")) not in calls:
            return True
    return False


def _sees(detail: str) -> Callable[[Body], bool]:
    def sees(message: Body) -> bool:
        images = (part.get("image_url") for part in _dicts(message, "content"))
        return any(isinstance(image, dict) and image.get("detail") == detail for image in images)

    return sees


CRASHES: Final = (
    _of_values("n_of_null_crashes", "Fails at a null for `n`.", FAILING, _in("n", lambda n: n is None), late=True),
    _of_values(
        "long_tool_names_crash",
        "Fails at names of tools of more than 64 characters.",
        FAILING,
        _tool(lambda function: len(str(function.get("name"))) > 64),
    ),
    _of_bytes("half_pairs_crash", "Ends the connection at half a surrogate pair.", HANGING_UP, _has_half_pairs),
    _of_bytes(
        "double_keys_crash", "Fails at a key that stands twice.", FAILING, lambda body: bool(repeated_keys(body))
    ),
    _of_bytes("depth_crashes", "Ends the connection at more than 500 levels.", HANGING_UP, _is_deep),
    _of_values("empty_stops_crash", "Fails at an empty stop.", FAILING, _in("stop", lambda stop: stop in ("", []))),
    _of_values(
        "parts_of_results_crash",
        "Fails at the result of a tool in parts.",
        FAILING,
        _message(lambda message: message.get("role") == "tool" and isinstance(message.get("content"), list)),
        late=True,
    ),
    _of_values(
        "unknown_efforts_crash",
        "Fails at an effort that it does not know.",
        FAILING,
        _in("reasoning_effort", lambda effort: effort not in EFFORTS),
    ),
    _of_values(
        "hot_words_crash",
        "Ends the connection at a temperature in words.",
        HANGING_UP,
        _in("temperature", lambda value: isinstance(value, str)),
    ),
    _of_values(
        "odd_messages_crash",
        "Fails at a message that is no object.",
        FAILING,
        _in("messages", lambda value: isinstance(value, list) and any(not isinstance(one, dict) for one in value)),
    ),
    _of_values(
        "wordy_biases_crash",
        "Fails at a bias for what is no number.",
        FAILING,
        _in("logit_bias", lambda bias: isinstance(bias, dict) and any(not key.isdecimal() for key in bias)),
    ),
    _of_values(
        "bare_tools_crash",
        "Fails at a tool without parameters.",
        FAILING,
        _tool(lambda function: "parameters" not in function),
        late=True,
    ),
    _of_values(
        "choices_of_no_tool_crash", "Fails at the choice of a tool that is not there.", FAILING, _chooses_no_tool
    ),
    _of_values(
        "null_stream_options_crash",
        "Ends the connection at a null for `stream_options`.",
        HANGING_UP,
        _in("stream_options", lambda options: options is None),
        late=True,
    ),
    _of_bytes(
        "long_numbers_crash",
        "Ends the connection at a number of 20 digits.",
        HANGING_UP,
        lambda body: LONG_NUMBER.search(body) is not None,
    ),
    _of_bytes("nul_crashes", "Fails at an escaped NUL.", FAILING, lambda body: rb"\u0000" in body),
    _of_bytes(
        "byte_order_marks_crash", "Fails at a byte order mark.", FAILING, lambda body: body.startswith(b"\xef\xbb\xbf")
    ),
    _of_bytes("broken_text_crashes", "Fails at bytes that are no UTF-8.", FAILING, _is_no_text),
    _of_values("no_tokens_crash", "Fails at a limit of no tokens.", FAILING, _in("max_tokens", lambda most: most == 0)),
    _of_values(
        "no_object_crashes", "Fails at a body that is no object.", FAILING, lambda body: not isinstance(body, dict)
    ),
    _of_values("orphans_crash", "Fails at a result without a call.", FAILING, _answers_nothing),
    _of_values("high_detail_crashes", "Fails at an image in high detail.", FAILING, _message(_sees("high")), late=True),
    _of_values(
        "four_stops_crash",
        "Ends the connection at four stops.",
        HANGING_UP,
        _in("stop", lambda stop: isinstance(stop, list) and len(stop) == 4),
        late=True,
    ),
    _of_values(
        "all_top_logprobs_crash",
        "Fails at 20 likely tokens.",
        FAILING,
        _in("top_logprobs", lambda most: most == 20),
        late=True,
    ),
    _of_values(
        "names_of_users_crash",
        "Fails at a message whose author has a name.",
        FAILING,
        _message(lambda message: message.get("role") == "user" and "name" in message),
        late=True,
    ),
)
"""Not among the faults that the cases of a check must find."""
