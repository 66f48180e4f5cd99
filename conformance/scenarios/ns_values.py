"""Not streamed: what a completion may hold and may leave out."""

from __future__ import annotations

import json
from typing import Any

from chatconform.core.scenario import Expected, Grade
from chatconform.scenarios.writing import (
    ANY_ERROR,
    USAGE,
    answer,
    call,
    choice,
    completion,
    error_body,
    whole,
)


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    """An object without some keys."""
    return {key: item for key, item in value.items() if key not in keys}


def with_choice(**changes: Any) -> dict[str, Any]:
    """A completion whose choice has other fields."""
    return completion({**choice(), **changes})


def with_message(**changes: Any) -> dict[str, Any]:
    """A completion whose message has other or further fields."""
    return completion(choice(**changes))


PROMPT_DETAILS = {"cached_tokens": 4, "audio_tokens": 0}
ANSWER_DETAILS = {
    "reasoning_tokens": 5,
    "audio_tokens": 0,
    "accepted_prediction_tokens": 1,
    "rejected_prediction_tokens": 2,
}
DETAILED = {**USAGE, "prompt_tokens_details": PROMPT_DETAILS, "completion_tokens_details": ANSWER_DETAILS}
NO_DETAILS = {**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None}
ROLE_ONLY = {"role": "assistant", "content": "Hello there, how are you?"}
MINIMAL = without(completion(), "usage")
WILD = without(
    completion(without({**choice(), "message": ROLE_ONLY}, "logprobs")),
    "usage",
)
NULLS = completion(
    choice(tool_calls=None, function_call=None, audio=None, annotations=None, reasoning_content=None),
    system_fingerprint=None,
    service_tier=None,
    prompt_logprobs=None,
    usage={**USAGE, "prompt_tokens_details": None},
)
EXTRA = completion(
    {**choice(vendor={"note": [1, 2, {"deep": None}]}), "stop_reason": None, "content_filter_results": {}},
    provider="vendor",
    timings={"prompt_ms": 1.5},
    warnings=[],
)
LETTERS = [
    {
        "token": "He",
        "logprob": -0.1,
        "bytes": [72, 101],
        "top_logprobs": [{"token": "He", "logprob": -0.1, "bytes": [72, 101]}],
    },
    {"token": "\\xf0\\x9f", "logprob": -1.5, "bytes": [240, 159], "top_logprobs": []},
    {"token": "\\x91\\x8b", "logprob": -9999.0, "bytes": [145, 139], "top_logprobs": []},
    {"token": "<end>", "logprob": 0.0, "bytes": None, "top_logprobs": []},
]
LOGPROBS = {"content": LETTERS, "refusal": None}
CITATION = {
    "type": "url_citation",
    "url_citation": {"start_index": 0, "end_index": 5, "url": "https://example.org/a", "title": "A page"},
}
MILLION = "0123456789" * 100_000
SOUND = {"id": "audio_1", "expires_at": 1_760_003_600, "data": "UklGRgAA", "transcript": "Hello there."}
NAN = json.dumps(with_choice(logprobs={"content": [{**LETTERS[0], "logprob": float("nan")}], "refusal": None})).encode()

FILTERED = with_choice(finish_reason="content_filter")
ENDED = with_choice(finish_reason="eos")
REFUSED = with_message(content=None, refusal="No.")
NO_CALLS = with_message(tool_calls=[])

