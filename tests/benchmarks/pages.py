"""How long pages take: to be made, to be opened in Chromium, and to be filtered, beside a page with nothing in it.

`python tests/benchmarks/pages.py` makes a page of 300 failures and 500 exchanges with as many bytes of bodies as a
report keeps (32 MiB), one of the sample results, and an empty one, and opens each several times. It needs playwright
and a Chromium on the PATH.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatconform.reports.html_report import render_document
from chatconform.reports.reading import read

SAMPLE = Path(__file__).parents[2] / "reports" / "published" / "sample.json"
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
ROUNDS = 5
RULES, EXCHANGES, BODY = 300, 500, 64 * 1024


def large(sample: dict[str, Any]) -> dict[str, Any]:
    """Results as large as they come: every rule fails, in streams of many small events."""
    event = 'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"<b>&amp;</b>"}}]}\n\n'
    body = (event * (BODY // len(event) + 1))[:BODY]
    exchange = {
        "case": "large",
        "step": 0,
        "seconds": 2.0,
        "request": {"method": "POST", "target": "/v1/chat/completions", "headers": [["Host", "a"]] * 8, "text": "{}"},
        "response": {
            "status": 200,
            "headers": [["Content-Type", "text/event-stream"]] * 12,
            "text": body,
            "arrivals": [[number / 1000, len(event)] for number in range(BODY // len(event) + 1)],
        },
    }
    failing = next(one for one in sample["rules"] if one["findings"])
    rules = [
        {
            **failing,
            "id": f"response.area-{number % 30}.rule-{number}",
            "findings": [
                {
                    **failing["findings"][0],
                    "pointer": f"/{spot * 100}/choices/0/delta/content",
                    "exchange": f"large#{(number + spot) % EXCHANGES}",
                }
                for spot in range(6)
            ],
        }
        for number in range(RULES)
    ]
    return {**sample, "rules": rules, "exchanges": {f"large#{number}": exchange for number in range(EXCHANGES)}}


def median(action: Callable[[], None]) -> float:
    """The median time of several rounds, in seconds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> int:
    """Measures, and prints a line for each page."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("there is no Chromium on the PATH", file=sys.stderr)
        return 2
    from playwright.sync_api import sync_playwright

    sample = dict(read(SAMPLE).document)
    documents = {"large": large(sample), "sample": sample}
    pages = {"empty": "<!doctype html><title>empty</title>"}
    for name, document in documents.items():
        began = time.perf_counter()
        pages[name] = render_document(document)
        print(f"{name:8} made in {time.perf_counter() - began:.2f} s")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for name, html in pages.items():
            path = Path(folder) / f"{name}.html"
            path.write_text(html, encoding="utf-8")

            def opened(address: str = path.as_uri()) -> None:
                page.goto(address)
                page.evaluate(FRAMES)

            def filtered() -> None:
                page.fill("input[type=search]", "rule 17")
                page.evaluate(FRAMES)
                page.fill("input[type=search]", "")
                page.evaluate(FRAMES)

            opening = median(opened)
            filtering = "" if name == "empty" else f", filtered and shown again in {median(filtered):.3f} s"
            print(f"{name:8} {len(html.encode()) / 1e6:.2f} MB, opened in {opening:.3f} s{filtering}")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
