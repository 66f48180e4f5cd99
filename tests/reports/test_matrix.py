"""Many results beside each other: every one has a name, a column, and cells that say what it came to."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from chatconform.reports import matrix_html, matrix_json, matrix_markdown, matrix_terminal
from chatconform.reports.digest import digest
from chatconform.reports.look import Detail, Look
from chatconform.reports.matrix import Entry, tables
from chatconform.reports.matrix_pages import write_pages
from chatconform.reports.reading import Kind, parse, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.reports.matrix import Table

    Make = Callable[..., dict[str, Any]]

REPORTS = Path(__file__).parents[2] / "reports"
SAMPLES = {kind: Path(__file__).parent / "samples" / "1.0" / f"{kind}.json" for kind in Kind}
HOSTILE = "<script>alert(1)</script> \x1b[31m\u202e @octocat"


def entry(document: dict[str, Any], name: str | None = None, source: str = "results.json") -> Entry:
    results = parse(orjson.dumps(document), source)
    return Entry(name, source, digest(results), results)


def names_of(*entries: Entry) -> list[str]:
    return [one.name for table in tables(entries) for one in table.implementations]


def cells(table: Table) -> dict[str, list[str | None]]:
    return {row.id: [None if cell is None else str(cell.shade) for cell in row.cells] for row in table.rows}


def samples() -> list[Entry]:
    return [Entry(None, str(path), digest(read(path)), read(path)) for path in SAMPLES.values()]


def test_each_kind_has_a_table_and_servers_come_first() -> None:
    found = tables(reversed(samples()))
    assert [table.kind for table in found] == [Kind.SERVER, Kind.CLIENT, Kind.RECORDINGS]
    assert [len(table.implementations) for table in found] == [1, 1, 1]


def test_a_row_holds_what_each_implementation_made_of_it(server_results: Make) -> None:
    one = server_results({"response.a.x": "passed", "response.a.y": "failed", "stream.b.z": "inconclusive"})
    other = server_results({"stream.b.z": "unsupported", "response.a.new": "not_exercised", "response.a.x": "failed"})
    (table,) = tables([entry(one, "one"), entry(other, "other")])
    assert cells(table) == {
        "response.a.x": ["passed", "failed"],
        "response.a.y": ["failed", None],
        "response.a.new": [None, "not_exercised"],
        "stream.b.z": ["inconclusive", "unsupported"],
    }
    assert [area.name for area in table.areas] == ["response.a", "stream.b"]


def test_scenarios_and_rules_of_a_client_stand_in_areas_of_their_own() -> None:
    (table,) = tables([samples()[list(Kind).index(Kind.CLIENT)]])
    names = [area.name for area in table.areas]
    assert names[:2] == ["scenarios: faults", "scenarios: not streamed"]
    assert "request.http" in names
    assert len(names) == len(set(names))


def test_capabilities_stand_beside_each_other(server_results: Make) -> None:
    def able(**supports: str) -> list[dict[str, Any]]:
        return [{"name": n, "title": f"can {n}", "support": s, "exchange": None} for n, s in supports.items()]

    one = server_results({}, capabilities=able(tools="honoured", n="refused"))
    other = server_results({}, capabilities=able(tools="ignored"))
    (table,) = tables([entry(one, "one"), entry(other, "other")])
    assert [(one.name, one.supports) for one in table.abilities] == [
        ("tools", ("honoured", "ignored")),
        ("n", ("refused", None)),
    ]


def test_names_are_as_short_as_tells_them_apart(server_results: Make) -> None:
    def at(url: str, model: str | None = "m", source: str = "r.json") -> Entry:
        return entry(server_results({}, url=url, model=model), None, source)

    assert names_of(at("http://a:1/v1"), at("http://b:2/v1")) == ["a:1", "b:2"]
    assert names_of(at("http://a:1/v1", "x"), at("http://a:1/v1", "y"), at("http://b/v1")) == ["a:1 x", "a:1 y", "b"]
    assert names_of(at("http://a/v1", source="d/old.json"), at("http://a/v1", source="d/new.json")) == [
        "a m (old)",
        "a m (new)",
    ]
    assert names_of(*[at("http://a/v1", source="same.json")] * 3) == ["a m (same)", "a m (same) #2", "a m (same) #3"]


def test_a_given_name_wins_and_is_still_told_apart(server_results: Make) -> None:
    document = server_results({}, url="http://a/v1")
    assert names_of(entry(document, "vllm"), entry(document, "vllm"), entry(document)) == ["vllm", "vllm #2", "a"]
    assert names_of(entry(document, "a"), entry(document)) == ["a", "a m"]
    assert names_of(entry(document, "a #2"), entry(document, "a"), entry(document, "a")) == ["a #2", "a", "a #3"]


def test_no_two_implementations_share_an_address(server_results: Make) -> None:
    document = server_results({})
    given = ["A b", "a.b", "a-b", "../../etc", "", "\u202e", "index"]
    found = [one for table in tables(entry(document, name) for name in given) for one in table.implementations]
    slugs = [one.slug for one in found]
    assert len(set(slugs)) == len(slugs)
    assert "index" not in slugs
    assert all(slug and set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for slug in slugs)


def test_recordings_are_named_after_their_file() -> None:
    path = SAMPLES[Kind.RECORDINGS]
    assert names_of(Entry(None, "logs/monday.json", digest(read(path)))) == ["monday"]


def text(entries: list[Entry], detail: Detail = Detail.USUAL, width: int = 100, color: bool = False) -> str:
    return matrix_terminal.render(tables(entries), Look(detail, color, width))


def test_the_text_tells_counts_and_what_some_fail(server_results: Make) -> None:
    levels = {"response.a.y": "SHOULD", "response.a.i": "INFO"}
    one = server_results({"response.a.x": "failed", "response.a.y": "passed", "response.a.i": "failed"}, levels=levels)
    other = server_results(
        {"response.a.x": "passed", "response.a.y": "failed", "response.a.z": "passed"}, levels=levels
    )
    told = text([entry(one, "one"), entry(other, "other")])
    assert "   1  one    FAILED               1             1       .     1" in told
    assert "   2  other  PASSED               2             .       1     ." in told
    assert "response.a.x  MUST      FAIL   pass\n" in told
    assert "response.a.y  SHOULD    pass   fail\n" in told
    assert "response.a.i  INFO      info\n" in told
    assert "response.a.z" not in told
    assert "FAIL: counts against its run; fail: does not count; info: worth knowing, and no breach; blank:" in told
    assert "1 row that nobody fails: -v shows them." in told
    assert "response.a.z  MUST             pass" in text([entry(one), entry(other)], Detail.EVERYTHING)
    assert "response.a.x" not in text([entry(one), entry(other)], Detail.QUIET)


def test_an_excused_failure_is_told_not_to_count(server_results: Make) -> None:
    document = server_results({"response.a.x": "failed"})
    document["rules"][0]["excused"] = True
    assert "response.a.x  MUST      fail\n" in text([entry(document)])
    page = matrix_html.render(tables([entry(document, "one")]))
    assert "<td class=known><a " in page
    assert "MUST<i> known to fail</i></a>" in page


def test_columns_that_do_not_fit_come_below(server_results: Make) -> None:
    entries = [entry(server_results({"response.a.x": "failed"}), f"number {n}") for n in range(30)]
    told = text(entries, width=80)
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("response.a.x") == 4
    assert told.count("FAIL ") + told.count("FAIL\n") == 30


@pytest.mark.parametrize("width", [20, 60, 100])
def test_nothing_foreign_reaches_the_terminal_unescaped(server_results: Make, width: int) -> None:
    client = orjson.loads(SAMPLES[Kind.CLIENT].read_bytes())
    client["client"] = {"name": HOSTILE, "version": HOSTILE}
    client["scenarios"][0]["id"] = HOSTILE
    client["scenarios"][0].update(outcome="failed", kind="wrong")
    server = server_results({"response.a.x": "failed"}, url=f"http://{HOSTILE}/v1", model=HOSTILE, message=HOSTILE)
    told = text([entry(client), entry(server), entry(server, HOSTILE)], width=width)
    assert all(line.isprintable() for line in told.splitlines())


def test_all_of_it_passing_is_told(server_results: Make) -> None:
    assert "Nothing that was judged failed." in text([entry(server_results({"response.a.x": "passed"}))])


def test_the_json_keeps_to_its_schema_and_is_no_results_file() -> None:
    document = orjson.loads(matrix_json.render(tables(samples())))
    schema = orjson.loads((REPORTS / "matrix.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert [table["kind"] for table in document["tables"]] == ["server", "client", "recordings"]
    assert document["tables"][0]["implementations"][0]["file"] == "server.json"
    with pytest.raises(
        Exception, match="is JSON of chatconform, but no results: it holds schema_version, tool, tables"
    ):
        parse(orjson.dumps(document), "m.json")


def test_the_markdown_tells_what_some_fail_and_folds_the_rest(server_results: Make) -> None:
    one = server_results({"response.a.x": "failed", "response.b.y": "passed"})
    told = matrix_markdown.render(tables([entry(one, "a | b"), entry(one, "`c`")]))
    assert "| `a \\| b` | `http://127.0.0.1:8000/v1, model m` | FAILED | 1 | 1 |" in told
    assert "| `response.a.x` | MUST | **fails** | **fails** |" in told
    assert "<details><summary> <code>response.b (1 row)</code></summary>" in told


def test_the_markdown_of_a_thousand_results_fits_into_a_job_summary(server_results: Make) -> None:
    outcomes = {f"response.area-{n // 10}.rule-{n}": "failed" if n % 9 == 0 else "passed" for n in range(250)}
    one = entry(server_results(outcomes), "x" * 80)
    told = matrix_markdown.render(tables([one] * 1000))
    assert len(told.encode()) < 1024 * 1024
    assert "There is no room for more here." in told


def test_a_page_holds_every_cell_and_leads_to_each_failure(server_results: Make) -> None:
    one = server_results({"response.a.x": "failed", "response.a.y": "passed"}, message="is `wrong`")
    page = matrix_html.render(tables([entry(one, "One"), entry(one, "Two")]))
    assert page.count('<td class=failed><a href="#of-one.response.a.x">✗ MUST<i> failed</i></a>') == 1
    assert page.count("<td class=passed>✓<i> passed</i>") == 2
    assert '<li id="of-two.response.a.x">' in page
    assert "is <code>wrong</code>" in page


def test_pages_lead_to_each_other(server_results: Make, tmp_path: Path) -> None:
    write_pages(tmp_path / "site", [entry(server_results({"response.a.x": "failed"}), "One"), *samples()[1:]])
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == [
        "fetch.html",
        "index.html",
        "one.html",
        "recordings.html",
    ]
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert '<a href="one.html#response.a.x">' in index
    assert 'href="index.html"' in (tmp_path / "site" / "one.html").read_text("utf-8")
    assert 'id="response.a.x"' in (tmp_path / "site" / "one.html").read_text("utf-8")


def test_results_that_were_not_kept_are_read_again_for_their_page(server_results: Make, tmp_path: Path) -> None:
    source = tmp_path / "r.json"
    source.write_bytes(orjson.dumps(server_results({"response.a.x": "passed"})))
    write_pages(tmp_path / "site", [Entry("One", str(source), digest(read(source)))])
    assert (tmp_path / "site" / "one.html").is_file()


def test_many_results_are_held_in_little_memory(server_results: Make) -> None:
    outcomes = {f"response.area.rule-{n}": "failed" if n % 10 == 0 else "passed" for n in range(250)}
    data = orjson.dumps(server_results(outcomes))
    tracemalloc.start()
    entries = [Entry(None, f"{n}.json", digest(parse(data, "r.json"))) for n in range(50)]
    (table,) = tables(entries)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table.implementations) == 50
    assert held / 50 < 120_000  # bytes for each; the document alone, parsed, takes four times as many


def test_a_cell_that_was_not_judged_is_empty_and_says_so(server_results: Make) -> None:
    one, other = server_results({"response.a.x": "passed"}), server_results({"response.a.y": "passed"})
    page = matrix_html.render(tables([entry(one, "one"), entry(other, "two")]))
    assert page.count("<td><i>not among the chosen</i>") == 2
