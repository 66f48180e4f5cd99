"""The matrix as JSON, in the form that `matrix.schema.json` describes."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reports.digest import LEVELS
from chatconform.reports.json_report import encodable
from chatconform.reports.maker import maker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.reports.matrix import Implementation, Row, Table

MATRIX_VERSION: Final = "1.0"


def render(tables: Sequence[Table]) -> str:
    """The tables as JSON text, indented."""
    document = {
        "schema_version": MATRIX_VERSION,
        "tool": maker(),
        "tables": [_table(table) for table in tables],
    }
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def _table(table: Table) -> dict[str, Any]:
    return {
        "kind": str(table.kind),
        "implementations": [_implementation(one) for one in table.implementations],
        "rows": [_row(area.name, row) for area in table.areas for row in area.rows],
        "capabilities": [
            {"name": ability.name, "title": ability.title, "supports": list(ability.supports)}
            for ability in table.abilities
        ],
    }


def _implementation(one: Implementation) -> dict[str, Any]:
    digest = one.digest
    return {
        "name": one.name,
        "about": digest.about,
        "file": PurePath(one.source).name,
        "judged_by": digest.kit,
        "ended": digest.ended,
        "exit_status": digest.status,
        "strict": digest.strict,
        "cut_short": digest.cut_short,
        "counts": {str(shade): count for shade, count in digest.counts.items()},
        "failed_by_level": {level: digest.failed[level] for level in LEVELS if level in digest.failed},
    }


def _row(area: str, row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "area": area,
        "level": row.level,
        "title": row.title,
        "outcomes": [None if cell is None else str(cell.shade) for cell in row.cells],
    }
