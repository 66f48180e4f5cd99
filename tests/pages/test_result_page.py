"""The page of results in a browser: read in every way that people read, and deaf to whatever a target sent."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from chatconform.reports.html_report import render_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Make = Callable[[dict[str, Any]], dict[str, Any]]
    Open = Callable[..., Any]
    Faults = Callable[[Any], list[str]]

FAILED = "response.usage.total-is-the-sum"
PASSED = "response.body.id-is-not-empty"


def is_open(page: Page, anchor: str) -> bool:
    return bool(page.evaluate("id => document.getElementById(id).querySelector('details').open", anchor))


def shown(page: Page) -> list[str]:
    """The ids of the rules that the filters leave."""
    ids: list[str] = page.evaluate("[...document.querySelectorAll('[data-words]:not([hidden])')].map(e => e.id)")
    return ids


def tab_to(page: Page, selector: str) -> None:
    """Goes on by the keyboard alone until something is focused."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def open_all(page: Page) -> None:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")


def test_nothing_keeps_anybody_from_reading_it(
    open_page: Open, accessibility_faults: Faults, document: dict[str, Any]
) -> None:
    """Names, landmarks, headings, contrast: by axe, with everything opened."""
    opened = open_page(render_document(document))
    open_all(opened.page)
    assert accessibility_faults(opened) == []
    opened.page.emulate_media(color_scheme="dark")
    assert accessibility_faults(opened, "color-contrast") == []


def test_the_page_follows_the_color_scheme(open_page: Open, server_document: dict[str, Any]) -> None:
    colors = []
    for scheme in ("light", "dark"):
        page = open_page(render_document(server_document), color_scheme=scheme).page
        colors.append(
            page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        )
    light, dark = ([sum(map(int, color[4:-1].split(","))) for color in pair] for pair in colors)
    assert light[0] > 600 > 300 > light[1]
    assert dark[0] < 300 < 600 < dark[1]


def test_landmarks_and_headings_are_in_order(open_page: Open, document: dict[str, Any]) -> None:
    page = open_page(render_document(document)).page
    open_all(page)
    assert page.locator("main").count() == page.locator("h1").count() == page.locator("header").count() == 1
    assert page.get_by_role("navigation", name="On this page").count() == 1
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_keyboard_alone_filters_and_opens_a_failure(open_page: Open, server_document: dict[str, Any]) -> None:
    page = open_page(render_document(server_document)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, "input[type=search]")
    page.keyboard.type("usage sum")
    assert shown(page) == [FAILED]
    assert page.locator("output").inner_text() == f"1 of {len(server_document['rules'])} shown"
    tab_to(page, "details.failure > summary")
    page.keyboard.press("Enter")
    assert is_open(page, FAILED)
    assert page.locator(f"[id='{FAILED}'] mark").first.inner_text() == "9"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "what is focused can be seen"


def test_boxes_filter_by_outcome_and_level_and_all_comes_back(open_page: Open, server_document: dict[str, Any]) -> None:
    page = open_page(render_document(server_document)).page
    everything = shown(page)
    page.get_by_role("checkbox", name="passed").uncheck()
    rest = {one["id"] for one in server_document["rules"] if one["outcome"] != "passed"}
    assert set(shown(page)) == rest
    page.get_by_role("checkbox", name="MUST").uncheck()
    assert set(shown(page)) == rest - {one["id"] for one in server_document["rules"] if one["level"] == "MUST"}
    page.get_by_role("button", name="Show all").click()
    assert shown(page) == everything


def test_what_is_looked_for_is_seen_without_a_click(open_page: Open, server_document: dict[str, Any]) -> None:
    page = open_page(render_document(server_document)).page
    sound = "response.limits.retry-after-is-in-seconds"
    assert not page.get_by_text(sound, exact=True).first.is_visible()
    page.get_by_label("Find").fill(sound)
    assert page.get_by_text(sound, exact=True).first.is_visible()
    page.get_by_label("Find").fill("")
    assert not page.get_by_text(sound, exact=True).first.is_visible()


def test_a_link_opens_the_failure_that_it_leads_to(open_page: Open, server_document: dict[str, Any]) -> None:
    html = render_document(server_document)
    assert is_open(open_page(html, anchor=f"#{FAILED}").page, FAILED)
    page = open_page(html).page
    page.get_by_label("Find").fill("nothing has these words")
    assert shown(page) == []
    page.get_by_role("link", name=FAILED).click()
    page.wait_for_function("id => document.getElementById(id).querySelector('details').open", arg=FAILED)
    assert FAILED in shown(page)


