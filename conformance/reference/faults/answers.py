"""Faults in whole completions: what names them, their choices and messages, why they end, and what they used."""

from __future__ import annotations

from chatconform.reference.faults.making import (
    Body,
    on_bodies,
    on_choices,
    on_completion,
    on_request,
    on_texts,
)

TYPE = "response.body.matches-its-type"
COUNT = "response.choices.are-as-many-as-asked"
CONTENT = "response.message.content-is-a-string-or-null"
REASON = "response.finish.reason-is-one-of-five"
USAGE = "response.usage.is-told"
DETAILS = "response.usage.details-are-within-their-totals"
LIMIT = "response.usage.limit-is-kept"
TYPES = "response.optional.keys-have-their-types"


@on_bodies("response.body.is-strict-json")
def body_holds_nan(body: bytes) -> bytes:
    """Writes NaN into the body."""
    return body[:-1] + b',"score":NaN}'


@on_bodies("response.body.is-strict-json")
def body_begins_with_a_mark(body: bytes) -> bytes:
    """Begins the body with a byte order mark."""
    return b"\xef\xbb\xbf" + body


@on_bodies("response.body.is-strict-json")
def body_has_a_trailing_comma(body: bytes) -> bytes:
    """Writes a comma too much at the end of the body."""
    return body[:-1] + b",}"


@on_bodies("response.body.keys-are-not-repeated")
def body_repeats_a_key(body: bytes) -> bytes:
    """Writes the key `object` twice."""
    return b'{"object":"chat.completion",' + body[1:]


@on_completion(TYPE)
def object_is_another(body: Body, completion: Body) -> None:
    """Marks a completion as one of the older API."""
    completion["object"] = "text_completion"


@on_completion(TYPE)
def id_is_missing(body: Body, completion: Body) -> None:
    """Leaves the id out."""
    del completion["id"]


@on_completion(TYPE)
def usage_counts_in_strings(body: Body, completion: Body) -> None:
    """Writes the counts of the usage as strings."""
    usage = completion["usage"]
    usage["prompt_tokens"] = str(usage["prompt_tokens"])


@on_completion("response.body.id-is-not-empty")
def id_is_empty(body: Body, completion: Body) -> None:
    """Leaves the id empty."""
    completion["id"] = ""


@on_completion("response.body.created-is-in-unix-seconds", streams=True)
def created_in_milliseconds(body: Body, completion: Body) -> None:
    """Tells the time in milliseconds."""
    completion["created"] *= 1000


@on_completion("response.body.created-is-in-unix-seconds", streams=True)
def created_since_the_start(body: Body, completion: Body) -> None:
    """Tells the seconds since the server started in place of the time."""
    completion["created"] = 2_421_200


@on_completion("response.body.created-is-in-unix-seconds", streams=True, also=("stream.chunks.match-their-type",))
def created_with_a_fraction(body: Body, completion: Body) -> None:
    """Tells the time with fractions of a second."""
    completion["created"] += 0.25


@on_completion("response.body.model-is-named")
def model_is_empty(body: Body, completion: Body) -> None:
    """Leaves the model empty."""
    completion["model"] = ""


@on_completion("response.body.model-is-the-one-asked-for", streams=True)
def model_is_another(body: Body, completion: Body) -> None:
    """Names another model than the one that was asked for."""
    completion["model"] = "someone-else"


@on_request(COUNT, also=("response.usage.all-choices-are-counted", "response.choices.indexes-count-from-zero"))
def n_is_ignored(body: Body) -> Body:
    """Gives one choice however many are asked for."""
    return {**body, "n": 1}


@on_completion(COUNT)
def choices_are_empty(body: Body, completion: Body) -> None:
    """Gives no choice at all."""
    completion["choices"] = []


@on_choices(
    "response.choices.indexes-count-from-zero",
    streams=True,
    also=(
        "response.choices.*",
        "stream.*",
    ),
)
def index_is_always_zero(body: Body, choice: Body) -> None:
    """Gives every choice the index 0."""
    choice["index"] = 0


@on_choices("response.choices.indexes-count-from-zero")
def index_counts_from_one(body: Body, choice: Body) -> None:
    """Counts choices from 1."""
    choice["index"] += 1


@on_choices("response.choices.logprobs-key-is-there")
def logprobs_key_is_missing(body: Body, choice: Body) -> None:
    """Leaves `logprobs` out where it is not asked for."""
    if not body.get("logprobs"):
        del choice["logprobs"]


@on_choices("response.message.role-is-assistant")
def role_is_the_models(body: Body, choice: Body) -> None:
    """Gives messages the role `model`."""
    choice["message"]["role"] = "model"


@on_choices(
    CONTENT,
    also=(
        "response.structured.*",
        "series.parity.*",
    ),
)
def content_is_parts(body: Body, choice: Body) -> None:
    """Gives the content as a list of parts."""
    choice["message"]["content"] = [{"type": "text", "text": choice["message"]["content"] or ""}]


@on_choices(CONTENT)
def content_is_missing_beside_calls(body: Body, choice: Body) -> None:
    """Leaves the content out where tools are called."""
    if choice["message"]["content"] is None:
        del choice["message"]["content"]


@on_choices("response.message.refusal-key-is-there")
def refusal_key_is_missing(body: Body, choice: Body) -> None:
    """Leaves `refusal` out of messages."""
    del choice["message"]["refusal"]


@on_choices("response.message.calls-are-absent-when-none")
def calls_are_an_empty_list(body: Body, choice: Body) -> None:
    """Gives an empty list of calls where nothing is called."""
    choice["message"].setdefault("tool_calls", [])


