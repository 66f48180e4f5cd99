"""`chatconform replay`: what failed is asked for again, or printed for other tools."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from shutil import which

import pytest

from chatconform.core.failure import failure_id

SUM = "response.usage.total-is-the-sum"
PARTS = {"prompt_tokens": 3, "completion_tokens": 2}
ID = failure_id(SUM, "/usage/total_tokens")


@pytest.fixture
def totals():
    """The totals that a server tells, the last of them first."""
    return [7]


@pytest.fixture
def server(small, totals):
    return small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": totals[-1]}))


@pytest.fixture
def report(chatconform, server, tmp_path):
    path = tmp_path / "report.json"
    chatconform("check", server.url, "--only", SUM, "--report", f"json={path}")
    return path


def test_a_failure_is_asked_for_again_until_it_is_mended(chatconform, report, totals):
    again = chatconform("replay", str(report), ID)
    assert again.status == 1
    assert again.out == (
        f"still failing  {ID}  {SUM}  /usage/total_tokens\n"
        "               /usage/total_tokens is 7, not 3 + 2\n1 still failing\n"
    )
    totals.append(5)
    mended = chatconform("replay", str(report))
    assert (mended.status, mended.out) == (0, f"fixed          {ID}  {SUM}  /usage/total_tokens\n1 fixed\n")


def test_the_terminal_names_the_command_that_replays_a_failure(chatconform, server, tmp_path):
    path = tmp_path / "a report.json"
    told = chatconform("check", server.url, "--only", SUM, "--report", f"json={path}").out
    (command,) = re.findall(r"chatconform (replay .*)", told)
    assert command == f"replay '{path}' {ID}"
    assert f"chatconform replay FILE {ID}\n" in chatconform("check", server.url, "--only", SUM).out


def test_what_came_back_is_shown_when_asked_for(chatconform, report):
    shown = chatconform("replay", str(report), "-v").out
    assert "curl -sS" in shown
    assert '"total_tokens": 7' in shown


def test_a_report_can_come_from_stdin(chatconform, report, monkeypatch):
    with report.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": file}))
        assert chatconform("replay", "-", ID).status == 1


def test_a_target_that_is_gone_is_told(chatconform, report, server):
    server.die()
    ran = chatconform("replay", str(report))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("cannot be reached: Connection refused; --url asks another server\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], f"the report holds no failure, rule or exchange named 'nothing'; its failures are {ID}"),
        (["--adapter", "openai"], "is of a server; --client and --adapter are for reports on clients"),
        (["--url", "nowhere"], "'nowhere'"),
        (["-H", "x"], "-H wants a header"),
    ],
)
def test_what_cannot_be_replayed_is_one_sentence(chatconform, report, arguments, sentence):
    ran = chatconform("replay", str(report), *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no file"),
        ('{"a": 1}', "no results of chatconform"),
        ('{"schema_version": "1.0", "tool"', "is no JSON"),
    ],
)
def test_a_file_that_is_no_report_is_told(chatconform, tmp_path, content, sentence):
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    ran = chatconform("replay", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "report.json" in ran.err
    assert sentence in ran.err or content is not None


def test_recordings_are_shown_again_by_another_command(chatconform, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"model":"m","messages":[{"role":"usr","content":"x"}]}\n')
    report = tmp_path / "r.json"
    chatconform("validate", str(tmp_path / "a.jsonl"), "--report", f"json={report}")
    ran = chatconform("replay", str(report))
    assert ran.status == 2
    assert "chatconform validate FILE --explain FILE:LINE" in ran.err


@pytest.mark.parametrize("form", ["curl", "httpie", "python"])
def test_a_printed_request_is_no_request_sent(chatconform, report, server, form):
    before = len(server.seen)
    ran = chatconform("replay", str(report), ID, "--format", form, "--api-key-env", "HOME")
    assert ran.status == 0
    assert ran.out.startswith(f"# {ID}  {SUM}  /usage/total_tokens\n")
    assert len(server.seen) == before


def test_a_printed_script_sends_the_same_bytes(chatconform, report, server):
    seen = [(one.headers, one.body) for one in server.seen]
    for form, runner in (("python", [sys.executable, "-c"]), ("curl", [which("bash") or "sh", "-c"])):
        script = chatconform("replay", str(report), ID, "--format", form).out
        before = len(server.seen)
        done = subprocess.run([*runner, script], capture_output=True, text=True, check=False)
        assert '"total_tokens": 7' in done.stdout, done.stderr
        sent = server.seen[before:]
        assert sent
        assert all(any(one.body == body for _, body in seen) for one in sent)
        if form == "python":
            assert all(any(one.headers == headers for headers, _ in seen) for one in sent)


ADAPTER = """
import json, sys, urllib.request
FIELDS = ["role", "content", "finish_reason"]
hello = {"protocol": 1, "client": "mine", "version": "1", "features": [], "fields": FIELDS}
print(json.dumps({"hello": hello}), flush=True)
for line in sys.stdin:
    op = json.loads(line)
    body, headers = json.dumps(op["request"]).encode(), {"content-type": "application/json"}
    request = urllib.request.Request(op["base_url"] + "/chat/completions", body, headers)
    completion = json.load(urllib.request.urlopen(request))
    if sys.argv[1] == "wrong":
        completion["choices"][0]["message"]["content"] = "no"
    error = {"kind": "other", "message": "no"}
    reply = {"ok": False, "error": error} if sys.argv[1] == "raises" else {"ok": True, "completion": completion}
    print(json.dumps({"id": op["id"], **reply}), flush=True)
