"""Faults that show only between answers: what repeats, what a stream shares with a whole answer, what stops cut."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from chatconform.reference.faults.fault import fault
from chatconform.reference.faults.making import (
    Body,
    on_chunks,
    on_completion,
    on_parts,
    on_request,
    on_texts,
)

if TYPE_CHECKING:
    from chatconform.reference.completion import Ticket
    from chatconform.reference.pipeline import Complete

HELD = "series.hold-back.text-is-released"
LEAKED = "series.hold-back.no-part-of-a-stop-is-streamed"


def _plain(body: Body) -> bool:
    """Whether a request asks for words."""
    return not body.get("response_format") and not body.get("tools")


def _stops(body: Body) -> list[str]:
    stop = body.get("stop")
    return [stop] if isinstance(stop, str) else list(stop or ())


@on_texts("series.greedy.shorter-answer-is-a-prefix", streams=True, also=("series.*",))
def last_token_is_spoilt_by_the_limit(body: Body, choice: Body, text: str) -> str:
    """Writes a question mark for the last character before the limit."""
    cut = choice["finish_reason"] == "length" and _plain(body) and not body.get("logit_bias") and len(text) > 8
    if cut and choice["logprobs"]:
        entries = choice["logprobs"]["content"]
        entries[-1] |= {"token": entries[-1]["token"][:-1] + "?", "bytes": [*entries[-1]["token"][:-1].encode(), 63]}
    return f"{text[:-1]}?" if cut else text


@on_request("series.greedy.biased-token-takes-over")
def bias_is_ignored(body: Body) -> Body:
    """Ignores `logit_bias`."""
    return {**body, "logit_bias": None}


@fault("complete", "series.seeds.same-seed-repeats")
def seed_is_ignored(complete: Complete) -> Complete:
    """Ignores `seed`."""
    numbers = count(1000)
    return lambda body, ticket: complete({**body, "seed": next(numbers)}, ticket)


@on_request("series.seeds.other-seeds-vary")
def seed_is_always_the_same(body: Body) -> Body:
    """Takes the same seed for every request."""
    return {**body, "seed": 1}


@on_texts("series.stops.text-ends-before-the-sequence", streams=True)
def stop_takes_a_word_with_it(body: Body, choice: Body, text: str) -> str:
    """Loses the word before a stop sequence."""
    cut = choice["finish_reason"] == "stop" and _stops(body) and _plain(body) and " " in text
    return text.rpartition(" ")[0] if cut else text


@on_completion("series.stops.finish-is-stop", streams=True)
def stop_ends_with_length(body: Body, completion: Body) -> None:
    """Ends with `length` at a stop sequence."""
    for choice in completion["choices"]:
        if _stops(body) and choice["finish_reason"] == "stop":
            choice["finish_reason"] = "length"


@on_texts("series.acceptance.empty-stops-do-nothing", streams=True, also=("response.finish.limit-is-told",))
def empty_stop_ends_at_once(body: Body, choice: Body, text: str) -> str:
    """Finds an empty stop sequence at once."""
    return "" if "" in _stops(body) else text


@on_chunks(LEAKED, also=("response.finish.*", "series.parity.*", "series.stops.*"))
def part_of_a_stop_is_streamed(body: Body, chunks: list[Body]) -> list[Body]:
    """Streams the first character of a stop sequence."""
    leaked: list[Body] = []
    for chunk in chunks:
        ends = chunk["choices"] and chunk["choices"][0]["finish_reason"] == "stop"
        if ends and _stops(body) and _plain(body):
            first = {**chunk["choices"][0], "delta": {"content": _stops(body)[0][:1]}, "finish_reason": None}
            leaked.append({**chunk, "choices": [first]})
        leaked.append(chunk)
    return leaked


@on_chunks(HELD, also=("series.parity.*", "series.stops.*"))
def held_text_is_lost(body: Body, chunks: list[Body]) -> list[Body]:
    """Never streams the text that it held back for a stop sequence."""
    if not _stops(body) or not _plain(body):
        return chunks
    texts = [n for n, chunk in enumerate(chunks) if chunk["choices"] and chunk["choices"][0]["delta"].get("content")]
    return [chunk for number, chunk in enumerate(chunks) if number not in texts[-2:]]


@on_parts("series.parity.text-is-the-same", also=("response.*",))
def blanks_are_lost_in_streams(part: Body) -> None:
    """Drops from streams the blanks before words."""
    if text := part["delta"].get("content"):
        part["delta"]["content"] = text.lstrip(" ") or text


@on_parts("series.parity.characters-are-whole", also=("stream.deltas.characters-are-whole", "response.structured.*"))
def streams_lose_characters(part: Body) -> None:
    """Puts replacement characters for characters beyond ASCII in streams."""
    if text := part["delta"].get("content"):
        part["delta"]["content"] = "".join(char if char.isascii() else "\ufffd" for char in text)


@on_parts("series.parity.finish-reason-is-the-same")
def streams_end_with_length(part: Body) -> None:
    """Ends every stream with `length`."""
    if part["finish_reason"] == "stop":
        part["finish_reason"] = "length"


@on_parts("series.parity.tool-calls-are-the-same", also=("response.*", "stream.*"))
def streamed_arguments_lose_their_blanks(part: Body) -> None:
    """Drops blanks and backslashes from streamed arguments."""
    for piece in part["delta"].get("tool_calls", ()):
        if "function" in piece and "name" not in piece["function"]:
            text = piece["function"]["arguments"]
            piece["function"]["arguments"] = text.replace(" ", "")


@on_chunks("series.parity.usage-is-the-same", "series.usage.prompt-tokens-repeat")
def streams_read_more_tokens(body: Body, chunks: list[Body]) -> list[Body]:
    """Counts more tokens of the prompt in a stream."""
    for chunk in chunks:
        if usage := chunk.get("usage"):
            chunk["usage"] = {
                **usage,
                "prompt_tokens": usage["prompt_tokens"] + 3,
                "total_tokens": usage["total_tokens"] + 3,
            }
    return chunks


@on_chunks("series.parity.logprobs-are-the-same", also=("response.logprobs.spell-the-text",))
def first_token_is_not_told_in_streams(body: Body, chunks: list[Body]) -> list[Body]:
    """Leaves the log probability of a stream's first token out."""
    for chunk in chunks:
        for part in chunk["choices"]:
            if part["logprobs"]:
                part["logprobs"] = {"content": [], "refusal": None}
                return chunks
    return chunks