@on_choices("response.message.calls-are-absent-when-none")
def calls_are_null(body: Body, choice: Body) -> None:
    """Gives null for the calls where nothing is called."""
    choice["message"].setdefault("tool_calls", None)


@on_choices("response.message.is-not-mixed-with-delta")
def message_comes_with_a_delta(body: Body, choice: Body) -> None:
    """Gives a delta beside the message."""
    if not body.get("stream"):
        choice["delta"] = {}


@on_choices("response.message.text-holds-no-call")
def cut_call_is_text(body: Body, choice: Body) -> None:
    """Hands a call that was cut by the limit on as text."""
    message = choice["message"]
    if choice["finish_reason"] == "length" and message.get("tool_calls"):
        call = message.pop("tool_calls")[0]["function"]
        message["content"] = f'<tool_call>{{"name": "{call["name"]}", "arguments": {call["arguments"]}'


@on_texts("response.message.reasoning-stands-apart", streams=True, also=("series.*",))
def thinking_is_text(body: Body, choice: Body, text: str) -> str:
    """Puts what the model thinks before the text."""
    free = not body.get("response_format") and not body.get("logprobs") and not body.get("stop")
    return f"<think>Hm.</think>{text}" if free and choice["finish_reason"] else text


@on_choices(REASON, also=("series.parity.*",))
def finish_is_the_engines(body: Body, choice: Body) -> None:
    """Tells the end of a text by the engine's own word."""
    if choice["finish_reason"] == "stop":
        choice["finish_reason"] = "eos_token"


@on_choices(REASON, also=("response.tools.legacy-functions-are-called",))
def finish_is_null(body: Body, choice: Body) -> None:
    """Tells no reason for the end."""
    choice["finish_reason"] = None


@on_choices("response.finish.limit-is-told", streams=True, also=("response.usage.all-choices-are-counted",))
def limit_is_told_as_stop(body: Body, choice: Body) -> None:
    """Ends with `stop` where the limit cut the text."""
    if (
        choice["finish_reason"] == "length"
        and not choice["message"].get("tool_calls")
        and not body.get("response_format")
    ):
        choice["finish_reason"] = "stop"


@on_choices("response.finish.cut-call-is-told")
def cut_call_ends_as_a_call(body: Body, choice: Body) -> None:
    """Ends with `tool_calls` where the limit cut a call."""
    if choice["finish_reason"] == "length" and choice["message"].get("tool_calls"):
        choice["finish_reason"] = "tool_calls"


@on_request("response.finish.stop-sequence-is-left-out")
def stop_is_ignored(body: Body) -> Body:
    """Writes on beyond a stop sequence."""
    return {key: value for key, value in body.items() if key != "stop"}


@on_texts("response.finish.stop-sequence-is-left-out", streams=True)
def stop_is_included(body: Body, choice: Body, text: str) -> str:
    """Leaves the stop sequence at the end of the text."""
    stop = body.get("stop")
    first = stop if isinstance(stop, str) else stop[0] if stop else ""
    return text + first if choice["finish_reason"] == "stop" else text


@on_completion(USAGE)
def usage_is_null(body: Body, completion: Body) -> None:
    """Tells no usage."""
    completion["usage"] = None


@on_completion(
    USAGE,
    also=(
        "series.media.*",
        "series.parity.usage-is-the-same",
    ),
)
def prompt_counts_as_nothing(body: Body, completion: Body) -> None:
    """Counts no tokens of the prompt."""
    usage = completion["usage"]
    usage["prompt_tokens"], usage["total_tokens"] = 0, usage["completion_tokens"]


@on_completion("response.usage.total-is-the-sum", streams=True)
def total_counts_too_much(body: Body, completion: Body) -> None:
    """Tells a total that is more than the sum."""
    completion["usage"]["total_tokens"] += 3


@on_completion(DETAILS, streams=True)
def more_is_cached_than_read(body: Body, completion: Body) -> None:
    """Tells more cached tokens than the prompt has."""
    completion["usage"]["prompt_tokens_details"]["cached_tokens"] = completion["usage"]["prompt_tokens"] + 1


@on_completion(DETAILS, streams=True)
def reasoning_is_not_counted(body: Body, completion: Body) -> None:
    """Tells reasoning that the completion's tokens do not hold."""
    details = completion["usage"]["completion_tokens_details"]
    details["reasoning_tokens"] = completion["usage"]["completion_tokens"] + 64


@on_request(LIMIT, also=("response.finish.*", "response.structured.*", "response.usage.*"))
def max_completion_tokens_is_ignored(body: Body) -> Body:
    """Keeps no limit under its newer name."""
    return {**body, "max_completion_tokens": None}


@on_request(LIMIT, also=("response.finish.*", "response.structured.*", "response.usage.*"))
def max_tokens_is_ignored(body: Body) -> Body:
    """Keeps no limit under its older name."""
    return {**body, "max_tokens": None}


@on_completion("response.usage.all-choices-are-counted", streams=True)
def one_choice_is_counted(body: Body, completion: Body) -> None:
    """Counts the tokens of one choice where there are several."""
    usage = completion["usage"]
    usage["completion_tokens"] //= body.get("n") or 1
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


@on_completion(TYPES)
def fingerprint_is_a_number(body: Body, completion: Body) -> None:
    """Gives a number as the fingerprint."""
    completion["system_fingerprint"] = 7


@on_completion(TYPES)
def tier_is_unknown(body: Body, completion: Body) -> None:
    """Names a service tier that there is none of."""
    completion["service_tier"] = "turbo"


@on_completion("response.optional.service-tier-is-told", streams=True)
def tier_is_not_told(body: Body, completion: Body) -> None:
    """Does not tell the service tier."""
    del completion["service_tier"]
