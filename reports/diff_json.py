"""A comparison as JSON, in the form that `diff.schema.json` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reports.json_report import encodable
from chatconform.reports.maker import maker

if TYPE_CHECKING:
    from chatconform.reports.diff import Diff, Difference
    from chatconform.reports.digest import Digest

DIFF_VERSION: Final = "1.0"


def render(diff: Diff) -> str:
    """The comparison as JSON text, indented."""
    document = {
        "schema_version": DIFF_VERSION,
        "tool": maker(),
        "kind": str(diff.new.kind),
        "exit_status": diff.status,
        "strict": diff.strict,
        "old": _subject(diff.old),
        "new": _subject(diff.new),
        "changes": [_change(one) for one in diff.differences],
        "capabilities": [
            {"name": one.name, "title": one.title, "before": one.before, "now": one.now} for one in diff.treatments
        ],
    }
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def _subject(digest: Digest) -> dict[str, Any]:
    return {
        "name": digest.names[0],
        "about": digest.about,
        "judged_by": digest.kit,
        "ended": digest.ended,
        "exit_status": digest.status,
        "cut_short": digest.cut_short,
    }


def _change(one: Difference) -> dict[str, Any]:
    return {
        "id": one.judged.id,
        "level": one.judged.level,
        "title": one.judged.title,
        "change": str(one.change),
        "before": None if one.before is None else str(one.before.shade),
        "now": None if one.now is None else str(one.now.shade),
        "places": list(one.places),
        "message": one.now.why if one.now is not None else "",
        "excused": one.judged.excused,
        "counts": one.counts,
    }
