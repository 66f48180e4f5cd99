"""The JUnit report is read by common readers, whatever the target sent."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from chatconform.core.exchange import Exchange, Origin, Request, Response
from chatconform.reports import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from chatconform.core.run_result import RunResult

    Make = Callable[..., RunResult]


def read(result: RunResult, *, strict: bool = False) -> Element:
    """The only suite of a report, its counts checked."""
    root = ElementTree.fromstring(render("junit", result, strict=strict).encode())
    assert root.tag == "testsuites"
    (suite,) = root
    for name, path in (("tests", "."), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counted = sum(1 for test in suite.iter("testcase") if path == "." or test.find(path) is not None)
        assert int(suite.attrib[name]) == int(root.attrib[name]) == counted
    return suite


def outcome_of(suite: Element, name: str) -> tuple[str, str] | None:
    test = next(test for test in suite.iter("testcase") if test.attrib["name"] == name)
    found = [(child.tag, child.attrib["message"]) for child in test if child.tag != "properties"]
    return found[0] if found else None


def test_each_rule_is_a_test_case(a_result: Make) -> None:
    suite = read(a_result())
    assert [test.attrib["name"] for test in suite.iter("testcase")] == [o.rule.id for o in a_result().outcomes]
    assert {test.attrib["classname"] for test in suite.iter("testcase")} == {"sample.answers", "sample.other"}
    assert outcome_of(suite, "sample.answers.always-passes") is None
    tag, message = outcome_of(suite, "sample.answers.must-fails") or ("", "")
    assert tag == "failure"
    assert message.startswith("MUST: An answer is not hostile. is ")
    assert outcome_of(suite, "sample.answers.should-fails") == ("skipped", "SHOULD: An answer is kind. is not kind")
    assert outcome_of(suite, "sample.other.cannot-say") == ("skipped", "the model did not call a tool")
    assert outcome_of(suite, "sample.other.is-unsupported") == (
        "skipped",
        "the target refuses calling tools with status 400",
    )
    assert (outcome_of(suite, "sample.other.is-not-exercised") or "")[0] == "skipped"


def test_a_failed_should_fails_if_strict(a_result: Make) -> None:
    assert (outcome_of(read(a_result(), strict=True), "sample.answers.should-fails") or "")[0] == "failure"


def test_a_failure_says_where_and_how_to_ask_again(a_result: Make) -> None:
    text = read(a_result()).findtext(".//failure") or ""
    assert "/choices/0: is " in text
    assert "expected: something kind" in text
    assert "cases.sample#0" in text
    assert "curl -sS -i http://127.0.0.1:1/v1/chat/completions" in text


def test_properties_tell_level_and_source(a_result: Make) -> None:
    test = read(a_result())[2]
    assert {p.attrib["name"]: p.attrib["value"] for p in test.iter("property")} == {
        "level": "MUST",
        "title": "An answer is not hostile.",
        "source": "CreateChatCompletionResponse.id",
    }


def test_no_secret_stands_in_it(a_result: Make, failure: Exchange) -> None:
    for result in (a_result(), a_result(failure, cut_short="sk-very-secret-0123456789")):
        assert "very-secret" not in render("junit", result)


def test_a_run_that_was_cut_short_is_an_error(a_result: Make) -> None:
    suite = read(a_result(cut_short="the target died"))
    assert outcome_of(suite, "the run came to its end") == ("error", "the target died")


def test_a_broken_check_is_an_error(with_a_broken_check: RunResult) -> None:
    tag, message = outcome_of(read(with_a_broken_check), "sample.other.breaks") or ("", "")
    assert tag == "error"
    assert "please report it" in message


@pytest.mark.parametrize(
    "text", ["\x00\x01\x0b\x1b", "\ud800x", "\ufffe\uffff", "]]>&<\"'", "\r\n\t", "\U0010ffff"], ids=ascii
)
def test_what_xml_cannot_hold_is_escaped(a_result: Make, text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    exchange = Exchange(Origin("cases.one"), Request("POST", "/v1", (), body), Response(200, (), body))
    read(a_result(exchange, notes=(text,), cut_short=text))


def test_a_long_text_is_cut(a_result: Make) -> None:
    exchange = Exchange(Origin("cases.one"), Request("POST", "/v1", (), b"x" * 60_000), Response(200, (), b"{}"))
    text = read(a_result(exchange)).findtext(".//failure") or ""
    assert text.endswith("... (cut)")
    assert len(text) < 21_000


def test_the_reports_bytes_are_utf_8(a_result: Make) -> None:
    assert (
        render("junit", a_result(notes=("ü€😀",))).encode("utf-8").startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    )


def test_xmllint_reads_it_where_there_is_one(a_result: Make) -> None:
    from shutil import which

    if which("xmllint") is None:
        pytest.skip("there is no xmllint here")
    text = render("junit", a_result())
    subprocess.run(["xmllint", "--noout", "-"], input=text.encode(), check=True)
