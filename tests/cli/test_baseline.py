"""`--baseline` and `--update-baseline`, for servers, clients and recordings alike."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

SUM = "response.usage.total-is-the-sum"
PARTS = {"prompt_tokens": 3, "completion_tokens": 2}
PLACE = "/usage/total_tokens"
BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
ROLE = "schema.create-chat-completion-request  /messages/*/role"


@pytest.fixture
def totals():
    """The totals that a server tells, the last of them first."""
    return [7]


@pytest.fixture
def known(tmp_path):
    """The file of known failures."""
    return tmp_path / "known.txt"


@pytest.fixture
def check(chatconform, small, totals, known):
    """Checks the server by one rule, with the file of known failures."""
    server = small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": totals[-1]}))

    def run(*arguments):
        return chatconform("check", server.url, "--only", SUM, "--baseline", str(known), *arguments)

    run.server = server
    return run


@pytest.fixture
def logs(tmp_path):
    """A recording of a request with a role that there is not."""
    path = tmp_path / "logs.jsonl"
    path.write_text(json.dumps({**BODY, "messages": [{"role": "usr", "content": "x"}]}) + "\n")
    return path


def test_a_baseline_begins_with_an_update_and_then_holds(check, known, totals):
    made = check("--update-baseline")
    assert (made.status, made.err) == (0, f"chatconform: wrote {known}: 1 added, 0 removed\n")
    assert known.read_text().splitlines()[-2:] == ["[check]", f"{SUM}  {PLACE}"]
    held = check()
    assert held.status == 0
    assert f"Known failures, by {known}:\n  XFAIL MUST  {SUM}  {PLACE}\n" in held.out
    assert "1 failed (1 known)" in held.out.splitlines()[-1]
    totals.append(5)
    mended = check()
    assert mended.status == 1
    assert f"STALE MUST  {known}:5  {SUM}  {PLACE}" in mended.out
    assert "1 line of the baseline stale" in mended.out.splitlines()[-1]
    kept_up = check("--update-baseline")
    assert (kept_up.status, kept_up.err) == (0, f"chatconform: wrote {known}: 0 added, 1 removed\n")
    assert check("--update-baseline").err == f"chatconform: {known} is as it should be\n"


def test_an_update_keeps_what_people_wrote(check, known):
    text = f"# Ours.\n\n[client]\nst.plain  # ticket 3\n\n[check]\n# Tokens.\n{SUM} {PLACE}  # ticket 4\n"
    known.write_text(text)
    assert check("--update-baseline").status == 0
    assert known.read_text() == text


def test_a_failure_at_another_place_fails_the_run(check, known):
    known.write_text(f"{SUM}  /usage/prompt_tokens\n")
    ran = check()
    assert ran.status == 1
    assert f"FAIL MUST  {SUM}" in ran.out


def test_quiet_tells_what_fails_the_run_and_no_more(check, known, totals):
    known.write_text(f"{SUM}  {PLACE}\n")
    assert len(check("-q").out.splitlines()) == 1
    totals.append(5)
    assert check("-q").out.splitlines()[0] == f"STALE MUST  {known}:1  {SUM}  {PLACE}"


def test_what_was_not_looked_at_is_told_and_kept(check, known):
    known.write_text(f"{SUM}  {PLACE}\nresponse.usage.is-told  whole\n")
    ran = check("--update-baseline")
    assert ran.status == 0
    assert "Not looked at in this run, and so left as they are: 1 line" in ran.out
    assert "response.usage.is-told" in known.read_text()


def test_a_level_that_does_not_count_is_stale_without_harm(chatconform, small, known):
    should = "response.http.request-id-is-told"
    server = small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": 5}))
    arguments = ("check", server.url, "--only", should, "--only", SUM, "--baseline", str(known), "--update-baseline")
    chatconform(*arguments)
    assert should not in known.read_text(), "a SHOULD fails no run, so there is nothing to excuse"
    chatconform(*arguments, "--strict")
    assert should in known.read_text()
    good = ("check", "--only", should, "--baseline", str(known))
    assert chatconform(*good).status == 0
    assert "STALE SHOULD" in chatconform(*good).out
    assert chatconform(*good, "--strict").status == 1


def test_every_report_tells_it(check, known, totals, tmp_path):
    known.write_text(f"{SUM}  {PLACE}  # ticket 4\n")
    files = [f"--report={name}={tmp_path / name}" for name in ("json", "junit", "markdown", "html")]
    check(*files)
    document = json.loads((tmp_path / "json").read_text())
    (rule,) = (rule for rule in document["rules"] if rule["id"] == SUM)
    assert (document["exit_status"], rule["outcome"], rule["excused"]) == (0, "failed", True)
    assert {finding["excused"] for finding in rule["findings"]} == {True}
    (entry,) = document["baseline"]["known"]
    assert (entry["name"], entry["place"], entry["reason"], entry["line"]) == (SUM, PLACE, "ticket 4", 1)
    assert entry["id"] == rule["findings"][0]["id"]
    suite = ElementTree.parse(tmp_path / "junit").getroot()
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    (skipped,) = suite.iter("skipped")
    assert (skipped.get("type"), "ticket 4" in skipped.get("message")) == ("xfail", True)
    totals.append(5)
    check(*files)
    assert json.loads((tmp_path / "json").read_text())["baseline"]["stale"][0]["level"] == "MUST"
    (failure,) = ElementTree.parse(tmp_path / "junit").getroot().iter("failure")
    assert failure.get("type") == "stale"


def test_recordings_have_a_baseline_too(chatconform, logs, known, tmp_path):
    arguments = ("validate", str(logs), "--baseline", str(known))
    assert chatconform(*arguments, "--update-baseline").status == 0
    assert known.read_text().splitlines()[-2:] == ["[validate]", ROLE]
    ran = chatconform(*arguments, f"--report=sarif={tmp_path / 'sarif'}", f"--report=junit={tmp_path / 'junit'}")
    assert ran.status == 0
    assert "findings: 1 known" in ran.out.splitlines()[-1]
    (result,) = json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"]
    assert (result["baselineState"], result["suppressions"][0]["status"]) == ("unchanged", "accepted")
    logs.write_text(json.dumps({**BODY, "n": "two"}) + "\n")
    worse = chatconform(*arguments, f"--report=sarif={tmp_path / 'sarif'}")
    assert worse.status == 1
    (run,) = json.loads((tmp_path / "sarif").read_text())["runs"]
    assert [one["baselineState"] for one in run["results"]] == ["new"]
    assert "no longer fails" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_a_file_for_all_commands_says_to_each_what_is_its(chatconform, check, logs, known):
    check("--update-baseline")
    chatconform("validate", str(logs), "--baseline", str(known), "--update-baseline")
    text = known.read_text()
    assert text.splitlines()[-5:] == ["[check]", f"{SUM}  {PLACE}", "", "[validate]", ROLE]
    assert check().status == 0
    assert chatconform("validate", str(logs), "--baseline", str(known)).status == 0
    assert known.read_text() == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{SUM}s", f"known.txt:1: no rule or scenario matches '{SUM}s'; near: {SUM}"),
        (f"# x\n{SUM}  usage", "known.txt:2: a place is a JSON Pointer such as /choices/*/message, or whole"),
        ("\0", "known.txt:1: this is no text"),
        ("\udcff", "known.txt:1: this is no UTF-8"),
    ],
)
def test_a_line_that_says_nothing_is_told_before_anything_is_asked(check, known, text, sentence):
    known.write_bytes(text.encode(errors="surrogateescape"))
    before = known.read_bytes()
    for arguments in ((), ("--update-baseline",)):
        ran = check(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert sentence in ran.err
        assert ran.err.count("\n") == 1
    assert check.server.seen == []
    assert known.read_bytes() == before


def test_a_baseline_that_is_not_there_is_told(chatconform, check, tmp_path):
    assert check().err.endswith("known.txt; --update-baseline makes one\n")
    for path, sentence in ((tmp_path / "no" / "file", "there is no folder"), (tmp_path, "cannot be read")):
        for arguments in ((), ("--update-baseline",)):
            ran = chatconform("check", "--baseline", str(path), *arguments)
            assert (ran.status, sentence in ran.err) == (2, True), ran.err
    ran = chatconform("check", "--update-baseline")
    assert ran.err == "chatconform: --update-baseline wants --baseline FILE, which names the file to write\n"


def test_a_run_that_is_cut_short_calls_nothing_stale(check, known):
    text = f"{SUM}  {PLACE}\n{SUM}  /usage\n"
    known.write_text(text)
    ran = check("--max-requests", "4", "--update-baseline")
    assert "STALE" not in ran.out
    assert known.read_text() == text


def test_a_baseline_from_python(small, known, totals):
    import chatconform as package

    server = small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": totals[-1]}))
    known.write_text(f"{SUM}  {PLACE}\n")
    assert package.check(server.url, only=[SUM], baseline=known).exit_status() == 0
    assert package.check(server.url, only=[SUM]).exit_status() == 1
    totals.append(5)
    assert package.check(server.url, only=[SUM], baseline=str(known)).exit_status() == 1
    assert package.validate([{**BODY, "n": "x"}], baseline=known).exit_status() == 1
    known.write_text("[validate]\nschema.create-chat-completion-request  /n\n")
    assert package.validate([{**BODY, "n": "x"}], baseline=known).exit_status() == 0
    with pytest.raises(package.BaselineError, match="there is no baseline"):
        package.check(server.url, baseline="nowhere.txt")
