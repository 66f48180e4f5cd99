"""Every rule is proven twice: by an exchange that keeps it and by one that breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from chatconform.core.judge import judge, judge_series
from chatconform.core.recording import from_json
from chatconform.core.result import Result, Verdict
from chatconform.rules.catalogue import find, rules

if TYPE_CHECKING:
    from chatconform.core.rule import Rule

FOLDER = Path(__file__).parents[1] / "specimens"
KINDS = {
    "keeps": Verdict.PASSED,
    "breaks": Verdict.FAILED,
    "inconclusive": Verdict.INCONCLUSIVE,
    "unsupported": Verdict.UNSUPPORTED,
    "silent": None,
}


def lines(rule: Rule) -> list[dict[str, Any]]:
    file = FOLDER / f"{rule.id}.jsonl"
    return [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()] if file.exists() else []


def results(rule: Rule, line: dict[str, Any]) -> list[Result]:
    if "series" in line:
        return list(judge_series([from_json(record) for record in line["series"]], [rule]))
    return list(judge(from_json(line), [rule]))


SPECIMENS = [(rule, number, line) for rule in rules() for number, line in enumerate(lines(rule), 1)]


@pytest.mark.parametrize(("rule", "line"), [pytest.param(r, s, id=f"{r.id}:{n}") for r, n, s in SPECIMENS])
def test_a_specimen_is_judged_as_it_says(rule: Rule, line: dict[str, Any]) -> None:
    wanted = KINDS[line["specimen"]]
    found = results(rule, line)
    assert [(r.verdict, r.kit_fault) for r in found] == ([] if wanted is None else [(wanted, False)]), [
        (r.reason, r.findings) for r in found
    ]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_is_kept_and_broken_by_a_specimen(rule: Rule) -> None:
    assert {"keeps", "breaks"} <= {line["specimen"] for line in lines(rule)}


def test_every_specimen_file_is_a_rules() -> None:
    for file in FOLDER.glob("*.jsonl"):
        find(file.stem)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rules_id_is_its_address(rule: Rule) -> None:
    module = rule.check.__module__.removeprefix("chatconform.rules.")
    assert rule.id.replace("-", "_") == f"{module}.{rule.check.__name__}"
    assert rule.text.endswith(".")
    assert rule.why
    assert rule.source


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in rules()}) == len(rules())
