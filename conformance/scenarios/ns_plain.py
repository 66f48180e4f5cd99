"""Not streamed: plain answers."""

from __future__ import annotations

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.scenarios.writing import answer, call, completion

SCENARIOS = [
    Scenario("ns.plain", Grade.MUST, "A plain answer.", (call(),), (answer(completion()),), Expected(completion())),
]
