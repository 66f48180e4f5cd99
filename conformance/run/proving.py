"""Proving rules of one's own as the kit's are proven: by an exchange that keeps each and one that breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.result import Verdict
from chatconform.rules.plugins import place_of
from chatconform.rules.specimens import read_specimens, specimen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.result import Result
    from chatconform.core.rule import Rule

KINDS: Final = {
    "keeps": Verdict.PASSED,
    "breaks": Verdict.FAILED,
    "inconclusive": Verdict.INCONCLUSIVE,
    "unsupported": Verdict.UNSUPPORTED,
    "silent": None,
}
"""What a specimen is to a rule, and the verdict that shows it; None for none at all."""


def assert_rule(rule: Rule, specimens: Iterable[dict[str, Any]] | str | Path | None = None) -> None:
    """Asserts that a rule is kept by one exchange, broken by another, and says of each what is said of it.

    Takes recorded exchanges (`chatconform schema RecordedExchange`), each with a `specimen`: `keeps`, `breaks`,
    `inconclusive`, `unsupported` or `silent`; or the JSON Lines file of them, `specimens/<id>.jsonl` beside the rule
    where none is given. Raises `AssertionError` with what is judged otherwise, and `ValueError` for what is none.
    """
    if specimens is None:
        specimens = Path(place_of(rule).rpartition(":")[0]).parent / "specimens" / f"{rule.id}.jsonl"
    if isinstance(specimens, str | Path):
        where, found = f"{specimens}: ", list(read_specimens(Path(specimens)))
    else:
        where, found = "", [specimen(record) for record in specimens]
    wrong = []
    for number, one in enumerate(found, 1):
        if one.kind not in KINDS:
            raise ValueError(f"{where}specimen {number} is {one.kind!r}; it is one of {', '.join(KINDS)}")
        wanted, results = KINDS[one.kind], one.results(rule)
        if [(result.verdict, result.kit_fault) for result in results] != ([] if wanted is None else [(wanted, False)]):
            wrong.append(f"specimen {number} is told as {one.kind!r}, and the rule {_told(results)}")
    wrong += [f"no specimen {kind} it" for kind in ("keeps", "breaks") if kind not in {one.kind for one in found}]
    if wrong:
        raise AssertionError("\n".join([f"{where}{rule.id} is not proven:", *(f"  {text}" for text in wrong)]))


def _told(results: list[Result]) -> str:
    if not results:
        return "is not exercised by it"
    said = [results[0].reason, *(f"{finding.pointer} {finding.message}".strip() for finding in results[0].findings[:1])]
    told = "; ".join(text for text in said if text)
    return f"says {results[0].verdict}" + (f" ({told})" if told else "")
