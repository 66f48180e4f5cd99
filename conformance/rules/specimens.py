"""Specimens: recorded exchanges that keep a rule and ones that break it, which prove the rule and explain it.

They stand with the tests, one file a rule, and are shipped with the package; those of plugins stand beside their rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.judge import judge, judge_series
from chatconform.core.recording import from_json
from chatconform.rules.plugins import place_of, plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule

FOLDER = Path(str(files("chatconform"))) / "specimens"


@dataclass(frozen=True, slots=True)
class Specimen:
    """One or several recorded exchanges, and what they are to a rule: they keep it, break it, or something between."""

    kind: str
    note: str
    exchanges: tuple[Exchange, ...]
    is_series: bool

    def results(self, rule: Rule) -> list[Result]:
        """What a rule says of it."""
        return list(judge_series(self.exchanges, [rule]) if self.is_series else judge(self.exchanges[0], [rule]))


def specimens(rule_id: str) -> Iterator[Specimen]:
    """The specimens of the rule of that id, in the order of its file; none where there is no such file.

    Those of a plugin's rule stand in `specimens/` beside the module of the rule.
    """
    rule = next((one for plugin in plugins() for one in plugin.rules if one.id == rule_id), None)
    folder = FOLDER if rule is None else Path(place_of(rule).rpartition(":")[0]).parent / FOLDER.name
    return read_specimens(folder / f"{rule_id}.jsonl")


def read_specimens(file: Path) -> Iterator[Specimen]:
    """The specimens of a file, in their order; none where there is no such file. Raises `ValueError` for a bad line."""
    for number, line in enumerate(file.read_bytes().splitlines() if file.is_file() else [], 1):
        if line.strip():
            try:
                yield specimen(orjson.loads(line))
            except (ValueError, KeyError, TypeError) as problem:
                raise ValueError(f"{file}:{number} is no specimen: {problem}") from None


def specimen(record: dict[str, Any]) -> Specimen:
    """A specimen from its record. Raises `ValueError` or `KeyError` for what is none."""
    records = record.get("series", [record])
    exchanges = tuple(from_json(one, case=f"exchange-{number}") for number, one in enumerate(records, 1))
    return Specimen(record["specimen"], record.get("note", ""), exchanges, "series" in record)
