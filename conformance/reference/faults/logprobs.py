"""Faults in log probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chatconform.reference.faults.fault import Fault
from chatconform.reference.faults.making import Body, on_bodies, on_choices, on_request

SHAPE = "response.logprobs.entries-have-their-shape"
TOLD = "response.logprobs.are-told-token-by-token"
ORDER = "response.likeliest.come-in-order"


def on_entries(*kills: str) -> Callable[[Callable[[Body], None]], Fault]:
    """A fault that edits each entry of the log probabilities, in streams as well."""

    def make(edit: Callable[[Body], None]) -> Fault:
        def each(body: Body, choice: Body) -> None:
            for entry in _entries(choice):
                edit(entry)

        each.__name__, each.__doc__ = edit.__name__, edit.__doc__
        return on_choices(*kills, streams=True)(each)

    return make


def _entries(choice: Body) -> Iterator[Any]:
    yield from (choice["logprobs"] or {}).get("content") or ()


@on_request("response.logprobs.are-absent-unless-asked-for")
def logprobs_come_unasked(body: Body) -> Body:
    """Tells log probabilities that nobody asked for."""
    return {**body, "logprobs": True}


@on_request(TOLD)
def logprobs_are_dropped(body: Body) -> Body:
    """Tells no log probabilities when they are asked for."""
    return {**body, "logprobs": False}


@on_choices(
    TOLD,
    also=("response.logprobs.refusal-key-is-there",),
)
def logprobs_are_the_older_ones(body: Body, choice: Body) -> None:
    """Tells log probabilities in the form of the older API."""
    entries = list(_entries(choice))
    if entries:
        choice["logprobs"] = {
            "tokens": [entry["token"] for entry in entries],
            "token_logprobs": [entry["logprob"] for entry in entries],
        }


@on_bodies("response.body.is-strict-json")
def logprob_is_infinite(body: bytes) -> bytes:
    """Writes what cannot come as minus infinity."""
    return body.replace(b'"logprob":-9999.0', b'"logprob":-Infinity')


@on_entries(SHAPE)
def entry_without_bytes(entry: Body) -> None:
    """Leaves the bytes of a token out."""
    del entry["bytes"]


@on_entries(SHAPE)
def entry_without_likeliest(entry: Body) -> None:
    """Leaves `top_logprobs` out of an entry where none were asked for."""
    if not entry["top_logprobs"]:
        del entry["top_logprobs"]


@on_entries(SHAPE)
def logprob_is_null(entry: Body) -> None:
    """Gives null for a log probability."""
    entry["logprob"] = None


@on_choices("response.logprobs.refusal-key-is-there", streams=False)
def logprobs_without_refusal(body: Body, choice: Body) -> None:
    """Leaves `refusal` out of log probabilities."""
    if choice["logprobs"]:
        del choice["logprobs"]["refusal"]


@on_entries("response.logprobs.are-not-above-zero")
def logprob_is_a_score(entry: Body) -> None:
    """Tells scores above zero as log probabilities."""
    entry["logprob"] = 3.5 - entry["logprob"] % 1


@on_entries("response.likeliest.are-told")
def likeliest_are_not_told(entry: Body) -> None:
    """Leaves `top_logprobs` empty however many were asked for."""
    entry["top_logprobs"] = []


@on_request(
    "response.likeliest.are-no-more-than-asked",
    also=("response.likeliest.are-absent-unless-asked-for",),
)
def likeliest_are_one_too_many(body: Body) -> Body:
    """Lists one likely token more than was asked for."""
    return {**body, "top_logprobs": (body.get("top_logprobs") or 0) + 1}


@on_entries(ORDER)
def likeliest_come_last(entry: Body) -> None:
    """Lists the likeliest token last."""
    entry["top_logprobs"].reverse()


@on_entries(ORDER)
def likeliest_come_twice(entry: Body) -> None:
    """Lists the likeliest token twice."""
    if len(entry["top_logprobs"]) > 1:
        entry["top_logprobs"][1] = entry["top_logprobs"][0]


@on_choices(
    "response.logprobs.spell-the-text",
    streams=False,
    also=(
        "response.logprobs.are-told-token-by-token",
        "series.parity.logprobs-are-the-same",
    ),
)
def last_token_is_not_told(body: Body, choice: Body) -> None:
    """Tells no log probability for the last token."""
    if choice["logprobs"] and choice["logprobs"]["content"]:
        choice["logprobs"]["content"].pop()
