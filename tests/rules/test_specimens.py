"""Every rule is proven twice: by an exchange that keeps it and by one that breaks it."""

from __future__ import annotations

import pytest

from chatconform.core.rule import Rule
from chatconform.rules.catalogue import find, rules
from chatconform.rules.specimens import FOLDER, Specimen, specimens
from chatconform.run.proving import KINDS

SPECIMENS = [
    pytest.param(rule, specimen, id=f"{rule.id}:{number}")
    for rule in rules()
    for number, specimen in enumerate(specimens(rule.id), 1)
]


@pytest.mark.parametrize(("rule", "specimen"), SPECIMENS)
def test_a_specimen_is_judged_as_it_says(rule: Rule, specimen: Specimen) -> None:
    wanted = KINDS[specimen.kind]
    found = specimen.results(rule)
    assert [(r.verdict, r.kit_fault) for r in found] == ([] if wanted is None else [(wanted, False)]), [
        (r.reason, r.findings) for r in found
    ]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_is_kept_and_broken_by_a_specimen(rule: Rule) -> None:
    assert {"keeps", "breaks"} <= {specimen.kind for specimen in specimens(rule.id)}


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
