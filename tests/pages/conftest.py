"""Pages in a real browser: Chromium where it is installed, driven headless; elsewhere these tests say why they skip.

Every page that is opened here is held to the same law when its test ends: it asked for nothing, ran into none of its
own policy, and nothing in it complained.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

import chatconform
from chatconform.core.exchange import Exchange, Origin
from chatconform.core.judge import judge
from chatconform.core.recording import from_json
from chatconform.core.run_result import CapabilityStatus, RunResult, Support, Target
from chatconform.core.scenario_result import ClientRunResult, FailureKind, ScenarioOutcome, ScenarioResult
from chatconform.core.tally import Tally
from chatconform.reports.formats import document_of
from chatconform.reports.reading import parse
from chatconform.rules.capabilities import capabilities
from chatconform.rules.catalogue import select as chosen_rules
from chatconform.scenarios.catalogue import select

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
        context.set_default_timeout(30_000)
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
    """What axe-core finds wrong with a page, by all its rules (those of WCAG and of best practice) or by these."""
    axe_module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    axe = axe_module.Axe()

    def run(opened: Opened, *rules: str) -> list[str]:
        options = {"runOnly": list(rules)} if rules else None
        found = axe.run(opened.page, options=options).response["violations"]
        return [
            f"{one['id']}: {one['help']} at {node['target']}: {node.get('failureSummary', '')}"
            for one in found
            for node in one["nodes"][:5]
        ]

    return run


ASKED: Final = {"model": "m", "messages": [{"role": "user", "content": "Say <b>hello</b>."}]}
STREAMED: Final = {**ASKED, "stream": True}


def completion(**usage: int) -> dict[str, Any]:
    """A completion; `usage` replaces its counts."""
    message = {"role": "assistant", "content": "Hello & <i>goodbye</i>", "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, **usage},
    }


def stream(*created: int) -> str:
    """A stream of as many chunks as there are times, without an end mark."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": "Hé"}, "logprobs": None, "finish_reason": None}
    chunk = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    events = (json.dumps({**chunk, "created": at}, ensure_ascii=False) for at in created)
    return ": ping\n\n" + "".join(f"data: {event}\n\n" for event in events)


RECORDS: Final = (
    {"case": "sample.right", "request": {"json": ASKED}, "response": {"json": completion()}},
    {"case": "sample.sum", "request": {"json": ASKED}, "response": {"json": completion(total_tokens=9)}},
    {
        "case": "sample.stream",
        "seconds": 0.25,
        "request": {"json": STREAMED},
        "response": {
            "headers": [["Content-Type", "text/event-stream"]],
            "text": stream(1_700_000_000, 1_700_000_000, 1_700_000_001),
            "arrivals": [[0.05, 300], [0.1, 200], [0.2, 10_000]],
        },
    },
    {
        "case": "sample.trouble",
        "request": {"json": {**ASKED, "temperature": 9}},
        "response": {"status": 500, "headers": [["Content-Type", "text/html"]], "base64": "PGgxPuk8L2gxPg=="},
    },
    {
        "case": "sample.silence",
        "request": {"json": ASKED, "headers": [["Authorization", "Bearer [redacted]"]]},
        "failure": {"kind": "reset", "message": "the connection was reset"},
    },
)
"""What the sample server was asked and answered: one right answer, and one for each way to fail."""
SOUND: Final = "response.limits"
AREAS: Final = (*("response.body", "response.errors", "response.status", "response.usage"), "stream.chunks", SOUND)
"""What the sample server is judged by; nothing of the last one happens."""


@pytest.fixture(scope="session")
def server_document() -> dict[str, Any]:
    """The results of a server: some rules pass, some fail at each level, some were not exercised."""
    tally = Tally(chosen := chosen_rules(AREAS))
    for record in RECORDS:
        tally.add(judge(from_json(record), chosen))
    supports = (Support.HONOURED, Support.REFUSED, Support.IGNORED, Support.UNKNOWN)
    treated = tuple(CapabilityStatus(one, supports[n % 4]) for n, one in enumerate(capabilities()))
    result = RunResult(
        Target("http://127.0.0.1:1/v1", "m"),
        tuple(tally.outcomes.values()),
        requests=len(RECORDS),
        seconds=1.5,
        seed=7,
        capabilities=treated,
        notes=("The model `m` is the only one.",),
    )
    return document_of(result)


