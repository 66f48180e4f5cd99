"""Known failures: what a baseline excuses, what it calls stale, and how it is kept up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.baseline import Applied, Baseline, BaselineError, read
from chatconform.core.failure import Failure, Sight, failure_id, spelled, weighs
from chatconform.core.rule import Level
from chatconform.core.scenario import Grade

RULES = ("a.first", "a.second", "b.third", "b.fourth")
SCENARIOS = ("st.one", "ns.two")
LEVELS = {"a.first": Level.MUST, "a.second": Level.SHOULD, "b.third": Level.MUST, "b.fourth": Level.INFO}


@dataclass(frozen=True)
class Run:
    """A run that saw something."""

    seen: Sight
    baseline: Applied | None = None

    def sight(self) -> Sight:
        return self.seen


def baseline(text: str = "") -> Baseline:
    return read(text, "known.txt", rules=RULES, scenarios=SCENARIOS)


def failing(*places: str, command: str = "check", fuzzed: bool = False, generated: bool = False) -> Run:
    """A run in which every rule was judged, and those failed that are given as `RULE PLACE`."""
    pairs = (text.split() for text in places)
    failures = tuple(Failure(name, LEVELS[name], where[0] if where else None, generated) for name, *where in pairs)
    return Run(Sight(command, failures, dict(LEVELS), {}, fuzzed))


def told(text: str, run: Run) -> tuple[list[str], list[str], list[str]]:
    """What is known, stale and unseen."""
    said = baseline(text).applied(run).baseline
    assert said is not None
    known = [f"{failure.name} {failure.place}" for failure, _ in said.known]
    return known, [str(one.entry) for one in said.stale], [f"{one.entry}: {one.why}" for one in said.unseen]


def test_an_entry_excuses_its_rule_at_its_place_and_nowhere_else():
    run = failing("a.first /x", "a.first /y", "b.third /x")
    assert told("a.first /x", run) == (["a.first /x"], [], [])


def test_an_entry_without_a_place_stands_for_the_rule_wherever_it_fails():
    run = failing("a.first /x", "a.first", "b.third /x")
    assert told("a.first  # everywhere", run) == (["a.first /x", "a.first None"], [], [])


def test_an_entry_that_no_longer_fails_is_stale():
    assert told("a.first /x\nb.third", failing("a.first /y")) == ([], ["a.first  /x", "b.third"], [])


def test_what_was_not_looked_at_is_not_stale():
    run = Run(Sight("check", (), {}, {"a.first": "inconclusive"}))
    assert told("a.first /x\nb.third", run) == (
        [],
        [],
        ["a.first  /x: inconclusive", "b.third: not chosen, or nothing showed it"],
    )


def test_what_fails_only_sometimes_is_excused_and_never_stale():
    for line, place in (("a.first sometimes  # chance", None), ("a.first /x sometimes", "/x")):
        (entry,) = baseline(line).entries
        assert (entry.place, entry.sometimes) == (place, True)
        assert told(line, failing("a.first /x")) == (["a.first /x"], [], [])
        assert told(line, failing()) == ([], [], [f"{entry}: said to fail only sometimes"])
        assert baseline(line).updated(failing()).text == line


def test_a_section_holds_for_its_command_alone():
    text = "a.first /x\n[client]\nst.one\nb.third /y\n[validate]\nb.third /z\n"
    assert told(text, failing("a.first /x", "b.third /y")) == (["a.first /x"], [], [])
    assert told(text, failing("b.third /z", command="validate")) == (["b.third /z"], ["a.first  /x"], [])


def test_what_only_generated_requests_show_is_not_missed_by_a_run_without_them():
    text = "[check --fuzz]\na.first /x\n"
    assert told(text, failing()) == ([], [], ["a.first  /x: only a run with --fuzz shows it"])
    assert told(text, failing(fuzzed=True)) == ([], ["a.first  /x"], [])
    assert told(text, failing("a.first /x")) == (["a.first /x"], [], [])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a.frst /x", "known.txt:1: no rule or scenario matches 'a.frst'; near: a.first"),
        ("\n# x\nst.on", "known.txt:3: no rule or scenario matches 'st.on'; near: st.one"),
        ("a.*", "known.txt:1: 'a.*' is a pattern; an entry names one rule or one scenario"),
        ("a.first x", "'x' is neither"),
        ("a.first /choices/0/message", "write '/choices/*/message'"),
        ("a.first /0", "write '/*'"),
        ("a.first /x why not", "'why' is one word too many; a reason stands behind a #"),
        ("st.one /x", "the scenario st.one has no places; remove '/x'"),
        ("[chek]", "'[chek]' is no section; the sections are [check], [client] and [validate]"),
        ("[check", "is no section"),
        ("[validate --fuzz]", "is no section"),
        ("a.first /x\na.first /x # again", "known.txt:2: line 1 says this already; remove one of the two"),
        ("a.first /x\na.first", "known.txt:1: line 2 stands for this rule wherever it fails"),
        ("a.first\na.first /x", "known.txt:2: line 1 stands for this rule wherever it fails"),
        ("<html>" * 99, "no rule or scenario matches"),
    ],
)
def test_a_line_that_says_nothing_is_told_with_its_number_and_the_remedy(text, sentence):
    with pytest.raises(BaselineError) as told:
        baseline(text)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 300


def test_a_reason_stands_behind_a_number_sign_and_a_pointer_may_hold_one():
    (entry,) = baseline("a.first  /x%23y#z   # ticket 12 # and more  \n").entries
    assert (entry.place, entry.reason, entry.line) == ("/x%23y#z", "ticket 12 # and more", 1)


def test_an_update_adds_what_is_new_and_removes_what_is_stale_and_touches_nothing_else():
    text = (
        "# The house.\r\n\r\nb.third /old # gone\r\n[client]\r\nst.one\r\n\r\n"
        "[check]\r\n# Tickets.\r\na.first /x # 12\r\n\r\n# The end.\r\n"
    )
    run = failing("a.first /x", "a.first /y", "b.third whole", "a.second /z", "b.fourth /i")
    updated = baseline(text).updated(run)
    assert updated.text == (
        "# The house.\r\n\r\n[client]\r\nst.one\r\n\r\n"
        "[check]\r\n# Tickets.\r\na.first /x # 12\r\na.first  /y\r\nb.third  whole\r\n\r\n# The end.\r\n"
    )
    assert "a.second  /z" in baseline(text).updated(run, strict=True).text
    assert "b.fourth" not in baseline(text).updated(run, strict=True).text


def test_a_baseline_that_is_not_there_yet_gets_a_beginning_that_explains_it():
    assert baseline().updated(failing("a.first /x")).text.splitlines()[-3:] == ["", "[check]", "a.first  /x"]
    assert baseline().updated(failing("a.first /x")).text.startswith("# Known failures")
    assert baseline().updated(failing()).entries == ()
    assert baseline().updated(failing()).text.startswith("# Known failures")


def test_a_rule_that_fails_at_more_places_than_are_kept_gets_one_entry():
    updated = baseline("[check]\na.first /x # why\nb.third /y\n").updated(
        failing("a.first /x", "a.first", "b.third /y")
    )
    assert updated.text == "[check]\nb.third /y\na.first\n"


def test_what_generated_requests_alone_show_gets_a_section_of_its_own():
    run = failing("a.first /x", fuzzed=True, generated=True)
    assert baseline("[check]\n").updated(run).text == "[check]\n\n[check --fuzz]\na.first  /x\n"


def test_a_file_without_a_last_line_end_is_added_to():
    assert baseline("[check]\na.first /x").updated(failing("a.first /x", "b.third /y")).text == (
        "[check]\na.first /x\nb.third  /y\n"
    )


names = st.sampled_from(RULES)
places = st.sampled_from(["/x", "/y", "/choices/*/message", "whole", "request:/n=null"])
entries = st.tuples(names, st.none() | places, st.none() | st.sampled_from(["why", "ticket # 3"]))
comments = st.sampled_from(["", "# a comment", "   ", "#", "  # [check]"])
pointers = st.text(st.characters(codec=None), max_size=30)


@st.composite
def files(draw: Any) -> str:
    """The text of a baseline: sections with entries among comments and blank lines, nothing said twice."""
    lines = draw(st.lists(comments, max_size=3))
    for section in draw(st.permutations(["", "[check]", "[check --fuzz]", "[client]", "[validate]"])):
        if section:
            lines.append(section)
        elif lines and any(line.startswith("[") for line in lines):
            continue
        held: dict[str, set[str | None]] = {}
        for name, place, reason in draw(st.lists(entries, max_size=4)):
            said = held.setdefault(name, set())
            if place in said or None in said or (place is None and said):
                continue
            said.add(place)
            often = draw(st.sampled_from(["", " sometimes"]))
            lines.append(f"{name} {place or ''}{often}" + (f" # {reason}" if reason else ""))
            lines += draw(st.lists(comments, max_size=1))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n"]))


@st.composite
def runs(draw: Any) -> Run:
    """What some run saw."""
    failed = draw(st.lists(st.tuples(names, st.none() | places, st.booleans()), max_size=6))
    judged = draw(st.sets(names))
    command = draw(st.sampled_from(["check", "client", "validate"]))
    fuzzed = command != "validate" and draw(st.booleans())
    failures = {(name, place): Failure(name, LEVELS[name], place, fuzzed and g) for name, place, g in failed}
    return Run(Sight(command, tuple(failures.values()), {name: LEVELS[name] for name in sorted(judged)}, {}, fuzzed))


@given(files(), runs(), st.booleans())
def test_an_update_leaves_nothing_to_tell_and_nothing_to_update(text: str, run: Run, strict: bool) -> None:
    updated = baseline(text).updated(run, strict=strict)
    said = read(updated.text, "known.txt", rules=RULES, scenarios=SCENARIOS).applied(run).baseline
    assert said is not None
    new = [one for one in run.seen.failures if said.entry(one) is None and weighs(one.level, strict=strict)]
    assert new == []
    assert said.stale == ()
    assert updated.updated(run, strict=strict) == updated
    assert updated.entries == baseline(updated.text).entries


@given(files(), runs())
def test_an_update_keeps_comments_order_reasons_and_what_was_not_looked_at(text: str, run: Run) -> None:
    before, after = baseline(text), baseline(text).updated(run)
    stale = {one.entry.line for one in (before.applied(run).baseline or Applied("")).stale}
    wide = {one.name for one in run.seen.failures if one.place is None}
    replaced = {entry.line for entry in before.entries if entry.name in wide and entry.place is not None}
    kept = [line.rstrip() for number, line in enumerate(before.lines, 1) if number not in stale | replaced]
    rest = iter(line.rstrip() for line in after.lines)
    assert all(line in rest for line in kept)
    added = len(after.entries) - len(before.entries) + len(stale)
    assert added <= len(run.seen.failures)


@given(pointers)
def test_a_place_is_one_word_whatever_the_pointer(pointer: str) -> None:
    word = spelled(f"/{pointer}")
    assert word.isprintable()
    assert word.split() == [word]
    text = f"a.first  {word}  # why\n"
    try:
        (entry,) = baseline(text).entries
    except BaselineError as problem:
        assert "indexes of lists" in str(problem)  # noqa: PT017  # a pointer that no place is made of
    else:
        assert (entry.place, entry.reason) == (word, "why")


@given(pointers, pointers)
def test_two_places_have_two_words(one: str, other: str) -> None:
    assert (spelled(one) == spelled(other)) == (one == other)
    assert (failure_id("a.first", spelled(one)) == failure_id("a.first", spelled(other))) == (one == other)


def test_a_long_place_is_cut_and_stays_itself():
    assert len(spelled("/x" * 5000)) == 300
    assert spelled("/x" * 5000) != spelled("/x" * 5001)


@pytest.mark.parametrize(
    ("level", "usually", "strictly"),
    [
        (Level.MUST, True, True),
        (Level.SHOULD, False, True),
        (Level.INFO, False, False),
        (Grade.MUST, True, True),
        (Grade.SHOULD, False, True),
        (Grade.POLICY, False, True),
        (Grade.STRICT, False, False),
        (Grade.HOSTILE, False, False),
    ],
)
def test_a_failure_weighs_what_its_level_weighs(level, usually, strictly):
    assert (weighs(level, strict=False), weighs(level, strict=True)) == (usually, strictly)


def test_the_id_of_a_scenario_is_its_own_and_that_of_a_rule_at_a_place_is_short():
    assert Failure("st.one", Grade.MUST).id == "st.one"
    one = Failure("a.first", Level.MUST, "/x")
    assert len(one.id) == 8
    assert one.id == replace(one, level=Level.SHOULD).id, "a profile changes levels, and not what is wrong"
    assert len({one.id, replace(one, place="/y").id, replace(one, place=None).id, replace(one, name="b.third").id}) == 4
