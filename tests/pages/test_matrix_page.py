"""The matrix in a browser: sorted and filtered by keyboard, read without script, and harmless whatever it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from chatconform.reports import matrix_html
from chatconform.reports.digest import digest
from chatconform.reports.matrix import Entry, tables
from chatconform.reports.matrix_pages import write_pages
from chatconform.reports.reading import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    Make = Callable[..., dict[str, Any]]

ONE = {"response.a.x": "passed", "response.a.y": "failed", "response.a.z": "passed", "stream.b.v": "passed"}
OTHER = {"response.a.x": "inconclusive", "response.a.y": "passed", "stream.b.v": "failed", "stream.b.w": "unsupported"}
LEVELS = {"response.a.y": "SHOULD"}
HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=alert(1)>",
    "</style><h1>owned</h1>",
    '" onmouseover="alert(1)" x=\'',
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "http://evil.example/",
    "\u202eevil\x1b[31m\x00",
]


def entry(document: dict[str, Any], name: str) -> Entry:
    results = parse(orjson.dumps(document), f"{name}.json")
    return Entry(name, f"{name}.json", digest(results), results)


@pytest.fixture
def two(server_results: Make) -> list[Entry]:
    """Results of two servers that fail different rules."""
    able = [{"name": "n", "title": "several choices (`n`)", "support": "honoured", "exchange": None}]
    one = server_results(ONE, levels=LEVELS, capabilities=able, ended="2026-01-31T10:00:00Z")
    other = server_results(OTHER, levels=LEVELS, capabilities=[{**able[0], "support": "ignored"}])
    return [entry(one, "One"), entry(other, "Other")]


def row_ids(page: Page) -> list[str]:
    return page.eval_on_selector_all("#server-grid tr[data-words]", "rows => rows.map(row => row.id.slice(7))")


def visible(page: Page) -> list[str]:
    return page.eval_on_selector_all(
        "#server-grid tr[data-words]", "rows => rows.filter(row => row.checkVisibility()).map(row => row.id.slice(7))"
    )


def press_until(page: Page, name: str, key: str = "Tab") -> None:
    """Moves the focus until it is on what has that accessible name."""
    for _ in range(80):
        page.keyboard.press(key)
        if (
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent")
            == name
        ):
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_columns_are_sorted_with_the_keyboard_and_say_so(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two))).page
    first = row_ids(page)
    assert first == ["response.a.x", "response.a.y", "response.a.z", "stream.b.v", "stream.b.w"]
    grid = page.locator("#server-grid")
    grid.get_by_role("button", name="Sort by Other").focus()
    page.keyboard.press("Enter")
    assert row_ids(page) == ["stream.b.v", "stream.b.w", "response.a.x", "response.a.y", "response.a.z"]
    heading = grid.locator("thead th", has_text="Other")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert page.get_by_role("status").filter(has_text="Sorted by Other").count() == 1
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "descending"
    assert row_ids(page)[-1] == "stream.b.v" or row_ids(page)[0] == "response.a.z"
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") is None
    assert row_ids(page) == first


def test_rows_are_sorted_by_name_and_level(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two))).page
    grid = page.locator("#server-grid")
    grid.get_by_role("button", name="Sort by level").click()
    assert row_ids(page)[:3] == ["response.a.x", "response.a.z", "response.a.y"]
    grid.get_by_role("button", name="Sort by row").click()
    grid.get_by_role("button", name="Sort by row").click()
    assert row_ids(page) == ["stream.b.w", "stream.b.v", "response.a.z", "response.a.y", "response.a.x"]


def test_implementations_are_sorted_by_what_they_fail(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two))).page
    names = "table.counts tbody th a"
    assert page.locator(names).all_inner_texts() == ["One", "Other"]
    page.get_by_role("button", name="Sort by failed MUST").click()
    assert page.locator(names).all_inner_texts() == ["Other", "One"]


def test_filters_work_by_keyboard_alone(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two))).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    form = page.get_by_role("form", name="Filter the rows of servers")
    form.get_by_role("searchbox").focus()
    page.keyboard.type("stream v")
    assert visible(page) == ["stream.b.v"]
    assert form.get_by_role("status").inner_text() == "1 of 5 shown"
    press_until(page, "Show all")
    page.keyboard.press("Enter")
    assert len(visible(page)) == 5
    form.get_by_role("checkbox", name="nobody fails").focus()
    page.keyboard.press("Space")
    assert visible(page) == ["response.a.y", "stream.b.v"]
    form.get_by_role("checkbox", name="MUST").focus()
    page.keyboard.press("Space")
    assert visible(page) == ["response.a.y"]
    assert not page.get_by_text("stream.b", exact=True).is_visible()


def test_a_failing_cell_leads_to_its_failure_and_back(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two))).page
    cell = page.locator("#server-grid").get_by_role("link", name="! SHOULD failed")
    cell.focus()
    page.keyboard.press("Enter")
    failure = page.locator('[id="of-one.response.a.y"]')
    assert failure.is_visible()
    assert "/choices/0 is wrong" in failure.inner_text()
    failure.get_by_role("link", name="response.a.y").click()
    assert page.url.endswith("#server.response.a.y")
    assert page.locator('[id="server.response.a.y"]').is_visible()


def test_all_of_it_is_read_without_script(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two)), java_script_enabled=False).page
    assert page.locator("#server-grid tr[data-words]").count() == 5
    assert page.locator("#server-grid td.failed").inner_text().startswith("✗ MUST")
    assert not page.get_by_role("form").is_visible()
    assert page.get_by_role("button").count() == 0
    page.locator("#server-grid td.failed a").click()
    assert page.locator('[id="of-other.stream.b.v"]').is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(
    open_page: Any, accessibility_faults: Any, two: list[Entry], server_results: Make, scheme: str
) -> None:
    clientless = server_results(dict.fromkeys(ONE, "not_exercised"), exit_status=2, cut_short="the target died")
    opened = open_page(matrix_html.render(tables([*two, entry(clientless, "Third")])), color_scheme=scheme)
    opened.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert accessibility_faults(opened) == []


def test_cells_have_words_for_who_does_not_see_their_signs(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two))).page
    words = [" ".join(text.split()) for text in page.locator("#server-grid td:not(.level)").all_text_contents()]
    assert words[:4] == ["✓ passed", "? inconclusive", "! SHOULD failed", "✓ passed"]
    assert {"✗ MUST failed", "− unsupported", "not among the chosen"} <= set(words)


def test_no_name_and_no_evidence_runs(open_page: Any, server_results: Make) -> None:
    entries = []
    for text in HOSTILE:
        document = server_results({"response.a.x": "failed"}, message=text, places={"response.a.x": [f"/{text}"]})
        document["target"] = {"url": text, "model": text}
        document["rules"][0]["title"] = text
        document["tool"]["version"] = text
        document["ended"] = text
        document["cut_short"] = text
        document["capabilities"] = [{"name": "n", "title": text, "support": "honoured", "exchange": None}]
        entries.append(entry(document, text))
    opened = open_page(matrix_html.render(tables(entries)))
    page = opened.page
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.mouse.move(300, 400)
    assert page.title() == "Conformance of 8 servers - chatconform"
    assert page.locator("h1").all_inner_texts() == ["Conformance of 8 servers"]
    assert page.locator("img, iframe, object, embed, [onerror], [onmouseover]").count() == 0
    assert page.evaluate("[...document.links].every(link => link.getAttribute('href').startsWith('#'))")
    assert "\\u202eevil\\x1b[31m\\x00" in page.locator("table.counts").inner_text()
    assert "{{7*7}}" in page.locator("table.counts").inner_text()


def test_a_scenario_with_any_id_is_led_to(open_page: Any, server_results: Make) -> None:
    document = server_results({})
    del document["target"], document["notes"], document["capabilities"]
    odd = 'st.a "b" <c> #d %41'
    document["client"] = {"name": "odd", "version": ""}
    document["summary"] = dict.fromkeys(("scenarios", "passed", "lossy", "failed", "unsupported", "blocked"), 0)
    document["restarts"] = 0
    document["scenarios"] = [
        {
            "id": odd,
            "level": "must",
            "purpose": "p",
            "outcome": "failed",
            "kind": "wrong",
            "detail": "d",
            "requests": [],
        }
    ]
    page = open_page(matrix_html.render(tables([entry(document, "odd")]))).page
    page.locator("#client-grid td.failed a").click()
    assert page.locator(".failures li").is_visible()
    assert page.evaluate("document.querySelector('.failures li').matches(':target')")


def test_narrow_screens_scroll_tables_and_not_the_page(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables([*two, *two])), viewport={"width": 320, "height": 600}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_paper_shows_every_row_and_every_failure(open_page: Any, two: list[Entry]) -> None:
    page = open_page(matrix_html.render(tables(two)), viewport={"width": 700, "height": 900}).page
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(visible(page)) == 5
    assert page.locator('[id="of-one.response.a.y"]').is_visible()
    assert not page.get_by_role("form").is_visible()
    assert page.locator(".tall").evaluate("box => box.scrollHeight <= box.clientHeight + 1")


def test_names_of_many_columns_stand_upright(open_page: Any, server_results: Make) -> None:
    entries = [entry(server_results(ONE), f"implementation number {number}") for number in range(12)]
    page = open_page(matrix_html.render(tables(entries)), viewport={"width": 1280, "height": 800}).page
    box = page.locator("#server-grid thead .name span").first.bounding_box()
    assert box is not None
    assert box["height"] > box["width"]


def test_more_columns_than_a_browser_takes_become_numbers(open_page: Any, server_results: Make) -> None:
    entries = [entry(server_results(ONE if number % 3 else OTHER), f"n{number}") for number in range(61)]
    page = open_page(matrix_html.render(tables(entries))).page
    row = page.locator('[id="server.response.a.y"]')
    assert row.locator("td").all_inner_texts()[:4] == ["MUST", "21", "40", ""]
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    row.get_by_role("link", name="n1", exact=True).click()
    assert page.locator('[id="of-n1.response.a.y"]').is_visible()
    page.locator("#server-grid").get_by_role("button", name="Sort by failed").click()
    assert row_ids(page)[0] == "response.a.y"


def test_the_index_leads_to_pages_and_they_lead_back(open_page: Any, two: list[Entry], tmp_path: Path) -> None:
    write_pages(tmp_path, two)
    index = (tmp_path / "index.html").read_text("utf-8")
    opened = open_page(index, name="index.html")
    page = opened.page
    page.locator("#server-grid td.failed a").click()
    page.wait_for_url("**/other.html#stream.b.v")
    assert page.locator('[id="stream.b.v"]').is_visible()
    assert page.locator("h1").inner_text() == "Other"
    page.get_by_role("link", name="All implementations").click()
    page.wait_for_url("**/index.html")
    opened.requests.clear()  # the pages themselves
