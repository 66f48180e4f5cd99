"""The sample pages: what `--report html` and `--report json` make of a server with a few bugs.

`python tests/pages/sample.py` checks one and writes `reports/published/sample.json`, and of that `sample.html`; with
`--page` only the page is written anew. Nobody writes there by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

HOME = Path(__file__).parents[2] / "reports" / "published"
RESULTS, PAGE = HOME / "sample.json", HOME / "sample.html"
FAULTS = (
    "total-counts-too-much",
    "streamed-arguments-lose-their-blanks",
    "error-without-param",
    "unknown-roles-are-answered",
)
PORT = 8000


def results() -> dict[str, Any]:
    """The results of a default check of the reference server with all these faults."""
    import chatconform
    from chatconform.reference import ReferenceServer
    from chatconform.reference.faults import find
    from chatconform.reference.pipeline import pipeline
    from chatconform.reference.server import MODEL
    from chatconform.reports.formats import document_of

    stages = pipeline((MODEL,), None)
    for fault in FAULTS:
        stages = find(fault).broken(stages)
    with ReferenceServer(PORT, stages=stages, latency=0.02) as server:
        return document_of(chatconform.check(server.url))


def page() -> str:
    """The page of the results that are published."""
    from chatconform.reports.html_report import render_document
    from chatconform.reports.reading import read

    return render_document(read(RESULTS).document)


if __name__ == "__main__":
    if "--page" not in sys.argv[1:]:
        RESULTS.write_bytes(orjson.dumps(results()) + b"\n")
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE}")
