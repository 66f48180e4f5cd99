"""People read what a run came to; nothing that a target sent reaches their terminal as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.capability import Capability
from chatconform.core.exchange import Exchange, Origin, Request, Response
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.run_result import CapabilityStatus, Support
from chatconform.reports.look import Detail
from chatconform.reports.plain import plain
from chatconform.reports.terminal import render

KEY = "sk-very-secret-0123456789"
WHOLE = """\
http://127.0.0.1:1/v1, model m

                passed  failed  unsupported  inconclusive  not exercised
sample.answers       1       2            .             .              .
sample.other         .       .            1             1              1

FAIL MUST  sample.answers.must-fails
  requirement  An answer is not hostile. (CreateChatCompletionResponse.id)
  expected     something kind
  actual       /choices/0 is {"x": "\\x1b[31m<b>&]]>\ufffd\\x00[redacted]"} (and 1 more)
               or is {}
  answer       cases.sample#0: status 200, application/json
               {"x": "\\x1b[31m<b>&]]>\ufffd\\x00*************************"}
  request      curl -sS -i http://127.0.0.1:1/v1/chat/completions \\
                 -H "Authorization: Bearer $OPENAI_API_KEY" \\
                 -H 'Content-Type: application/json' \\
                 --data-raw '{"model":"m","messages":[]}'
  more         chatconform explain sample.answers.must-fails
  replay       chatconform replay FILE 57888aa5

FAIL SHOULD  sample.answers.should-fails
  requirement  An answer is kind. (a convention)
  actual       is not kind (and 1 more like it)
  answer       cases.sample#0: status 200, application/json
               {"x": "\\x1b[31m<b>&]]>\ufffd\\x00*************************"}
  request      curl -sS -i http://127.0.0.1:1/v1/chat/completions \\
                 -H "Authorization: Bearer $OPENAI_API_KEY" \\
                 -H 'Content-Type: application/json' \\
                 --data-raw '{"model":"m","messages":[]}'
  more         chatconform explain sample.answers.should-fails
  replay       chatconform replay FILE d5d40623

FILE: what --report json=FILE writes.

Could not be judged:
  sample.other.cannot-say: the model did not call a tool

Capabilities
  honoured   -
  refused    tools
  ignored    -
  unknown    -

