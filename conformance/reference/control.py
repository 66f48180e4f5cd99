"""The reference as the positive control of a run: it exercises the rules that an open, idle, instant server cannot.

It wants its key, tells one early request to come back a second later, and writes a stream piece by piece.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from threading import Lock
from typing import Any, Final

from chatconform.reference import streaming
from chatconform.reference.pipeline import CHAT, Incoming, Pipeline, pipeline
from chatconform.reference.refusal import Refusal

TURNED_AWAY: Final = 10
"""Which request for a completion is told to come back."""
PACE: Final = 0.002
"""Seconds between two events of a stream."""


def control(models: tuple[str, ...], api_key: str) -> Pipeline:
    """The stages of the server that a run without a URL checks."""
    usual = pipeline(models, api_key)
    counted = 0
    lock = Lock()

    def admit(incoming: Incoming) -> None:
        nonlocal counted
        usual.admit(incoming)
        if incoming.path == CHAT:
            with lock:
                counted += 1
                is_turned_away = counted == TURNED_AWAY
            if is_turned_away:
                raise Refusal(
                    429,
                    "There are too many requests at this moment. Come back in a second.",
                    code="rate_limit_exceeded",
                    type="rate_limit_error",
                    headers={"retry-after": "1"},
                )

    return replace(usual, admit=admit, events=_paced)


def _paced(chunks: list[dict[str, Any]]) -> Iterator[bytes]:
    events: Iterable[bytes] = streaming.events(chunks)
    for event in events:
        yield event
        time.sleep(PACE)
