"""Nothing foreign acts in Markdown: rendered as GitHub does it, it is words, code and what the kit itself wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cmarkgfm
import orjson
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from chatconform.reports import markdown_report, render
from chatconform.reports.markdown import bounded, code, fenced, folded, prose, table
from chatconform.reports.reading import Kind, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.run_result import RunResult

SAMPLES = Path(__file__).parent / "samples" / "1.0"
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</summary></details></code><h1>me</h1>",
    "![i](http://evil.example/i.png)",
    "[a link](javascript:alert(1))",
    "http://evil.example www.evil.example me@evil.example",
    "@octocat thanks #1 octo/cat#2 GH-3 :smile: $x$",
    "`a` ``b`` ```c``` `",
    "``` \n# heading\n",
    "| a | b |\n|---|---|",
    "a\\|b \\` \\",
    "- [x] done\n1. one\n> quote\n***\n===",
    "**bold** __bold__ ~~gone~~ [^1] &lt;b&gt; &#64;octocat",
    "\u202eevil\u2066 \x1b[31m \x00 \ud800",
    "{{7*7}} ${7*7} <%= 7 %>",
    "<!-- hidden",
    " `",
    "\\",
    "!",
    "](http://evil.example)",
]
SAFE_TAGS = {"p", "code", "pre", "em", "strong", "li", "ul", "h2", "h3", "hr"} | {
    "table", "thead", "tbody", "tr", "th", "td", "details", "summary"
}  # fmt: skip
ACTS = re.compile(r"[@#$`<>\[\]*~|]|://|www\.|:\w+:|\w\.\w+/|GH-\d|&\w+;")


class Seen(HTMLParser):
    """The tags of a page, and its text outside and inside of code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Any]] = []
        self.text = ""
        self.code: list[str] = []
        self._within: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, [pair for pair in attrs if pair[0] not in {"align", "lang"}]))
        if tag == "code":
            self.code.append("")
        self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self._within:
            self.code[-1] += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def rendered(markdown: str) -> Seen:
    page = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    return Seen(re.sub("<(hr|br) />", r"<\1></\1>", page))


def harmless(markdown: str) -> Seen:
    seen = rendered(markdown)
    assert {tag for tag, _ in seen.tags} <= SAFE_TAGS, seen.tags
    assert all(attributes == [] for _, attributes in seen.tags), seen.tags
    assert ACTS.search(seen.text) is None, ACTS.search(seen.text)
    return seen


texts = st.one_of(st.text(), st.sampled_from(HOSTILE), st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join))


@given(texts)
def test_code_shows_any_text_as_it_is_and_on_one_line(text: str) -> None:
    told = code(text, 10_000)
    assert "\n" not in told
    assert told.isprintable()
    if text.isprintable() and text.strip(" "):
        assert [" ".join(shown.split(" ")) for shown in harmless(f"x {told} y").code] == [text]
    harmless(f"{told} and {told}" if told else "")


@given(texts)
def test_no_sentence_acts(text: str) -> None:
    harmless(prose(text))
    harmless(f"- {prose(text)}")


@given(st.lists(texts, min_size=1, max_size=4))
def test_no_text_leaves_its_cell(cells: list[str]) -> None:
    rows = [[code(cell, 10_000) for cell in cells], [prose(cell, 10_000) for cell in cells]]
    seen = harmless("\n".join(table(["head"] * len(cells), rows)))
    assert [tag for tag, _ in seen.tags].count("td") == 2 * len(cells)


@given(st.lists(texts.filter(lambda text: text.isprintable() and text.strip(" ")), min_size=1, max_size=3))
def test_code_in_a_table_is_shown_as_it_is(cells: list[str]) -> None:
    seen = rendered("\n".join(table(["head"] * len(cells), [[code(cell, 10_000) for cell in cells]])))
    assert [shown.strip(" ") for shown in seen.code] == [cell.strip(" ") for cell in cells]


@given(texts)
def test_no_block_of_code_ends_early(text: str) -> None:
    lines = "\n".join(line for line in text.splitlines() if line.isprintable())
    seen = rendered(f"{fenced(lines, 'sh')}\n\n# after")
    assert [tag for tag, _ in seen.tags] == ["pre", "code", "h1"]
    assert seen.code[0].rstrip("\n") == lines.rstrip("\n")


@given(texts)
def test_no_title_unfolds_more_than_it_holds(text: str) -> None:
    seen = harmless(f"{folded('MUST', text, [code('inside')])}\n\n## after")
    assert [tag for tag, _ in seen.tags][:2] == ["details", "summary"]
    assert [tag for tag, _ in seen.tags][-3:] == ["p", "code", "h2"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The usage is told.", "The usage is told."),
        ("`total_tokens` is the sum.", "`total_tokens` is the sum."),
        ("is 5, not 3 + 4", "is 5, not 3 `+` 4"),
        ("the host (llama.cpp: slow).", "the host (`llama.cpp`: slow)."),
        ("a  b ", "a b "),
        ("", ""),
        ("mail me@here.example now", "mail `me@here.example` now"),
        ('calls "a" "b"', 'calls `"a" "b"`'),
    ],
)
def test_sentences_stay_sentences(text: str, told: str) -> None:
    assert prose(text) == told


