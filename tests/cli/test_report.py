"""`chatconform report`: what was written before is told in every form, and what cannot be is one sentence."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

TIME = r"\d\d:\d\d:\d\d"
SAMPLES = Path(__file__).parents[1] / "reports" / "samples" / "1.0"
SERVER, CLIENT, RECORDINGS = (str(SAMPLES / f"{kind}.json") for kind in ("server", "client", "recordings"))


@pytest.fixture
def saved(tmp_path, server_results):
    """Writes the results of a server to a file, and gives its path."""

    def save(name, outcomes, **members):
        path = tmp_path / name
        path.write_bytes(orjson.dumps(server_results(outcomes, **members)))
        return str(path)

    return save


def refused(ran) -> str:
    """The one sentence of a refusal."""
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("chatconform: ")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 600
    return ran.err.removeprefix("chatconform: ").rstrip("\n")


def test_many_results_are_a_table(chatconform):
    ran = chatconform("report", SERVER, CLIENT, f"my logs={RECORDINGS}")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("Servers\n\n")
    assert "\nClients\n" in ran.out
    assert "   1  my logs  FAILED" in ran.out
    assert "f.stream-error-object" in ran.out


def test_every_format_is_told_to_stdout(chatconform):
    assert chatconform("report", SERVER, CLIENT, "--html").out.startswith("<!doctype html>")
    assert chatconform("report", SERVER, CLIENT, "--markdown").out.startswith("## Servers\n")
    assert orjson.loads(chatconform("report", SERVER, CLIENT, "--json").out)["tables"][1]["kind"] == "client"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("m.html", "<!doctype html>"), ("m.md", "## Servers"), ("m.json", "{"), ("m.txt", "Servers")],
)
def test_the_ending_of_a_file_says_the_format(chatconform, tmp_path, name, beginning):
    ran = chatconform("report", SERVER, CLIENT, "-o", str(tmp_path / name))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / name).read_text("utf-8").startswith(beginning)


def test_one_result_is_its_own_page_and_summary(chatconform, tmp_path):
    assert chatconform("report", f"mine={CLIENT}", "--html", "-o", str(tmp_path / "one.html")).status == 0
    page = (tmp_path / "one.html").read_text("utf-8")
    assert "<h1>mine</h1>" in page
    assert 'id="f.stream-error-object"' in page
    assert chatconform("report", CLIENT, "--markdown").out.startswith("## chatconform: `fetch` FAILED\n")


def test_the_page_of_a_file_is_the_page_of_the_run(chatconform, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"model": "m", "messages": [{"role": "usr", "content": "hi"}]}\n')
    for form in ("html", "markdown"):
        results, page = tmp_path / "r.json", tmp_path / f"r.{form}"
        ran = chatconform("validate", str(log), "--report", f"json={results}", "--report", f"{form}={page}", "-q")
        assert ran.status == 1
        told = chatconform("report", str(results), f"--{form}").out
        assert re.sub(TIME, "", told) == re.sub(TIME, "", page.read_text("utf-8"))


def test_a_folder_holds_an_index_and_a_page_for_each(chatconform, tmp_path):
    site = tmp_path / "site"
    ran = chatconform("report", SERVER, f"one={CLIENT}", RECORDINGS, "-o", f"{site}/")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert {path.name for path in site.iterdir()} == {
        "index.html",
        "127-0-0-1-18460.html",
        "one.html",
        "recordings.html",
    }
    assert chatconform("report", SERVER, CLIENT, "--html", "-o", str(site)).status == 0


def test_names_may_hold_the_sign_that_divides_them_from_files(chatconform, saved):
    odd = saved("a=b.json", {"response.a.x": "passed"}, url="http://odd/v1")
    assert "1  odd " in chatconform("report", odd).out
    assert "1  it " in chatconform("report", f"it={odd}").out


def test_results_are_read_from_stdin_and_pipes(chatconform, monkeypatch, tmp_path):
    data = Path(SERVER).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert chatconform("report", "-", CLIENT, "-o", f"{tmp_path}/site/").status == 0
    assert (tmp_path / "site" / "127-0-0-1-18460.html").is_file()


def test_what_newly_fails_is_exit_status_1(chatconform, saved):
    old = saved("old.json", {"response.a.x": "passed", "response.a.y": "failed"})
    new = saved("new.json", {"response.a.x": "failed", "response.a.y": "passed"})
    ran = chatconform("report", "--diff", old, new)
    assert (ran.status, ran.err) == (1, "")
    assert "Newly failing (1)" in ran.out
    assert "Fixed (1)" in ran.out
    assert ran.out.endswith("WORSE  1 newly failing; 1 fixed\n")
    assert chatconform("report", "--diff", old, old).status == 0


def test_strict_counts_a_should(chatconform, saved):
    level = {"levels": {"response.a.x": "SHOULD"}}
    old = saved("old.json", {"response.a.x": "passed"}, **level)
    new = saved("new.json", {"response.a.x": "failed"}, **level)
    assert chatconform("report", "--diff", old, new).status == 0
    assert chatconform("report", "--diff", old, new, "--strict").status == 1


def test_a_comparison_is_told_in_every_format(chatconform, saved, tmp_path):
    old, new = saved("old.json", {"response.a.x": "passed"}), saved("new.json", {"response.a.x": "failed"})
    ran = chatconform("report", "--diff", old, new, "--markdown")
    assert (ran.status, ran.out.splitlines()[0]) == (1, "## chatconform: WORSE")
    assert orjson.loads(chatconform("report", "--diff", old, new, "--json").out)["exit_status"] == 1
    ran = chatconform("report", "--diff", old, new, "-o", str(tmp_path / "d.md"))
    assert (ran.status, ran.out) == (1, "")
    assert (tmp_path / "d.md").read_text("utf-8").startswith("## chatconform: WORSE")


def test_badges_are_written_beside_what_is_told(chatconform, tmp_path):
    picture, service = tmp_path / "b.svg", tmp_path / "b.json"
    ran = chatconform("report", f"<fetch>={CLIENT}", "--badge", str(picture), "--badge", str(service))
    assert ran.status == 0
    assert ran.out.startswith("Clients\n")
    assert "<title" in picture.read_text("utf-8")
    assert "&lt;fetch&gt;: 3 must, 2 should failed" in picture.read_text("utf-8")
    assert orjson.loads(service.read_bytes())["label"] == "<fetch>"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([SERVER, "--diff"], "--diff compares two results, the older and the newer, and 1 was given"),
        ([SERVER, SERVER, SERVER, "--diff"], "--diff compares two results, the older and the newer, and 3 were given"),
        ([SERVER, CLIENT, "--diff"], "the first results are of a server, the second of a client"),
        ([SERVER, SERVER, "--diff", "--html"], "--diff is told as text, with --markdown or with --json, in one file"),
        ([SERVER, CLIENT, "--badge", "b.svg"], "--badge is of one result, and 2 were given"),
        ([SERVER, "--badge", "b.png"], "the badge b.png is to end in .svg (a picture) or .json (for badge services)"),
        ([SERVER, "--badge", "/no/such/b.svg"], "there is no folder /no/such"),
        ([SERVER, "-o", "/no/such/r.html"], "there is no folder /no/such"),
        ([SERVER, "-o", "r.pdf"], "r.pdf is to end in .html, .md, .json or .txt; or say --html"),
        ([SERVER, "-o", "/no/such/site/"], "there is no folder above it"),
        ([SERVER, "--json", "-o", "/"], "/ is a folder, and only --html fills one; name a file"),
        (["/no/such.json"], "there is no file /no/such.json; give a file that --report json=FILE wrote"),
        ([str(SAMPLES)], "is a folder; name the files in it, as in"),
        ([__file__], "is not JSON"),
    ],
)
def test_what_cannot_be_told_is_one_sentence(chatconform, arguments, sentence):
    assert sentence in refused(chatconform("report", *arguments))


def test_nothing_is_written_where_a_file_cannot_be_read(chatconform, tmp_path):
    half = tmp_path / "half.json"
    half.write_bytes(Path(SERVER).read_bytes()[:9000])
    ran = chatconform("report", SERVER, str(half), "-o", str(tmp_path / "m.html"))
    assert "half.json is cut off at line " in refused(ran)
    assert not (tmp_path / "m.html").exists()


def test_a_thousand_files_that_are_no_results_are_counted(chatconform, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    ran = chatconform("report", *[str(bad)] * 1000)
    assert (ran.status, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "chatconform: 990 more files are no results that can be read"


def test_a_thousand_results_are_told(chatconform, saved, tmp_path):
    outcomes = {f"response.area-{n // 10}.rule-{n}": "failed" if n % 7 == 0 else "passed" for n in range(50)}
    path = saved("one.json", outcomes)
    ran = chatconform("report", *[path] * 1000, "-o", str(tmp_path / "m.html"))
    assert (ran.status, ran.err) == (0, "")
    page = (tmp_path / "m.html").read_text("utf-8")
    assert page.count('<td class="number passed">1,000') == 42
    assert page.count('<td class="number failed">1,000') == 8


@pytest.mark.skipif(os.name == "nt", reason="there is no such device")
def test_a_full_disk_is_told(chatconform):
    assert refused(chatconform("report", SERVER, "--html", "-o", "/dev/full")).endswith("No space left on device")


def test_the_help_tells_the_exit_statuses(chatconform):
    ran = chatconform("report", "--help")
    assert ran.status == 0
    assert "exit status: 0 told, 1 something newly fails (--diff), 2 cannot be told" in ran.out