SCENARIOS = [
    whole(
        "ns.usage-missing", Grade.MUST, "There is no usage, which the schema allows.", without(completion(), "usage")
    ),
    whole("ns.usage-null", Grade.SHOULD, "The usage is null.", completion(usage=None)),
    whole("ns.usage-details", Grade.MUST, "The usage has all its details.", completion(usage=DETAILED)),
    whole("ns.usage-details-null", Grade.SHOULD, "The usage's details are null.", completion(usage=NO_DETAILS)),
    whole(
        "ns.choices-empty",
        Grade.SHOULD,
        "There are no choices: an empty value or an error, and no crash of another kind.",
        attempt=answer(completion(choices=[])),
        expected=Expected(completion(choices=[]), error=ANY_ERROR),
    ),
    whole("ns.content-empty", Grade.MUST, "The text is empty, which is not null.", completion(choice(""))),
    whole("ns.content-null-stop", Grade.MUST, "The text is null and nothing was called.", completion(choice(None))),
    whole(
        "ns.content-whitespace",
        Grade.MUST,
        "The text begins and ends with white space.",
        completion(choice("\n  a \n\n")),
    ),
    whole("ns.content-1mb", Grade.MUST, "The text has a million characters.", completion(choice(MILLION))),
    whole("ns.finish-length", Grade.MUST, "The token limit cut the answer.", with_choice(finish_reason="length")),
    whole("ns.finish-content-filter", Grade.MUST, "A filter cut the answer.", FILTERED),
    whole("ns.finish-unknown", Grade.SHOULD, "The finish reason is none of the listed.", ENDED),
    whole("ns.finish-null", Grade.SHOULD, "The finish reason is null.", with_choice(finish_reason=None)),
    whole("ns.extra-fields", Grade.SHOULD, "Fields that nobody knows stand at every level.", EXTRA),
    whole(
        "ns.reasoning-content",
        Grade.SHOULD,
        "The model's reasoning stands in a field of its own beside the text.",
        with_message(reasoning_content="First I greet."),
    ),
    whole("ns.min-fields", Grade.MUST, "Only what the schema requires is there.", MINIMAL),
    whole("ns.min-fields-wild", Grade.SHOULD, "Less than the schema requires is there: no refusal, no logprobs.", WILD),
    whole(
        "ns.id-model-missing",
        Grade.HOSTILE,
        "There is no id and no model.",
        attempt=answer(without(completion(), "id", "model")),
        expected=Expected(completion(), error=ANY_ERROR),
    ),
    whole(
        "ns.role-missing",
        Grade.HOSTILE,
        "The message has no role.",
        attempt=answer(completion({**choice(), "message": {"content": "Hello there, how are you?", "refusal": None}})),
        expected=Expected(anything=True),
    ),
    whole("ns.nulls-everywhere", Grade.SHOULD, "Every optional field is there and null.", NULLS),
    whole(
        "ns.tool-calls-empty-list",
        Grade.SHOULD,
        "The list of tool calls is there and empty.",
        with_message(tool_calls=[]),
    ),
    whole(
        "ns.n2",
        Grade.MUST,
        "Two choices were asked for and come.",
        completion(choice("First."), choice("Second.", index=1)),
        asked=call(n=2),
        needs=("n",),
    ),
    whole(
        "ns.n2-out-of-order",
        Grade.MUST,
        "The second choice stands before the first.",
        completion(choice("Second.", index=1), choice("First.")),
        asked=call(n=2),
        needs=("n",),
    ),
    whole(
        "ns.refusal", Grade.MUST, "The model refuses: a refusal and no text.", with_message(content=None, refusal="No.")
    ),
    whole(
        "ns.logprobs",
        Grade.MUST,
        "Log probabilities with part of a character's bytes, no bytes, and no alternatives.",
        with_choice(logprobs=LOGPROBS),
        asked=call(logprobs=True, top_logprobs=1),
        needs=("logprobs",),
    ),
    whole(
        "ns.logprobs-nan",
        Grade.HOSTILE,
        "A log probability is NaN, which is no JSON.",
        attempt=answer(NAN),
        expected=Expected(anything=True),
        asked=call(logprobs=True),
        needs=("logprobs",),
    ),
    whole("ns.annotations", Grade.MUST, "The message cites a page.", with_message(annotations=[CITATION])),
    whole(
        "ns.audio",
        Grade.MUST,
        "The answer is spoken.",
        with_message(content=None, audio=SOUND),
        asked=call(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}),
        needs=("audio",),
    ),
    whole(
        "ns.200-error-object",
        Grade.STRICT,
        "An error object comes with status 200.",
        attempt=answer(error_body("The provider failed.", code="provider_error")),
        expected=Expected(error=ANY_ERROR),
    ),
    whole("ns.error-null", Grade.SHOULD, "There is an error field and it is null.", completion(error=None)),
]