"""


@pytest.fixture
def client(tmp_path):
    """The command of a client that is wrong, or does what another word says."""
    (tmp_path / "adapter.py").write_text(ADAPTER)
    return lambda how="wrong": f"{sys.executable} {tmp_path / 'adapter.py'} {how}"


def test_a_scenario_is_put_to_the_client_again(chatconform, client, tmp_path):
    path = tmp_path / "r.json"
    ran = chatconform("client", "--only", "ns.plain", "--report", f"json={path}", "--", *client().split())
    assert ran.status == 1, ran.err
    assert f"chatconform replay {path} ns.plain" in ran.out
    for how, status, word in (("wrong", 1, "still failing"), ("raises", 1, "different"), ("right", 0, "fixed")):
        again = chatconform("replay", str(path), "ns.plain", "--client", client(how))
        assert (again.status, again.out.splitlines()[0]) == (status, f"{word:<13}  ns.plain"), again.err
        assert again.out.splitlines()[-1] == f"1 {word}"


def test_a_report_on_a_client_says_how_to_drive_it(chatconform, client, tmp_path):
    path = tmp_path / "r.json"
    chatconform("client", "--only", "ns.plain", "--report", f"json={path}", "--", *client().split())
    for arguments, sentence in (
        ([], f"`chatconform replay {path} ns.plain --adapter NAME`, or --client COMMAND"),
        (["st.none", "--client", "x"], "the report holds no failure named 'st.none'; it holds ns.plain"),
        (["--format", "curl"], "a client sends its requests itself"),
        (["--client", "'"], "--client cannot be read as words"),
        (["--client", "/nowhere/adapter"], "/nowhere/adapter"),
    ):
        ran = chatconform("replay", str(path), *arguments)
        assert (ran.status, ran.out) == (2, "")
        assert sentence in ran.err


@pytest.mark.parametrize("form", ["curl", "httpie", "python"])
def test_a_hostile_report_writes_no_line_of_its_own_into_a_script(chatconform, report, form):
    document = json.loads(report.read_text())
    evil = "x\nrm -rf /\n\x1b[31m"
    for rule in document["rules"]:
        for finding in rule["findings"]:
            finding.update(id=evil, place=evil, case=evil)
    for exchange in document["exchanges"].values():
        exchange.update(case=evil, about={"chunked": "1):\n    import evil #", "left_after": "soon"})
        exchange["request"]["headers"].append(["Transfer-Encoding", "chunked"])
    report.write_text(json.dumps(document))
    told = chatconform("replay", str(report), "--format", form).out
    assert "\x1b" not in told
    assert not [line for line in told.splitlines() if line.startswith("rm ")]
    assert "evil" not in told.replace("\\n", "")
    assert chatconform("replay", str(report)).status == 1


def test_a_base_url_that_is_none_is_told(chatconform, report):
    for arguments in ((), ("--format", "python")):
        ran = chatconform("replay", str(report), "--url", "http://x:port/v1", *arguments)
        assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_the_json_names_each_failure(report):
    document = json.loads(report.read_text())
    findings = [finding for rule in document["rules"] for finding in rule["findings"]]
    assert {(one["id"], one["place"], one["excused"]) for one in findings} == {(ID, "/usage/total_tokens", False)}
