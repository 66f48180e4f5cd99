"""Pages in a real browser: Chromium where it is installed, driven headless; elsewhere these tests say why they skip.

Every page that is opened here is held to the same law when its test ends: it asked for nothing, ran into none of its
own policy, and nothing in it complained.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Nothing of the browser's own may look for a network, and a root user in a container may run it."""


@dataclass
class Opened:
    """A page in the browser, what it asked for beside itself, and all that complained or acted."""

    page: Page
    context: BrowserContext
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where there is none.

    For a module, not for the session: as long as it runs, no other test can run an event loop of its own.
    """
    api = pytest.importorskip("playwright.sync_api", reason="pages are tested with playwright, which is not installed")
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"pages are tested in Chromium, and none of {', '.join(BROWSERS)} is on the PATH")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens HTML from a file in a browser of its own; options are those of a context, as `color_scheme="dark"`."""
    opened: list[Opened] = []

    def open_it(html: str, *, name: str = "page.html", anchor: str = "", **options: Any) -> Opened:
        path = tmp_path / name
        path.write_bytes(html.encode())
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        one = Opened(context.new_page(), context)
        address = path.as_uri()
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("console", lambda message: one.complaints.append(f"{message.type}: {message.text}"))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("dialog", lambda dialog: (one.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        one.page.on("popup", lambda popup: one.complaints.append(f"popup: {popup.url}"))
        one.page.goto(address + anchor)
        one.requests = [url for url in one.requests if url.partition("#")[0] != address]
        opened.append(one)
        return one

    yield open_it
    for one in opened:
        one.context.close()
    asked = [url for one in opened for url in one.requests if not url.startswith("data:")]
    assert asked == [], "a page asks for nothing"
    assert [text for one in opened for text in one.complaints] == [], "nothing in a page complains or acts"


@pytest.fixture
def accessibility_faults() -> Callable[[Opened], list[str]]:
    """What axe-core finds wrong with a page, by the rules of WCAG 2.2 A and AA and of best practice."""
    axe_module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    axe = axe_module.Axe()

    def run(opened: Opened) -> list[str]:
        found = axe.run(opened.page).response["violations"]
        return [
            f"{one['id']}: {one['help']} at {node['target']}: {node.get('failureSummary', '')}"
            for one in found
            for node in one["nodes"][:5]
        ]

    return run
