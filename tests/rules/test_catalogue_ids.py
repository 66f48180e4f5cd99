"""Every behaviour of the catalogue that the kit was built from has rules or scenarios, or a reason for having none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from chatconform.rules.catalogue import rules
from chatconform.scenarios.catalogue import scenarios

FOLDER = Path(__file__).parent / "catalogue_ids"
SIZES = {1: 20, 2: 17, 3: 49, 4: 28, 5: 37, 6: 11, 7: 8, 8: 7, 9: 4, 10: 5, 11: 13, 12: 11, 13: 8, 14: 14, 15: 17}
KNOWN = {rule.id for rule in rules()} | {scenario.id for scenario in scenarios()}
AREAS: dict[int, dict[str, Any]] = {
    int(file.stem.removeprefix("area_")): orjson.loads(file.read_bytes()) for file in sorted(FOLDER.glob("area_*.json"))
}
ENTRIES = [pytest.param(ids, id=name) for area in AREAS.values() for name, ids in area.items()]


@pytest.mark.parametrize("ids", ENTRIES)
def test_a_behaviour_has_rules_or_a_reason_for_having_none(ids: Any) -> None:
    if isinstance(ids, dict):
        assert set(ids) == {"none"}
        assert len(ids["none"]) > 20
    else:
        assert ids
        assert set(ids) <= KNOWN


@pytest.mark.parametrize("area", SIZES)
def test_an_area_is_listed_whole(area: int) -> None:
    assert len(AREAS[area]) == SIZES[area]


def test_no_behaviour_stands_in_two_areas() -> None:
    names = [name for area in AREAS.values() for name in area]
    assert len(set(names)) == len(names)