the model was found in /models
FAILED  6 rules: 1 passed, 2 failed (1 MUST, 1 SHOULD), 1 unsupported, 1 inconclusive, 1 not exercised; \
2 requests in 1.2 s, seed 7
"""


def test_the_whole_report(a_result: Any) -> None:
    assert render(a_result()) == WHOLE


def test_colors_add_nothing_but_colors(a_result: Any) -> None:
    colored = render(a_result(), color=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == WHOLE
    assert "\x1b[1;31mFAIL MUST\x1b[0m" in colored


def test_a_quiet_report_is_a_line_for_each_failure_and_the_counts(a_result: Any) -> None:
    first, second, counts = render(a_result(), detail=Detail.QUIET).splitlines()
    assert (first, second) == ("FAIL MUST  sample.answers.must-fails", "FAIL SHOULD  sample.answers.should-fails")
    assert counts == WHOLE.splitlines()[-1]


def test_a_whole_list_names_every_rule_and_what_shows_a_capability(a_result: Any) -> None:
    text = render(a_result(), detail=Detail.EVERYTHING)
    for outcome in a_result().outcomes:
        assert outcome.rule.id in text
    assert "UNSUPPORTED   MUST   sample.other.is-unsupported (the target refuses calling tools with status 400)" in text
    assert "  refused    tools: calling tools [cases.sample#9]" in text


def test_why_a_run_is_not_whole_is_told_before_the_counts(a_result: Any) -> None:
    lines = render(a_result(cut_short="the target died (sent last: a#1)")).splitlines()
    assert lines[-2] == "The run was cut short: the target died (sent last: a#1)."


def test_a_should_fails_a_run_only_when_it_is_strict(only_should: Any) -> None:
    assert (
        render(only_should)
        .splitlines()[-1]
        .startswith("PASSED  2 rules: 1 passed, 1 failed (1 SHOULD; only --strict counts a SHOULD);")
    )
    assert (
        render(only_should, strict=True).splitlines()[-1].startswith("FAILED  2 rules: 1 passed, 1 failed (1 SHOULD);")
    )


def test_a_fault_of_a_rule_itself_is_told_as_such(with_a_broken_check: Any) -> None:
    *_, fault, more, counts = render(with_a_broken_check).splitlines()
    assert f"{fault} {more}" == (
        "A fault in the rule sample.other.breaks itself, and not of the target: this rule's own check broke "
        "(RuntimeError: oops), a bug of tests.reports.conftest; please report it."
    )
    assert counts.startswith("NOT CONCLUSIVE  ")
    assert "Could not be judged" not in render(with_a_broken_check)


def test_areas_in_which_all_passed_share_a_line(a_result: Any) -> None:
    passing = replace(a_result().outcomes[0].rule, id="other.place.passes"), a_result().outcomes[0].rule
    text = render(a_result(exchange(b"{}"), rules=passing))
    assert "\nAll rules passed in\n  other    place 1\n  sample   answers 1\n\nCapabilities\n" in text
    assert "passed  failed" not in text


def test_a_run_that_judged_nothing_says_so(a_result: Any) -> None:
    text = render(a_result(outcomes=(), capabilities=()))
    assert text.splitlines()[-2] == "Nothing was judged."
    assert text.splitlines()[-1].startswith("NOT CONCLUSIVE  0 rules: 0 passed;")


@rule("sample.stream.third-event", Level.MUST, on=Part.STREAM, source="the tests")
def third_event(_: Any) -> Any:
    """The third event is fine."""
    yield Finding("/2/choices/0/delta", "is not fine")


@rule("sample.info.is-told", Level.INFO, on=Part.EXCHANGE, source="the tests")
def is_told(_: Any) -> Any:
    """It is so."""
    yield Finding("/x", "is otherwise")


def exchange(body: bytes, kind: str = "application/json", asked: bytes = b"{}") -> Exchange:
    request = Request("POST", "/v1/chat/completions", (("Content-Type", "application/json"),), asked)
    return Exchange(Origin("cases.sample"), request, Response(200, (("Content-Type", kind),), body))


def test_of_a_stream_the_event_that_the_finding_points_to_is_shown(a_result: Any) -> None:
    body = b"".join(b'data: {"number":%d}\n\n' % number for number in range(5))
    text = render(a_result(exchange(body, "text/event-stream"), rules=(third_event,)))
    assert 'cases.sample#0: status 200, text/event-stream, event 2 of 5\n               {"number":2}\n' in text


def test_what_is_only_worth_knowing_is_a_line_and_no_failure(a_result: Any) -> None:
    text = render(a_result(exchange(b"{}"), rules=(is_told,)))
    assert "\nWorth knowing, and no breach (INFO):\n  sample.info.is-told: /x is otherwise\n" in text
    assert text.splitlines()[-1].startswith("PASSED  1 rule: 0 passed, 1 failed (1 INFO);")
    assert "FAIL INFO  sample.info.is-told\n  requirement" in render(
        a_result(exchange(b"{}"), rules=(is_told,)), detail=Detail.EVERYTHING
    )


def test_a_request_too_long_for_a_terminal_is_told_by_its_size(a_result: Any) -> None:
    text = render(
        a_result(exchange(b"{}", asked=b"[" + b"1," * 5_000 + b"1]"), rules=(is_told,)), detail=Detail.EVERYTHING
    )
    assert "  request      10003 bytes; --report json=FILE keeps them" in text
    assert len(text) < 5000


def test_of_findings_alike_one_with_a_request_that_is_quickly_read_is_shown(a_result: Any) -> None:
    long, longer = (exchange(b"{}", asked=b"[" + b"1," * count + b"1]") for count in (1_500, 2_000))
    shown = [
        render(a_result(*exchanges, rules=(is_told,)), detail=Detail.EVERYTHING)
        for exchanges in ([longer, exchange(b"{}", asked=b"[7]")], [longer, long])
    ]
    assert "--data-raw '[7]'" in shown[0]
    assert shown[1].count("1,1") == 750


def test_capabilities_stand_in_three_ways_and_one_that_is_ignored_stands_out(a_result: Any) -> None:
    def status(name: str, support: Support) -> CapabilityStatus:
        return CapabilityStatus(Capability(name, name, lambda _: False, lambda _: None), support, None)

    table = (
        status("n", Support.HONOURED),
        status("stop", Support.HONOURED),
        status("vision", Support.REFUSED),
        status("seed", Support.IGNORED),
    )
    assert "Capabilities\n  honoured   n, stop\n  refused    vision\n  ignored    seed\n  unknown    -\n" in render(
        a_result(capabilities=table)
    )
    assert "\x1b[31m  ignored    \x1b[0mseed" in render(a_result(capabilities=table), color=True)


@given(st.binary(max_size=400), st.text(max_size=60))
def test_nothing_that_a_terminal_obeys_gets_through(body: bytes, words: str) -> None:
    @rule("sample.hostile.echo", Level.MUST, on=Part.EXCHANGE, source="the tests")
    def echo(_: Any) -> Any:
        """Nothing is echoed."""
        yield Finding(words, words, expected=words)

    from chatconform.core.judge import judge
    from chatconform.core.run_result import RunResult, Target
    from chatconform.core.tally import Tally

    tally = Tally([echo])
    tally.add(judge(exchange(body, words or "x"), [echo]))
    result = RunResult(
        Target("http://h/v1", words), tuple(tally.outcomes.values()), 1, 0.1, 0, notes=(words,), cut_short=words
    )
    text = render(result, detail=Detail.EVERYTHING)
    assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize(("text", "told"), [("a\tb\n", "a\\tb\\n"), ("\u202eevil", "\\u202eevil"), ("é漢🙂", "é漢🙂")])
def test_what_does_not_show_is_told(text: str, told: str) -> None:
    assert plain(text) == told


@given(st.text(), st.integers(4, 80))
def test_a_plain_text_is_bounded_and_printable(text: str, most: int) -> None:
    told = plain(text, most)
    assert len(told) <= most
    assert told.isprintable()
    assert len(plain("x" * 200, most)) == most


@rule("sample.order.is-kept", Level.MUST, on=Part.RESPONSE, source="a test")
def is_in_order(checked: Exchange) -> Any:
    """The choices are in order."""
    yield Finding("/1/choices/0/index" if checked.is_stream else "/choices/0/index", "is wrong")


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"id": "i" * 400, "choices": [{"index": 7}]}, '"choices":[{"index":7}]}'),
        ({"choices": [{"index": 7}], "id": "i" * 400}, '{"choices":[{"index":7}],"id":"iii'),
        ({"id": "i" * 400, "choices": []}, '"choices":[]}'),
        ({"id": "begins" + "i" * 400}, '{"id":"begins'),
        ({"id": "begins" + "i" * 70_000, "choices": [{"index": 7}]}, '{"id":"begins'),
    ],
)
def test_of_a_long_answer_the_place_of_the_finding_is_shown(
    a_result: Any, is_stream: bool, body: dict[str, Any], shown: str
) -> None:
    text = orjson.dumps(body)
    answer = exchange(b"data: {}\n\ndata: %s\n\n" % text, "text/event-stream") if is_stream else exchange(text)
    told = render(a_result(answer, rules=(is_in_order,)))
    assert shown in re.sub(r"\n +", "", told)


@rule("sample.order.is-counted", Level.MUST, on=Part.RESPONSE, source="a test")
def is_counted(_: Exchange) -> Any:
    """The choices are counted."""
    for number in range(2):
        yield Finding(f"/choices/{number}/index", f"is {number + 1}", expected=str(number))
    yield Finding("/choices/0/count", "is 7", expected="8")


def test_what_is_expected_is_told_once_for_each_place(a_result: Any) -> None:
    told = render(a_result(exchange(b"{}"), rules=(is_counted,)))
    assert "\n  expected     0\n               8\n  actual " in told
