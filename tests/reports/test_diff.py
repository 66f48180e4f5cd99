"""What changed between two results: nothing that got worse is missed, and nothing is called news that is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from chatconform.core.tally import MOST_PLACES
from chatconform.reports import diff_json, diff_markdown, diff_terminal
from chatconform.reports.diff import Change, Diff, Incomparable, compare
from chatconform.reports.digest import digest
from chatconform.reports.look import Detail, Look
from chatconform.reports.reading import Kind, parse, read

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., dict[str, Any]]

SAMPLES = Path(__file__).parent / "samples" / "1.0"
SCHEMA = orjson.loads((Path(__file__).parents[2] / "reports" / "diff.schema.json").read_bytes())
X = "response.a.x"


def between(old: dict[str, Any], new: dict[str, Any], *, strict: bool = False) -> Diff:
    first, second = (digest(parse(orjson.dumps(document), "r.json")) for document in (old, new))
    found = compare(first, second, strict=strict)
    Draft202012Validator(SCHEMA).validate(orjson.loads(diff_json.render(found)))
    diff_markdown.render(found)
    return found


def changes(found: Diff) -> list[tuple[str, str]]:
    return [(str(one.change), one.judged.id) for one in found.differences]


def told(found: Diff, detail: Detail = Detail.USUAL) -> str:
    return diff_terminal.render(found, Look(detail))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", Kind)
def test_results_are_no_worse_than_themselves(kind: Kind) -> None:
    document = dict(read(SAMPLES / f"{kind}.json").document)
    found = between(document, document)
    assert (found.status, found.differences, found.treatments) == (0, (), ())
    assert told(found).endswith("\nNOTHING WORSE  nothing changed\n")
    assert "Nothing changed." in diff_markdown.render(found)


@pytest.mark.parametrize("before", ["passed", "unsupported", "inconclusive", "not_exercised"])
def test_what_newly_fails_is_worse_whatever_it_was(server_results: Make, before: str) -> None:
    found = between(server_results({X: before}), server_results({X: "failed"}))
    assert changes(found) == [("newly_failing", X)]
    assert found.status == 1
    assert f"  MUST    {X}  {before.replace('_', ' ')} before\n" in told(found)
    assert "          at /choices/*\n          is wrong\n" in told(found)


def test_a_rule_that_fails_and_was_not_there_before_newly_fails(server_results: Make) -> None:
    found = between(server_results({}), server_results({X: "failed"}))
    assert changes(found) == [("newly_failing", X)]
    assert found.status == 1
    assert "not judged before" in told(found)


@pytest.mark.parametrize(("level", "status", "strict_status"), [("MUST", 1, 1), ("SHOULD", 0, 1), ("INFO", 0, 0)])
def test_levels_count_as_they_do_for_a_run(server_results: Make, level: str, status: int, strict_status: int) -> None:
    old = server_results({X: "passed", "response.a.y": "passed"}, levels={X: level})
    new = server_results({X: "failed", "response.a.y": "passed"}, levels={X: level})
    assert between(old, new).status == status
    assert between(old, new, strict=True).status == strict_status
    assert between(old, {**new, "strict": True}).status == strict_status
    assert ("none of what newly fails counts" in told(between(old, new))) is (status == 0)


def test_what_a_baseline_excuses_does_not_count(server_results: Make) -> None:
    new = server_results({X: "failed"}, exit_status=0)
    new["rules"][0]["excused"] = True
    found = between(server_results({X: "passed"}), new)
    assert changes(found) == [("newly_failing", X)]
    assert found.status == 0
    assert "passed before, known" in told(found)


def test_what_is_fixed_is_told(server_results: Make) -> None:
    found = between(server_results({X: "failed"}), server_results({X: "passed"}))
    assert changes(found) == [("fixed", X)]
    assert found.status == 0
    assert "NOTHING WORSE  1 fixed" in told(found)


@pytest.mark.parametrize("now", ["unsupported", "inconclusive", "not_exercised"])
def test_a_failure_that_no_longer_shows_is_not_called_fixed(server_results: Make, now: str) -> None:
    found = between(server_results({X: "failed", "a.b": "passed"}), server_results({X: now, "a.b": "passed"}))
    assert changes(found) == [("other_outcome", X)]
    assert f"failed as MUST, now {now.replace('_', ' ')}" in told(found)


def test_new_places_of_a_known_failure_are_worse(server_results: Make) -> None:
    old = server_results({X: "failed"}, places={X: ["/choices/0/a", "/choices/1/b"]})
    new = server_results({X: "failed"}, places={X: ["/choices/7/b", "/choices/2/c"]})
    found = between(old, new)
    assert [(one.change, one.places) for one in found.differences] == [
        (Change.NEW_PLACES, ("/choices/*/c",)),
        (Change.FEWER_PLACES, ("/choices/*/a",)),
    ]
    assert found.status == 1


def test_another_index_is_no_new_place(server_results: Make) -> None:
    old = server_results({X: "failed"}, places={X: ["/choices/0/a"]})
    new = server_results({X: "failed"}, places={X: ["/choices/5/a", "/choices/6/a"]})
    assert between(old, new).differences == ()


def test_places_are_no_news_where_the_old_results_kept_as_many_as_they_can(server_results: Make) -> None:
    full = server_results({X: "failed"}, places={X: [f"/at-{n}" for n in range(MOST_PLACES)]})
    other = server_results({X: "failed"}, places={X: ["/elsewhere"]})
    assert [one.change for one in between(full, other).differences] == [Change.FEWER_PLACES]
    assert [one.change for one in between(other, full).differences] == [Change.NEW_PLACES]


def test_a_failure_that_weighs_more_than_before_is_worse(server_results: Make) -> None:
    old = server_results({X: "failed"}, levels={X: "SHOULD"})
    found = between(old, server_results({X: "failed"}))
    assert changes(found) == [("weightier", X)]
    assert found.status == 1


def test_rules_that_came_and_went_are_told(server_results: Make) -> None:
    old = server_results({f"response.gone.{n:02}": "passed" for n in range(12)})
    found = between(old, server_results({X: "passed"}))
    assert changes(found)[0] == ("added", X)
    assert {change for change, _ in changes(found)[1:]} == {"removed"}
    assert found.status == 0
    assert "response.gone.09 and 2 more" in " ".join(told(found).split())
    assert "response.gone.11" in told(found, Detail.EVERYTHING)


def test_capabilities_that_are_treated_otherwise_are_told(server_results: Make) -> None:
    def able(support: str) -> list[dict[str, Any]]:
        return [{"name": "tools", "title": "calling tools", "support": support, "exchange": None}]

    old = server_results({X: "passed"}, capabilities=able("honoured"))
    found = between(old, server_results({X: "passed"}, capabilities=able("ignored")))
    assert [(one.name, one.before, one.now) for one in found.treatments] == [("tools", "honoured", "ignored")]
    assert "  tools: honoured, now ignored" in told(found)
    assert found.status == 0


def test_a_newer_run_that_cannot_say_gives_no_all_clear(server_results: Make) -> None:
    old, new = server_results({X: "passed", "a.b": "failed"}), server_results({X: "passed", "a.b": "failed"})
    found = between(old, {**new, "exit_status": 2, "cut_short": "the target died"})
    assert found.status == 2
    assert told(found).endswith("NOT CONCLUSIVE  the newer run cannot say: the target died\n")
    worse = server_results({X: "failed", "a.b": "failed"}, exit_status=2, cut_short="the target died")
    assert between(old, worse).status == 1


def test_a_scenario_that_fails_otherwise_is_told_and_is_no_worse() -> None:
    old = orjson.loads((SAMPLES / "client.json").read_bytes())
    new = orjson.loads((SAMPLES / "client.json").read_bytes())
    failed = next(one for one in new["scenarios"] if one["outcome"] == "failed")
    failed["kind"] = "hang"
    passed = next(one for one in new["scenarios"] if one["outcome"] == "passed")
    passed.update(outcome="lossy", detail="null for an empty text")
    found = between(old, new)
    assert set(changes(found)) == {("other_outcome", failed["id"]), ("other_outcome", passed["id"])}
    assert "failed (silent) as must, now failed (hang) as must" in told(found)
    assert found.status == 0


def test_a_scenario_that_newly_fails_is_worse() -> None:
    new = orjson.loads((SAMPLES / "client.json").read_bytes())
    passed = next(one for one in new["scenarios"] if (one["outcome"], one["level"]) == ("passed", "must"))
    old = orjson.loads(orjson.dumps(new))
    passed.update(outcome="failed", kind="wrong", detail="/choices/0 is missing")
    found = between(old, new)
    assert changes(found) == [("newly_failing", passed["id"])]
    assert found.status == 1


def test_results_of_two_kinds_are_not_compared() -> None:
    server, client = (digest(read(SAMPLES / f"{kind}.json")) for kind in (Kind.SERVER, Kind.CLIENT))
    with pytest.raises(Incomparable, match="the first results are of a server, the second of a client"):
        compare(server, client)


def test_little_is_told_where_little_is_wanted(server_results: Make) -> None:
    old = server_results({X: "passed", "response.a.y": "failed", "response.a.z": "passed"})
    new = server_results({X: "failed", "response.a.y": "passed", "response.a.z": "inconclusive"})
    assert told(between(old, new), Detail.QUIET) == (
        f"  MUST    {X}  passed before\nWORSE  1 newly failing; 1 fixed; 1 with another outcome\n"
    )


def test_nothing_foreign_acts(server_results: Make) -> None:
    hostile = "\x1b[31m @octocat <script>alert(1)</script>\u202e"
    old = server_results({X: "passed"}, url=f"http://{hostile}/", model=hostile)
    new = server_results({X: "failed"}, message=hostile, places={X: [f"/{hostile}"]}, model=hostile)
    found = between(old, new)
    assert all(line.isprintable() for line in told(found).splitlines())
    markdown = diff_markdown.render(found)
    assert "| MUST | `response.a.x` | passed before | `/\\x1b[31m @octocat <script>" in markdown
    assert all(line.isprintable() for line in markdown.splitlines())
