"""A folder that holds the matrix as its index, and a page for each result, which the cells lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.reports import matrix_html
from chatconform.reports.formats import ReportError, save
from chatconform.reports.html_report import render_document
from chatconform.reports.matrix import INDEX, tables
from chatconform.reports.reading import UnreadableResults, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chatconform.reports.matrix import Entry


def write_pages(folder: Path, entries: Iterable[Entry]) -> None:
    """Writes a page for each result, and when they are all there the index. Raises `ReportError`.

    Results that were not kept are read again, one at a time: a thousand of them are more than memory should hold.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise ReportError(f"the pages cannot be written to {folder}: {problem.strerror}") from None
    found = tables(entries)
    for one in (one for table in found for one in table.implementations):
        try:
            results = one.results or read(one.source)
        except UnreadableResults as problem:
            raise ReportError(str(problem)) from None
        save(render_document(results.document, name=one.name, index=f"{INDEX}.html"), folder / f"{one.slug}.html")
    save(matrix_html.render(found, pages=True), folder / f"{INDEX}.html")
