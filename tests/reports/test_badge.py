"""A badge says in words what a run came to, and shows no more than text, whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.reports.badge import endpoint, message, svg
from chatconform.reports.digest import Digest, digest
from chatconform.reports.reading import Kind, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., dict[str, Any]]

SVG = "{http://www.w3.org/2000/svg}"
PLAIN = Digest(Kind.CLIENT, ("a",), "", "0.1.0", 0, False, None, None, {}, {})


def of(document: dict[str, Any]) -> Digest:
    return digest(parse(orjson.dumps(document), "r.json"))


@pytest.mark.parametrize(
    ("outcomes", "members", "told"),
    [
        ({"a.x": "passed", "a.y": "passed"}, {}, ("2 passed", "brightgreen")),
        ({"a.x": "passed", "a.i": "failed"}, {}, ("1 passed", "brightgreen")),
        ({"a.x": "passed", "a.s": "failed"}, {}, ("1 passed, 1 failed", "yellow")),
        ({"a.x": "passed", "a.s": "failed"}, {"strict": True, "exit_status": 1}, ("1 SHOULD failed", "red")),
        ({"a.x": "failed", "a.y": "failed", "a.s": "failed", "a.i": "failed"}, {}, ("2 MUST, 1 SHOULD failed", "red")),
        ({"a.x": "passed"}, {"exit_status": 2}, ("not conclusive", "lightgrey")),
        ({"a.x": "passed"}, {"exit_status": 1}, ("baseline is stale", "red")),
        ({"a.x": "unsupported", "a.y": "inconclusive"}, {}, ("0 passed", "lightgrey")),
    ],
)
def test_the_message_is_the_verdict_and_how_much_it_rests_on(
    server_results: Make, outcomes: dict[str, str], members: dict[str, Any], told: tuple[str, str]
) -> None:
    document = server_results(outcomes, levels={"a.s": "SHOULD", "a.i": "INFO"}, **members)
    assert message(of(document)) == told


def test_a_failure_that_a_baseline_excuses_is_told_and_not_counted(server_results: Make) -> None:
    document = server_results({"a.x": "failed", "a.y": "passed"}, exit_status=0)
    document["rules"][0]["excused"] = True
    assert message(of(document)) == ("1 passed, 1 failed", "yellow")


def test_the_endpoint_is_what_badge_services_read(server_results: Make) -> None:
    told = orjson.loads(endpoint(of(server_results({"a.x": "failed"}))))
    assert told == {"schemaVersion": 1, "label": "chat completions", "message": "1 MUST failed", "color": "red"}


@given(
    st.text() | st.sampled_from(["</title><script>alert(1)</script>", '" onload="x', "&lt;", "\u202eevil", "\ud800"])
)
def test_a_picture_holds_nothing_but_its_shapes_and_text(label: str) -> None:
    root = ElementTree.fromstring(svg(PLAIN, label))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "title",
        "clipPath",
        "rect",
        "g",
        "text",
    }
    assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert texts[1] == "0 passed"
    assert all(text.isprintable() for text in texts)
    assert orjson.loads(endpoint(PLAIN, label))["label"] == texts[0]


def test_a_picture_is_told_to_who_does_not_see_it() -> None:
    root = ElementTree.fromstring(svg(PLAIN, "llama.cpp"))
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "llama.cpp: 0 passed"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == title.attrib["id"]


def test_a_long_label_is_cut() -> None:
    assert orjson.loads(endpoint(PLAIN, "x" * 500))["label"] == "x" * 57 + "..."
