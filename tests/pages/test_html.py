"""The page of results as text: what stands in it, and that nothing foreign becomes a part of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatconform.reports import FORMATS
from chatconform.reports.html_report import render_document, view_of
from chatconform.reports.reading import Kind, parse, read, schema
from chatconform.strategies import from_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[dict[str, Any]], dict[str, Any]]


SAMPLES = Path(__file__).parents[1] / "reports" / "samples"


class Parts(HTMLParser):
    """The tags of a page with the names of their attributes, its addresses, its anchors, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[tuple[str, str]] = set()
        self.addresses: set[str] = set()
        self.anchors: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags |= {(tag, name) for name, _ in attrs} or {(tag, "")}
        named = dict(attrs)
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src", "action", "xlink:href"}}
        if named.get("id") is not None:
            self.anchors.append(str(named["id"]))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_hostile_text_adds_no_tag_no_attribute_and_no_address(document: dict[str, Any], hostile: Make) -> None:
    harmless, poisoned = Parts(render_document(document)), Parts(render_document(hostile(document)))
    fine = {("i", ""), ("i", "class"), ("span", "class"), ("mark", ""), ("code", ""), ("p", "class"), ("pre", "")}
    assert poisoned.tags - harmless.tags <= fine
    assert {address for address in poisoned.addresses if not address.startswith(("#", "data:image/svg+xml,"))} == set()
    assert sorted(poisoned.anchors) == sorted(harmless.anchors)


def test_no_control_and_nothing_that_turns_the_text_stands_in_a_page(document: dict[str, Any], hostile: Make) -> None:
    page = render_document(hostile(document))
    foreign = {char for char in page if not char.isprintable()} - {"\n", "\t"}
    assert foreign == set()


