"""Specimens: recorded exchanges that keep a rule and ones that break it, which prove the rule and explain it.

They stand with the tests, one file a rule, and are shipped with the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.judge import judge, judge_series
from chatconform.core.recording import from_json

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
    """The specimens of the rule of that id, in the order of its file; none where there is no such file."""
    file = FOLDER / f"{rule_id}.jsonl"
    for line in file.read_bytes().splitlines() if file.is_file() else []:
        if line.strip():
            yield _specimen(orjson.loads(line))


def _specimen(record: dict[str, Any]) -> Specimen:
    records = record.get("series", [record])
    exchanges = tuple(from_json(one, case=f"exchange-{number}") for number, one in enumerate(records, 1))
    return Specimen(record["specimen"], record.get("note", ""), exchanges, "series" in record)
