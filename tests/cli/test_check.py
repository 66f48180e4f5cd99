"""`chatconform check`, from its arguments to all that it tells."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from typing import Any
from xml.etree import ElementTree

import pytest

from chatconform.core.case import case
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.run.choice import Choice

KEY = "sk-proj-0123456789abcdefghij"
SUM = "response.usage.total-is-the-sum"
WRONG = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 7}


@pytest.fixture
def wrong(small):
    """A server whose totals are wrong."""
    return small.serve(lambda _: small.completion(usage=WRONG))


@pytest.fixture
def right(small):
    """A server that answers plainly."""
    return small.serve(lambda _: small.completion())


def test_without_a_url_the_reference_server_is_checked_and_passes(chatconform):
    ran = chatconform("check", "--only", "response.usage")
    assert ran.status == 0
    assert ran.err == ""
    assert re.search(r"^All rules passed in\n  response   usage \d+\n\nCapabilities\n", ran.out, re.MULTILINE)
    assert re.fullmatch(r"PASSED  \d+ rules: \d+ passed; \d+ requests in \d\.\d s, seed 0", ran.out.splitlines()[-1])


def test_all_that_is_told_of_a_server_with_one_fault(chatconform, wrong):
    ran = chatconform("check", wrong.url, "--only", SUM)
    assert ran.status == 1
    assert ran.err == ""
    lines = ran.out.splitlines()
    assert lines[0] == f"{wrong.url}, model small"
    assert lines[4:6] == ["", f"FAIL MUST  {SUM}"]
    text = ran.out
    assert "\n  requirement  `total_tokens` is `prompt_tokens` plus `completion_tokens`." in text
    assert "\n  actual       /usage/total_tokens is 7, not 3 + 2" in text
    assert re.search(r"\n  answer       [a-z.-]+#0: status 200, application/json\n {15}\.\.\.", text)
    assert '"total_tokens": 7' in re.sub(r"\n {15}", "", text), "the answer is shown from near what is wrong with it"
    assert f"  request      curl -sS -i {wrong.url}/chat/completions \\" in lines
    assert f"  more         chatconform explain {SUM}" in lines
    assert '"small" is the only model that the target lists, so it is the one that was asked.' in lines
    assert re.fullmatch(r"FAILED  1 rule: 0 passed, 1 failed \(1 MUST\); \d+ requests in \d\.\d s, seed 0", lines[-1])


def test_only_what_the_chosen_rules_need_is_sent(chatconform, right):
    chatconform("check", right.url, "--only", "response.logprobs.*")
    assert len(right.seen) < 25
    assert any("logprobs" in (seen.body or {}) for seen in right.seen)


def test_quiet_tells_a_line_for_each_failure_and_the_counts(chatconform, wrong):
    ran = chatconform("check", wrong.url, "--only", SUM, "-q")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["FAIL", "FAILED"]


def test_verbose_names_every_rule(chatconform, right):
    ran = chatconform("check", right.url, "--only", "response.usage", "-v")
    assert f"PASS          MUST   {SUM}" in ran.out


@rule("sample.greeting.is-warm", Level.SHOULD, on=Part.COMPLETION, source="the tests")
def is_warm(_: Any) -> Any:
    """A greeting is warm.

    For the tests.
    """
    yield Finding("/choices/0/message/content", "is cool", expected="warmth")


@case("sample.greet", exercises=["sample"], most=1)
def greet(situation: Any) -> Any:
    """Greets."""
    yield situation.chat("Hello there.")


def test_strict_counts_what_should_be(chatconform, right, monkeypatch):
    monkeypatch.setattr("chatconform.run.server.choose", lambda *_: Choice((is_warm,), (is_warm,), (greet,)))
    lenient = chatconform("check", right.url)
    assert lenient.status == 0
    assert lenient.out.splitlines()[-1].startswith("PASSED  1 rule: 0 passed, 1 failed (1 SHOULD; only --strict")
    strict = chatconform("check", right.url, "--strict")
    assert strict.status == 1
    assert "FAIL SHOULD  sample.greeting.is-warm" in strict.out


def test_the_openai_profile_counts_everything_as_published(chatconform, small):
    bare = {"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop", "logprobs": None}
    server = small.serve(lambda _: small.completion(choices=[bare]))
    rule = "response.message.refusal-key-is-there"
    assert chatconform("check", server.url, "--only", rule).status == 0
    assert chatconform("check", server.url, "--only", rule, "--profile", "openai").status == 1


def test_a_run_that_judged_nothing_is_no_success(chatconform, small):
    refusing = small.serve(lambda s: small.completion() if s.text == "Say hello." else small.error(400))
    ran = chatconform("check", refusing.url, "--only", "stream.chunks.id-is-constant")
    assert ran.status == 2
    assert ran.out.splitlines()[-2] == "Nothing was judged."


def test_reports_are_written_beside_what_is_told(chatconform, wrong, tmp_path):
    paths = {name: tmp_path / f"report.{name}" for name in ("json", "junit")}
    ran = chatconform("check", wrong.url, "--only", SUM, *(f"--report={name}={path}" for name, path in paths.items()))
    assert ran.out.startswith(wrong.url)
    document = json.loads(paths["json"].read_text())
    assert document["summary"]["failed"] == 1
    assert document["rules"][0]["id"] == SUM
    assert ElementTree.fromstring(paths["junit"].read_text()).get("failures") == "1"


@pytest.mark.parametrize("form", ["json", "json=-"])
def test_a_report_on_stdout_leaves_the_text_for_people_to_stderr(chatconform, wrong, form):
    ran = chatconform("check", wrong.url, "--only", SUM, "--report", form)
    assert json.loads(ran.out)["exit_status"] == ran.status == 1
    assert ran.err.startswith(wrong.url)
    assert ran.err.splitlines()[-1].startswith("FAILED")


def test_a_list_asks_nothing(chatconform, right):
    ran = chatconform("check", right.url, "--list", "--only", "response.usage")
    assert ran.status == 0
    assert f"MUST    {SUM}" in ran.out
    assert re.search(r"^ *\d+ requests +[a-z]+\.[a-z-]+ ", ran.out, re.MULTILINE)
    assert right.seen == []


def test_a_dry_run_lists_generated_requests_too(chatconform, right):
    ran = chatconform("check", right.url, "--dry-run", "--only", "response.usage", "--fuzz", "9")
    *_, told = ran.out.partition("\nfuzz: generated requests, on top\n")
    kinds = [line.split(",")[0].strip() for line in told.split("\n\n")[0].splitlines()]
    assert len(kinds) == 9
    assert set(kinds) == {"boundary", "valid", "invalid", "wire"}
    assert right.seen == []


def test_a_dry_run_tells_what_would_be_sent_and_sends_nothing(chatconform, right):
    ran = chatconform("check", right.url, "-m", "mine", "--dry-run", "--only", "response.usage")
    assert ran.status == 0
    assert "  POST /chat/completions (" in ran.out or '  POST /chat/completions {"model":"mine"' in ran.out
    assert re.search(r"^\d+ requests, and a few to find the target; at most \d+ completion tokens\.$", ran.out, re.M)
    assert right.seen == []


def test_a_header_is_sent_with_each_request(chatconform, right):
    chatconform("check", right.url, "--only", SUM, "-H", "X-Team: blue", "-H", "OpenAI-Organization:org-1")
    assert {(seen.headers["X-Team"], seen.headers["OpenAI-Organization"]) for seen in right.seen} == {("blue", "org-1")}


def test_the_key_of_a_variable_is_sent(chatconform, right, monkeypatch):
    monkeypatch.setenv("MY_KEY", f"{KEY}\n")
    chatconform("check", right.url, "--only", SUM, "--api-key-env", "MY_KEY")
    assert {seen.headers["Authorization"] for seen in right.seen} == {f"Bearer {KEY}"}


def test_the_openai_key_goes_to_openai_only(chatconform, right, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert chatconform("check", right.url, "--only", SUM).status == 0
    assert not [seen for seen in right.seen if "Authorization" in seen.headers]


def test_a_key_never_appears_although_the_target_sends_it_back_everywhere(chatconform, small, monkeypatch, tmp_path):
    def behave(seen):
        key = seen.headers["Authorization"].removeprefix("Bearer ")
        if seen.number == 1:
            return small.completion()
        if seen.number % 3 == 0:
            return small.error(400, f"Bad key {key}! {seen.headers['Authorization']}", x_echo=key)
        return small.completion(f"Your key is {key}", id=key, object=key, model=key, usage={"total_tokens": key})

    echo = small.serve(behave)
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setenv("OTHER", "x-secret-9876543210")
    reports = [f"--report={name}={tmp_path / name}" for name in ("json", "junit")]
    ran = chatconform("check", echo.url, "--api-key-env", "MY_KEY", "-v", *reports, "--timeout", "5")
    assert ran.status == 1
    told = {"out": ran.out, "err": ran.err, **{path.name: path.read_text() for path in tmp_path.iterdir()}}
    for text in told.values():
        assert KEY not in text
        assert KEY[3:15] not in text, "not even most of it"
    assert "[redacted]" in told["out"]
    assert '"Authorization: Bearer $MY_KEY"' in told["out"]


def test_a_target_that_dies_half_way_is_told_and_reports_are_written(chatconform, small, tmp_path):
    def behave(seen):
        if seen.number == 8:
            dying.die()
            return small.instead("reset")
        return small.completion(usage=WRONG)

    dying = small.serve(behave)
    path = tmp_path / "report.json"
    ran = chatconform("check", dying.url, "--concurrency", "1", "--report", f"json={path}", "--only", "response.usage")
    assert ran.status == 1, "what failed before stands"
    assert "The run was cut short: the target stopped accepting connections after" in ran.out
    assert json.loads(path.read_text())["cut_short"].startswith("the target stopped accepting connections")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_process_tells_and_writes_what_it_learnt(start, small, tmp_path, number):
    def behave(seen):
        return small.instead("hang") if seen.number > 6 else small.completion()

    slow = small.serve(behave)
    path = tmp_path / "report.json"
    process = start("check", slow.url, "--report", f"json={path}", "--concurrency", "1")
    deadline = time.monotonic() + 20
    while len(slow.seen) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert "The run was cut short: the run was interrupted." in out
    assert "Traceback" not in out + err
    assert process.returncode in {1, 2}
    assert json.loads(path.read_text())["cut_short"] == "the run was interrupted"


def test_colors_are_for_terminals_and_for_those_who_want_them(chatconform, right, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    arguments = ("check", right.url, "--only", SUM)
    assert "\x1b[" in chatconform(*arguments).out
    assert "\x1b[" not in chatconform(*arguments, "--no-color").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in chatconform(*arguments).out


def test_a_reader_that_leaves_does_not_change_the_verdict(start, wrong):
    process = start("check", wrong.url, "--only", SUM)
    process.stdout.close()
    with process:
        assert process.stderr.read() == ""
    assert process.returncode == 1