@pytest.fixture(scope="session")
def client_document() -> dict[str, Any]:
    """The results of a client: each outcome, and a failure with what was sent and answered."""
    names = ("st.bom", "st.crlf", "st.plain", "ns.plain", "f.429-retry-after-date")
    bad, lossy, fine, cannot, late = (select([name])[0] for name in names)
    asked = from_json({"request": {"json": STREAMED}}).request
    detail = '/choices/0/message/role is null, sent was "assistant"'
    scenarios = (
        ScenarioResult(fine, ScenarioOutcome.PASSED),
        ScenarioResult(
            bad,
            ScenarioOutcome.FAILED,
            FailureKind.WRONG,
            detail,
            exchanges=(Exchange(Origin(bad.id), asked),),
        ),
        ScenarioResult(lossy, ScenarioOutcome.LOSSY, detail="/id is null", exchanges=(Exchange(Origin("x"), asked),)),
        ScenarioResult(cannot, ScenarioOutcome.UNSUPPORTED, detail="the client does not declare it"),
        ScenarioResult(late, ScenarioOutcome.BLOCKED, detail="blocked by st.bom"),
    )
    return document_of(ClientRunResult("some-client", "1.2", scenarios, (), requests=3, seconds=2.0, seed=0))


@pytest.fixture(scope="session")
def recordings_document() -> dict[str, Any]:
    """The results of a validation of bodies and exchanges."""
    bodies = [{**ASKED, "temperature": "<hot>"}, {**ASKED, "messages": "none"}, completion()]
    return document_of(chatconform.validate([*bodies, *RECORDS], only=["schema", *AREAS]))


@pytest.fixture(params=["server", "client", "recordings"])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A document of each kind."""
    found: dict[str, Any] = request.getfixturevalue(f"{request.param}_document")
    return found


HOSTILE: Final = (
    "<script>document.title = 'acted'</script>",
    "<img src=x onerror=alert(1)><svg onload=alert(2)>",
    "</pre></li></ul></details></main></style><style>body { display: none }</style>",
    "</script><script>alert(3)</script><!-- ",
    '" autofocus onfocus=alert(4) x="',
    "' style='position:fixed;inset:0",
    "javascript:alert(5)",
    "{{ 7 * 7 }}{% include 'base.html' %}{# #}${7 * 7}",
    "a\x00b\x1b[31mc\u202edeghi\u2066j\ufeff\r\n\t",
    "`<b>` `",
    "&lt;script&gt;&#60;",
)
FREE: Final = frozenset(
    {
        *("message", "expected", "pointer", "title", "source", "why", "case", "target", "text", "url", "model"),
        *("name", "version", "purpose", "detail", "request_detail", "file", "excerpt", "known", "cut_short", "place"),
        *("reason", "path", "ended", "method"),
    }
)
"""Members whose text is whatever somebody sent or wrote."""


@pytest.fixture
def hostile() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Makes every free text of a document hostile; what comes out keeps to its schema all the same."""
    count = 0

    def text(was: str) -> str:
        nonlocal count
        count += 1
        return was + HOSTILE[count % len(HOSTILE)]

    def poisoned(value: Any, key: str = "") -> Any:
        if key == "json":
            return {text("k"): text("v"), **(value if isinstance(value, dict) else {})}
        match value:
            case str() if key in FREE:
                return text(value)
            case list() if key in {"reasons", "notes", "missing"} or (key == "headers" and value):
                return [[text("x-a"), text("b")] if key == "headers" else text("") for _ in range(3)]
            case dict() if key == "exchanges":
                return {name: poisoned(record) for name, record in value.items()}
            case dict():
                return {name: poisoned(item, name) for name, item in value.items()}
            case list():
                return [poisoned(item, key) for item in value]
        return value

    def make(document: dict[str, Any]) -> dict[str, Any]:
        made = {**poisoned(document), "tool": {"name": "chatconform", "version": text("1")}}
        return dict(parse(json.dumps(made).encode(), "hostile").document)

    return make
