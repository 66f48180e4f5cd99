"""What the suites of one run found, gathered for its reports, wherever the tests ran.

The law of this file: what several processes found is put together as if one had found it, in the catalogue's order.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from chatconform.core.capability import Capability
from chatconform.core.scenario_result import ClientRunResult
from chatconform.core.tally import Tally
from chatconform.core.validation_result import ValidationResult
from chatconform.rules.capabilities import capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.run_result import RunResult
    from chatconform.core.tally import Outcome
    from chatconform.reports import Reportable


@dataclass
class Gathered:
    """Results by what they are about: servers and clients by name, and files of recordings."""

    servers: dict[str, RunResult] = field(default_factory=dict)
    clients: dict[str, list[ClientRunResult]] = field(default_factory=dict)
    files: dict[str, ValidationResult] = field(default_factory=dict)

    def merge(self, other: Gathered) -> None:
        """Takes in what another process found."""
        self.servers = {**other.servers, **self.servers}
        self.files |= other.files
        for name, results in other.clients.items():
            self.clients.setdefault(name, []).extend(results)

    def results(self) -> list[Reportable]:
        """One result for each server and client, and one for all recordings."""
        found: list[Reportable] = [*self.servers.values(), *map(_client, self.clients.values())]
        return [*found, _recordings(self.files)] if self.files else found

    def packed(self) -> bytes:
        """All of it as bytes for another process of the same run."""
        data = BytesIO()
        _Packer(data).dump(self)
        return data.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> Gathered:
        """What another process of the same run has packed."""
        found: Gathered = _Unpacker(BytesIO(data)).load()
        return found


class _Packer(pickle.Pickler):
    """Packs capabilities by their names, as they hold functions that have none."""

    def persistent_id(self, thing: Any) -> str | None:
        return thing.name if isinstance(thing, Capability) else None


class _Unpacker(pickle.Unpickler):
    def persistent_load(self, name: str) -> Capability:
        return next(capability for capability in capabilities() if capability.name == name)


def _client(parts: list[ClientRunResult]) -> ClientRunResult:
    from chatconform.scenarios.catalogue import scenarios

    done = {result.scenario.id: result for part in parts for result in part.scenarios}
    order = [scenario.id for scenario in scenarios() if scenario.id in done]
    return replace(
        parts[0],
        scenarios=tuple(done[name] for name in order),
        outcomes=_together(part.outcomes for part in parts),
        requests=sum(part.requests for part in parts),
        seconds=max(part.seconds for part in parts),
        restarts=sum(part.restarts for part in parts),
        cut_short=next((part.cut_short for part in parts if part.cut_short), None),
        in_part=len(order) < len(scenarios()),
    )


def _recordings(files: dict[str, ValidationResult]) -> ValidationResult:
    from chatconform.recordings.requirements import record_rules
    from chatconform.rules.catalogue import rules

    parts = [files[name] for name in sorted(files)]
    order = {rule.id: number for number, rule in enumerate((*record_rules(), *rules()))}
    records: dict[str, int] = {}
    for part in parts:
        for kind, count in part.records.items():
            records[kind] = records.get(kind, 0) + count
    return ValidationResult(
        outcomes=tuple(sorted(_together(part.outcomes for part in parts), key=lambda one: order[one.rule.id])),
        files=sum(part.files for part in parts),
        records=records,
        size=sum(part.size for part in parts),
        seconds=sum(part.seconds for part in parts),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        missing=tuple(dict.fromkeys(text for part in parts for text in part.missing)),
        cut_short=next((part.cut_short for part in parts if part.cut_short), None),
    )


def _together(parts: Iterable[tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
    total = Tally(())
    for outcomes in parts:
        one = Tally(())
        one.outcomes = {outcome.rule.id: outcome for outcome in outcomes}
        total.merge(one)
    return tuple(total.outcomes.values())
