"""What a check came to, told test by test; checked once, however many processes run the tests.

The law of this file: what is handed on between processes is plain JSON without a secret in it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from chatconform.core.baseline import fresh
from chatconform.core.failure import weighs
from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.reports.failure import lines
from chatconform.reports.look import Look
from chatconform.reports.redaction import Redaction
from chatconform.suites.known import fail_as_known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chatconform.core.run_result import RunResult
    from chatconform.core.tally import Outcome
    from chatconform.run.opening import Where

LONGEST_RUN: Final = 24 * 3600.0
WIDTH: Final = 100
UNJUDGED: Final = frozenset({Verdict.INCONCLUSIVE, Verdict.NOT_EXERCISED})
NOT_EXERCISED: Final = "nothing in this run exercised the rule"


class Outcomes:
    """The outcomes of one check, as `told` gives them."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._rules: dict[str, dict[str, Any]] = document["rules"]
        self._trouble: str | None = document["trouble"]
        self._strict: bool = document["strict"]

    def facts(self, rule_id: str) -> list[tuple[str, str]]:
        """What a report tells of a rule besides its outcome: id, level, requirement and source."""
        return [("id", rule_id), *((name, self._rules[rule_id][name]) for name in ("level", "title", "source"))]

    def tell(self, rule_id: str) -> None:
        """Passes, fails, skips or xfails the test of a rule.

        A failed SHOULD is an expected failure unless the run is strict, and a failed INFO always is. What the baseline
        knows fails as the mark of the test expects, and what it knows in vain fails the test. What was not
        judged is skipped with the reason; of what a trouble kept from being judged the first fails, for all the others.
        """
        __tracebackhide__ = True
        rule = self._rules[rule_id]
        verdict, level = Verdict(rule["verdict"]), Level(rule["level"])
        if rule["kit_fault"]:
            _fail(f"the rule itself is at fault here, not the target: {rule['reason']}")
        if verdict is Verdict.FAILED:
            stale = rule["stale"] if weighs(level, strict=self._strict) else []
            if rule["excused"] and not stale:
                fail_as_known(rule["text"])
            if weighs(level, strict=self._strict):
                _fail("\n".join([*stale, rule["text"]]))
            pytest.xfail(f"{level}: {rule['text']}")
        if verdict in UNJUDGED and self._trouble is not None:
            if rule_id == self._first_unjudged():
                _fail(self._trouble)
            pytest.skip(self._trouble)
        if verdict is Verdict.PASSED and rule["open"] is not None:
            pytest.skip(f"known to fail, and not looked at in full: {rule['open']}")
        if verdict is not Verdict.PASSED:
            pytest.skip(f"{verdict.replace('_', ' ')}: {rule['reason'] or NOT_EXERCISED}")

    def _first_unjudged(self) -> str:
        return next(rule_id for rule_id, rule in self._rules.items() if rule["verdict"] in UNJUDGED)


def checked(target: Where, *, rules: Sequence[str], **settings: Any) -> RunResult:
    """Checks a target for these rules.

    Raises `CannotCheckError` for a target that cannot be checked, and `KeyboardInterrupt` if the check was interrupted.
    """
    from chatconform.run.server import INTERRUPTED, check

    result = check(target, only=rules, **settings)
    if result.cut_short == INTERRUPTED:
        raise KeyboardInterrupt
    return result


def told(result: RunResult, *, key_variable: str, strict: bool) -> dict[str, Any]:
    """What `Outcomes` needs of a check, as plain JSON."""
    redaction = Redaction(result.secrets)
    rules = {outcome.rule.id: _entry(outcome, redaction) for outcome in result.outcomes}
    new = {outcome.rule.id: outcome for outcome in fresh(result.failed(), result.baseline)}
    for failed in result.failed():
        outcome = new.get(failed.rule.id, failed)
        told = lines(outcome, result.target, redaction, Look(width=WIDTH), key=key_variable)
        rules[outcome.rule.id]["text"] = "\n".join([f"{outcome.rule.level} {outcome.rule.id}", *told])
        rules[outcome.rule.id]["excused"] = outcome.rule.id not in new
    baseline = result.baseline
    for one in baseline.stale if baseline is not None else ():
        sentence = f"{baseline.path if baseline else ''}:{one.entry.line}: {one.entry} no longer fails; remove the line"
        rules[one.entry.name]["stale"].append(sentence)
    for unseen in baseline.unseen if baseline is not None else ():
        if unseen.entry.name in rules and unseen.entry.is_missed:
            rules[unseen.entry.name]["open"] = unseen.why
    trouble = None if result.cut_short is None else f"the check ended early: {redaction.text(result.cut_short)}"
    return {"rules": rules, "trouble": trouble, "strict": strict}


def unchecked(problem: str, rules: Sequence[str]) -> dict[str, Any]:
    """What `Outcomes` needs where the target could not be checked: the first of the rules' tests fails with why."""
    from chatconform.core.tally import Outcome
    from chatconform.rules.catalogue import find

    return {
        "rules": {rule: _entry(Outcome(find(rule)), Redaction()) for rule in rules},
        "trouble": f"chatconform: {problem}",
        "strict": False,
    }


def shared(file: Path, target: str, rules: Sequence[str], check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a check of a target came to that several processes need: the first one makes it, the others wait for it.

    One that needs more rules than that was made for makes its own. A database is the lock: it is let go when its owner
    dies, on every platform.
    """
    with closing(sqlite3.connect(file, timeout=LONGEST_RUN, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        database.execute("CREATE TABLE IF NOT EXISTS checked (target TEXT PRIMARY KEY, document TEXT)")
        row = database.execute("SELECT document FROM checked WHERE target = ?", (target,)).fetchone()
        known: dict[str, Any] | None = json.loads(row[0]) if row is not None else None
        document = known if known is not None and known["rules"].keys() >= {*rules} else check()
        if document is not known:
            database.execute("REPLACE INTO checked VALUES (?, ?)", (target, json.dumps(document)))
        database.execute("COMMIT")
    return document


def _entry(outcome: Outcome, redaction: Redaction) -> dict[str, Any]:
    rule = outcome.rule
    return {
        "level": str(rule.level),
        "title": rule.text,
        "source": rule.source,
        "verdict": str(outcome.verdict),
        "reason": redaction.text("; ".join(outcome.reasons)) or None,
        "kit_fault": outcome.kit_fault,
        "excused": False,
        "stale": [],
        "open": None,
    }


def _fail(text: str) -> NoReturn:
    __tracebackhide__ = True
    pytest.fail(text, pytrace=False)