def test_every_failure_opens_at_once(open_page: Open, server_document: dict[str, Any]) -> None:
    page = open_page(render_document(server_document)).page
    button = page.get_by_role("button", name="Open every failure")
    count = page.locator("details.failure").count()
    button.click()
    assert page.locator("details.failure[open]").count() == count > 3
    button.click()
    assert page.locator("details.failure[open]").count() == 0


def test_what_is_marked_is_in_sight_when_a_failure_opens(open_page: Open, server_document: dict[str, Any]) -> None:
    document = {**server_document, "exchanges": dict(server_document["exchanges"])}
    name = next(one for one in document["rules"] if one["id"] == FAILED)["findings"][0]["exchange"]
    exchange = document["exchanges"][name]
    body = {"padding": ["x"] * 200, **exchange["response"]["json"]}
    document["exchanges"][name] = {**exchange, "response": {**exchange["response"], "json": body}}
    page = open_page(render_document(document), anchor=f"#{FAILED}").page
    page.wait_for_function("id => document.getElementById(id).querySelector('pre.body mark') !== null", arg=FAILED)
    within = """id => {
      const mark = document.getElementById(id).querySelector("pre.body mark"), box = mark.closest("pre");
      const [inner, outer] = [mark.getBoundingClientRect(), box.getBoundingClientRect()];
      return inner.top >= outer.top && inner.bottom <= outer.bottom && box.scrollTop > 0;
    }"""
    page.wait_for_function(within, arg=FAILED)


def test_without_script_everything_is_there(open_page: Open, document: dict[str, Any]) -> None:
    page = open_page(render_document(document), java_script_enabled=False).page
    assert page.locator("form").count() >= 1
    assert not page.locator("form").first.is_visible(), "what needs the script does not show without it"
    summary = page.locator("details.failure > summary").first
    summary.click()
    assert page.locator("details.failure[open] dl").first.is_visible()


def test_on_paper_failures_are_open_and_controls_are_gone(open_page: Open, server_document: dict[str, Any]) -> None:
    for script in (True, False):
        page = open_page(render_document(server_document), java_script_enabled=script, color_scheme="dark").page
        page.emulate_media(media="print", color_scheme="dark")
        if script:
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert not page.locator("form").first.is_visible()
        assert page.locator(f"[id='{FAILED}'] dl").is_visible()
        assert page.locator(f"[id='{PASSED}']").is_visible()
        if script:
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            assert not is_open(page, FAILED)
    assert len(page.pdf()) > 10_000, "without the script too"


@pytest.mark.parametrize("width", [320, 768])
def test_a_narrow_window_needs_no_scrolling_sideways(open_page: Open, document: dict[str, Any], width: int) -> None:
    page = open_page(render_document(document), viewport={"width": width, "height": 640}).page
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_a_target_sent_does_not_act(open_page: Open, document: dict[str, Any], hostile: Make) -> None:
    """That nothing is asked for, no dialog comes up and no policy is broken is seen to by `open_page`."""
    html = render_document(hostile(document))
    page = open_page(html).page
    title = page.title()
    open_all(page)
    for summary in page.locator("summary:visible").all()[:20]:
        summary.hover()
    page.keyboard.press("Tab")
    assert page.title() == title != "acted"
    assert page.locator("body").is_visible()
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, object, embed, base, svg svg, main style").count() == 0
    text = page.locator("main").text_content() or ""
    assert "<script>document.title = 'acted'</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert "\u202e" not in text
    narrow = open_page(html, viewport={"width": 320, "height": 640}, java_script_enabled=False).page
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_policy_stops_what_the_page_did_not_bring(open_page: Open, server_document: dict[str, Any]) -> None:
    """The proof that the law of `open_page` can fail: what got past the escaping would be stopped, and seen."""
    html = render_document(server_document).replace("</main>", "<script>document.title = 'acted'</script></main>")
    opened = open_page(html)
    assert opened.page.title() != "acted"
    assert any("Content Security Policy" in text for text in opened.complaints)
    opened.complaints.clear()