def test_a_report_ends_before_it_is_too_large() -> None:
    told = bounded((f"{number} {'é' * 1000}" for number in range(100)), "See elsewhere.", 50_000)
    assert len(told.encode()) < 50_000
    assert told.startswith("0 é")
    assert told.endswith("\n\n_There is no room for more here. See elsewhere._\n")


@pytest.mark.parametrize("kind", Kind)
def test_a_results_file_of_each_kind_is_told(kind: Kind) -> None:
    seen = harmless(markdown_report.render_document(read(SAMPLES / f"{kind}.json").document))
    word = "PASSED" if kind is Kind.SERVER else "FAILED"
    assert f"chatconform:  {word}" in seen.text.splitlines()[0]


def test_each_failure_is_unfolded_into_requirement_place_and_command(a_result: Callable[..., RunResult]) -> None:
    told = render("markdown", a_result())
    assert "| MUST | `sample.answers.must-fails` | 2 | `/choices/0` is " in told
    assert "An answer is not hostile. (`CreateChatCompletionResponse.id`)" in told
    assert "; expected: something kind" in told
    assert "curl -sS -i http://127.0.0.1:1/v1/chat/completions" in told
    assert "sk-very-secret" not in told
    assert "| refused | `tools` |" in told
    assert "<summary>Could not be judged: 1</summary>" in told
    harmless(told)


def test_what_a_run_was_cut_short_by_comes_first(a_result: Callable[..., RunResult]) -> None:
    told = render("markdown", a_result(cut_short="the target @died"))
    assert "- The run was cut short: the target `@died`.\n- the model" in told


def test_ten_thousand_failures_fit_into_a_job_summary(server_results: Callable[..., dict[str, Any]]) -> None:
    document = server_results({f"area-{n}.rule-{n}": "failed" for n in range(10_000)}, message="is @wrong " * 100)
    told = markdown_report.render_document(document)
    assert len(told.encode()) < 1024 * 1024
    assert "\nand 9,800 more\n" in told
    assert "There is no room for more here." in told


def test_a_baseline_is_told(server_results: Callable[..., dict[str, Any]]) -> None:
    document = server_results({"a.known": "failed", "a.new": "failed"}, places={"a.new": ["/x", "/y"]})
    document["rules"][0]["excused"] = True
    document["rules"][1]["findings"][0].update(id="0a1b2c3d", excused=True)
    entry = {"place": "/choices/*", "line": 7, "level": "MUST"}
    document["baseline"] = {
        "path": "known.toml",
        "known": [{**entry, "name": "a.known", "reason": "see #12", "id": "abc"}],
        "stale": [{**entry, "name": "a.fixed", "reason": None}],
        "not_looked_at": [{**entry, "name": "a.skipped", "reason": None, "why": "it was not chosen"}],
    }
    told = markdown_report.render_document(document)
    assert "**0 passed, 2 failed (2 MUST; 1 known)**" in told
    assert "| MUST | `a.new` | 2 |" in told
    assert "| MUST | `a.known` | 1 |" not in told
    assert "- `/x`: is wrong (known) (replay `0a1b2c3d`)\n- `/y`: is wrong\n" in told
    assert "### No longer failing, and still in the baseline: 1" in told
    assert "| MUST | `a.fixed` | `/choices/*` |  | 7 |" in told
    assert "<summary>Known failures: 1</summary>" in told
    assert "| MUST | `a.known` | `/choices/*` | see `#12` |" in told
    assert "| `a.skipped` | `/choices/*` |  | it was not chosen |" in told
    harmless(told)


@given(st.sampled_from(Kind), st.data())
def test_no_document_acts_whatever_it_holds(kind: Kind, data: st.DataObject) -> None:
    hostile = data.draw(texts, label="hostile")
    document = orjson.loads((SAMPLES / f"{kind}.json").read_bytes())
    told = markdown_report.render_document(_poisoned(document, hostile))
    harmless(told)


def _poisoned(value: Any, text: str) -> Any:
    """A document with a text in every place where its schema takes any."""
    if isinstance(value, dict):
        kept = {"outcome", "support", "level", "exchange", "schema_version", "kind", "base64", "case", "url"}
        return {key: item if key in kept and key != "url" else _poisoned(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_poisoned(item, text) for item in value]
    return text if isinstance(value, str) else value
