"""Streamed: plain answers."""

from __future__ import annotations

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.scenarios.writing import completion, events, sliced, stream, stream_call

SCENARIOS = [
    Scenario(
        "st.plain",
        Grade.MUST,
        "A plain streamed answer, an event an HTTP chunk.",
        (stream_call(),),
        (stream(events(completion())),),
        Expected(completion()),
        needs=("stream",),
        blocked_by=("ns.plain",),
    ),
    Scenario(
        "st.byte-split",
        Grade.MUST,
        "Each byte of the stream comes in an HTTP chunk of its own.",
        (stream_call(),),
        (stream(sliced(b"".join(events(completion())))),),
        Expected(completion()),
        needs=("stream",),
        blocked_by=("st.plain",),
    ),
]