def test_hostile_text_can_be_read(server_document: dict[str, Any], hostile: Make) -> None:
    text = "".join(Parts(render_document(hostile(server_document))).text)
    assert "<script>document.title = 'acted'</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert r"a\x00b\x1b[31mc\u202edeghi\u2066j\ufeff" in text


def test_every_rule_and_scenario_has_its_id_as_an_anchor_once(document: dict[str, Any]) -> None:
    anchors = Parts(render_document(document)).anchors
    assert len(anchors) == len(set(anchors))
    entries = [*document["rules"], *document.get("scenarios", ())]
    assert {one["id"] for one in entries} <= set(anchors)


def test_every_link_within_a_page_leads_somewhere(document: dict[str, Any]) -> None:
    parts = Parts(render_document(document))
    assert {address[1:] for address in parts.addresses if address.startswith("#")} <= set(parts.anchors)


def test_the_same_document_gives_the_same_page(document: dict[str, Any]) -> None:
    assert render_document(document) == render_document(json.loads(json.dumps(document)))


def test_a_page_leads_back_to_the_index_it_was_made_for(server_document: dict[str, Any]) -> None:
    assert '<a href="index.html">' in render_document(server_document, index="index.html")
    assert "<h1>My server</h1>" in render_document(server_document, name="My server")


def test_documents_of_before_the_members_of_today_still_render(document: dict[str, Any]) -> None:
    older = json.loads(json.dumps(document))
    for name in ("ended", "baseline"):
        older.pop(name, None)
    for one in (*older["rules"], *older.get("scenarios", ())):
        for name in ("why", "excused", "exchanges", "expected"):
            one.pop(name, None)
        for finding in one.get("findings", ()):
            for name in ("id", "place", "excused"):
                finding.pop(name, None)
    older["exchanges"] = {}
    assert "What failed" in render_document(older)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_results_of_every_version_that_was_ever_written_render(path: Path) -> None:
    page = render_document(read(path).document)
    assert "</html>" in page
    assert len(set(Parts(page).anchors)) > 5


def test_a_failure_tells_all_there_is_to_it(server_document: dict[str, Any]) -> None:
    view = view_of(server_document)
    entry = next(one for group in view.groups for one in group.entries if one.id == "response.usage.total-is-the-sum")
    assert (entry.badge.word, entry.level) == ("failed", "MUST")
    assert entry.source
    assert entry.why
    assert [finding.pointer for finding in entry.findings] == ["/usage/total_tokens"]
    assert [label for label, _ in entry.commands] == ["Send it again"]
    (exchange,) = entry.exchanges
    assert exchange.curl is not None
    assert exchange.curl.startswith("curl ")
    assert exchange.response is not None
    assert exchange.response.body is not None
    assert "<mark>9</mark>" in exchange.response.body.text


def test_what_breaks_in_a_stream_is_marked_in_its_event_and_on_the_time_line(server_document: dict[str, Any]) -> None:
    view = view_of(server_document)
    entry = next(one for group in view.groups for one in group.entries if one.id == "stream.chunks.created-is-constant")
    response = entry.exchanges[0].response
    assert response is not None
    assert response.stream is not None
    marked = [(block.label, block.at) for block in response.stream.blocks if block.marked]
    assert marked == [("event 2", "200.0 ms")]
    assert "<mark>1700000001</mark>" in next(block.text for block in response.stream.blocks if block.marked)
    assert [block.label for block in response.stream.blocks] == ["no event", "event 0", "event 1", "event 2"]
    assert response.stream.time_line is not None
    assert response.stream.time_line.marked == (1000,)


def test_bytes_that_are_no_text_are_shown_as_bytes(server_document: dict[str, Any]) -> None:
    assert '&lt;h1&gt;<i class="bad">\\xe9</i>&lt;/h1&gt;' in render_document(server_document)


@pytest.mark.parametrize("body", [{"base64": "é"}, {"base64": "?"}, {"json": 10**30}, {"text": ""}, {}])
def test_a_record_that_cannot_be_read_is_shown_without_its_body(server_document: dict[str, Any], body: Any) -> None:
    exchanges = {
        name: {**one, "request": {"method": "POST", "target": "/v1", "headers": [], **body}}
        for name, one in server_document["exchanges"].items()
    }
    assert "POST /v1" in render_document({**server_document, "exchanges": exchanges})


def test_a_status_that_is_found_wrong_is_marked(server_document: dict[str, Any]) -> None:
    assert "<mark>HTTP status 500</mark>" in render_document(server_document)


def test_a_client_is_shown_what_it_was_answered_write_by_write(client_document: dict[str, Any]) -> None:
    view = view_of(client_document)
    entry = next(one for one in view.groups[0].entries if one.id == "st.bom")
    answered = entry.exchanges[0].answered
    assert answered is not None
    assert answered.writes[0].text is not None
    assert answered.writes[0].text.startswith("HTTP/1.1 200 OK")
    assert any(r"<i>\ufeff</i>" in write.text for write in answered.writes if write.text)
    assert entry.expected == ("the completion as it was sent",)


def test_a_known_failure_is_told_apart_with_its_reason(server_document: dict[str, Any]) -> None:
    document = json.loads(json.dumps(server_document))
    rule = next(one for one in document["rules"] if one["id"] == "response.usage.total-is-the-sum")
    place = rule["findings"][0]["place"]
    line = {"name": rule["id"], "place": place, "reason": "ticket <12>", "line": 3}
    stale = {"name": "response.body.id-is-not-empty", "place": None, "reason": None, "line": 4, "level": "SHOULD"}
    rule["excused"] = True
    document["baseline"] = {
        "path": "known.txt",
        "known": [{**line, "level": "MUST", "id": rule["findings"][0]["id"]}],
        "stale": [stale],
        "not_looked_at": [{**line, "why": "it was not chosen"}],
    }
    page = render_document(document)
    assert "≡" in page
    assert "line 3: ticket &lt;12&gt;" in page
    assert "Line 4 of the baseline is stale: response.body.id-is-not-empty no longer fails." in page
    assert "Line 3 of the baseline was not looked at" in page


def test_every_format_of_every_kind_has_a_page() -> None:
    assert set(FORMATS["html"]) == set(FORMATS["json"])


@pytest.mark.parametrize("body", ["<b>&\x00" * 13_000, 'data: {"a": "\u202e"}\n\n' * 3_000])
def test_a_page_of_300_failures_and_500_exchanges_stays_under_5_mb(server_document: dict[str, Any], body: str) -> None:
    """Bodies are as long as reports keep them, 32 MiB altogether, and take the most markup that there is."""
    record = {
        "case": "big",
        "step": 0,
        "request": {"method": "POST", "target": "/v1", "headers": [["a", "<" * 500]] * 50, "text": body[:2_000]},
        "response": {"status": 200, "headers": [["a", "\0" * 500]] * 50, "text": body, "arrivals": [[0.1, 9]] * 5000},
    }
    rule = next(one for one in server_document["rules"] if one["findings"])
    finding = {"message": "<&" * 400, "expected": "<" * 400, "case": "big"}
    rules = [
        {
            **rule,
            "id": f"area-{number % 30}.rule-{number}",
            "findings_total": 10**6,
            "findings": [
                {**finding, "pointer": f"/{n}/{'<' * 400}", "exchange": f"big#{(number + n) % 500}"} for n in range(60)
            ],
        }
        for number in range(300)
    ]
    big = {**server_document, "rules": rules, "exchanges": {f"big#{number}": record for number in range(500)}}
    page = render_document(big)
    assert len(page.encode()) < 5_000_000
    assert re.search(r"[\d,]+ more (of [\d,]+ bytes )?not shown", page), "it is told how much was left out"


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_published_form_allows_renders(kind: Kind, data: st.DataObject) -> None:
    document = {**data.draw(from_schema(schema(kind))), "schema_version": "1.1"}
    page = render_document(parse(json.dumps(document).encode(), "generated").document)
    assert {char for char in page if not char.isprintable()} <= {"\n", "\t"}