@fault("complete", "series.usage.prompt-tokens-repeat", also=("series.*",))
def prompt_tokens_wander(complete: Complete) -> Complete:
    """Counts the tokens of the same prompt otherwise each time."""
    numbers = count()

    def faulty(body: Any, ticket: Ticket) -> Body:
        made = complete(body, ticket)
        more = next(numbers) % 3
        made["usage"]["prompt_tokens"] += more
        made["usage"]["total_tokens"] += more
        return made

    return faulty


@on_completion("series.acceptance.parts-count-like-a-string", streams=True, also=("series.*",))
def parts_cost_more(body: Body, completion: Body) -> None:
    """Counts a text in parts as more than the same text as a string."""
    more = 5 * sum(isinstance(message.get("content"), list) for message in body["messages"])
    completion["usage"]["prompt_tokens"] += more
    completion["usage"]["total_tokens"] += more


@on_texts("response.structured.text-is-not-blank", streams=True)
def json_object_is_blank(body: Body, choice: Body, text: str) -> str:
    """Writes blanks until the limit where a JSON object is wanted."""
    if (body.get("response_format") or {}).get("type") != "json_object":
        return text
    choice["finish_reason"] = "length"
    return " " * len(text)


def _media(kind: str, body: Body) -> Body:
    """A request without the parts of a kind."""
    messages = []
    for message in body["messages"]:
        content = message.get("content")
        if isinstance(content, list):
            kept = [part for part in content if part["type"] != kind]
            message = {**message, "content": kept or ""}
        messages.append(message)
    return {**body, "messages": messages}


@on_request("series.media.images-are-read")
def images_are_dropped(body: Body) -> Body:
    """Drops images in silence."""
    return _media("image_url", body)


@on_request("series.media.sound-is-read")
def sound_is_dropped(body: Body) -> Body:
    """Drops sound in silence."""
    return _media("input_audio", body)


@on_request("series.media.files-are-read")
def files_are_dropped(body: Body) -> Body:
    """Drops files in silence."""
    return _media("file", body)


@on_completion("response.media.sound-has-its-shape", streams=True)
def sound_is_not_base64(body: Body, completion: Body) -> None:
    """Gives sound in hexadecimal digits."""
    for choice in completion["choices"]:
        if sound := choice["message"].get("audio"):
            sound["data"] = "0x" + "-".join(f"{ord(char):x}" for char in sound["transcript"])


@on_request("response.likeliest.are-absent-unless-asked-for")
def likeliest_come_unasked(body: Body) -> Body:
    """Lists two likely tokens where none were asked for."""
    return {**body, "top_logprobs": 2} if body.get("logprobs") and body.get("top_logprobs") is None else body
