"""The page of rules: `python tests/rules/pages.py` writes `reports/published/rules.md` from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatconform.core.rule import Rule

PAGE = Path(__file__).parents[2] / "reports" / "published" / "rules.md"
HEAD = """\
# Rules

Every rule of the kit, with its level, why it matters and how it is tested. A MUST is what official SDKs and common
clients need, a SHOULD what users of them expect, and an INFO is only told. `chatconform explain ID` shows a rule with
an exchange that keeps it and one that breaks it.

This page is written by `python tests/rules/pages.py`, never by hand.
"""


def page() -> str:
    """The page."""
    from chatconform.rules.catalogue import rules

    areas: dict[str, list[Rule]] = {}
    for rule in rules():
        areas.setdefault(rule.id.rpartition(".")[0], []).append(rule)
    lines = [HEAD, f"{len(rules())} rules in {len(areas)} areas.", ""]
    lines += [f"- [{area}](#{area.replace('.', '')}): {len(found)}" for area, found in areas.items()]
    for area, found in areas.items():
        lines += ["", f"## {area}"]
        for rule in found:
            lines += ["", *_told(rule)]
    return "\n".join(lines) + "\n"


def _told(rule: Rule) -> Iterator[str]:
    levels = f"{rule.level}" + (f" ({rule.published} in the profile `openai`)" if rule.published is not None else "")
    yield f"### `{rule.id}`"
    yield ""
    yield f"**{levels}.** {' '.join(rule.text.split())}"
    yield ""
    for paragraph in rule.why.split("\n\n"):
        yield " ".join(paragraph.split())
        yield ""
    needs = f"; needs `{rule.needs.name}`" if rule.needs is not None else ""
    yield f"Source: {rule.source}. Judges: {rule.on.name.lower()}{needs}."


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
    print(f"written: {PAGE}")
