"""From what a judge finds to what a person is told: unions narrowed to one branch, and one fault told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chatconform.schemas.fault import Fault
from chatconform.schemas.violation import Violation, json_pointer, sentence

TAGS = (("type",), ("role",))
"""The keys by which things tell what they are."""


def told(faults: Iterable[Fault], shorten: tuple[str, str]) -> list[Violation]:
    """Returns the violations that faults amount to, in the order of their places.

    `shorten` is what schema locations may begin with and is left out, the longer one first.
    """
    leaves = [leaf for fault in faults for leaf in narrowed(fault)]
    if len(leaves) == 1:
        return [_violation(leaves[0], shorten)]
    wrong_kind: dict[tuple[str | int, ...], Fault] = {}
    for leaf in leaves:
        if leaf.keyword == "type" and not leaf.of_name:
            wrong_kind.setdefault(leaf.path, leaf)
    wrong_tag = {(leaf.path[:-1], _document(leaf)) for leaf in leaves if _is_single(leaf) and leaf.path[-1:] in TAGS}
    found: dict[tuple[str, str, str], Violation] = {}
    for leaf in sorted(leaves, key=_place):
        first = wrong_kind.get(leaf.path)
        # What is of the wrong kind is not one of the right values either, and is of the wrong kind in every branch.
        told_already = first is not None and first is not leaf
        if told_already and leaf.keyword in ("type", "enum", "const") and not leaf.of_name:
            continue
        # What was meant to be another thing lacks what this one has to have: that is no news.
        if leaf.keyword == "required" and (leaf.path, _document(leaf)) in wrong_tag:
            continue
        violation = _violation(leaf, shorten)
        found.setdefault((violation.pointer, violation.keyword, violation.message), violation)
    return list(found.values())


def _violation(leaf: Fault, shorten: tuple[str, str]) -> Violation:
    """Returns what a person is told of a fault."""
    message = sentence(leaf.keyword, leaf.value, leaf.expected)
    location = leaf.location
    for beginning in shorten:
        location = location.removeprefix(beginning)
    if leaf.of_name:
        return Violation(json_pointer(leaf.path), "propertyNames", f"the key {message}", location)
    return Violation(json_pointer(leaf.path), leaf.keyword, message, location)


def narrowed(fault: Fault) -> list[Fault]:
    """Returns the faults of the branch that was meant, or the fault itself when that cannot be told."""
    if not fault.branches:
        return [fault]
    branches = [[leaf for inner in branch for leaf in narrowed(inner)] for branch in fault.branches]
    right_kind = [branch for branch in branches if not _of_keyword(branch, fault.path, "type")]
    if not right_kind:
        return [_wrong_in_all(fault, [_of_keyword(branch, fault.path, "type")[0] for branch in branches], "type")]
    right_tag = [branch for branch in right_kind if not _wrong_tags(branch, fault)]
    if not right_tag:
        return _told_by_tags(fault, right_kind)
    if len(right_tag) == 1:
        return right_tag[0]
    shared = [leaf for leaf in right_tag[0] if all(_holds(branch, leaf) for branch in right_tag[1:])]
    if shared:
        return shared
    # Who meant a branch got far in it: the faults lie deeper, and are fewer.
    ranked = sorted(right_tag, key=_distance)
    return ranked[0] if _distance(ranked[0]) != _distance(ranked[1]) else [fault]


def _of_keyword(branch: list[Fault], path: tuple[str | int, ...], keyword: str) -> list[Fault]:
    return [leaf for leaf in branch if leaf.path == path and leaf.keyword == keyword and not leaf.of_name]


def _wrong_tags(branch: list[Fault], union: Fault) -> list[Fault]:
    """Returns the faults that say that the branch is not the one meant: another value, or another value of a tag."""
    return [
        leaf
        for leaf in branch
        if (leaf.keyword in ("const", "enum") and leaf.path == union.path)
        or (_is_single(leaf) and leaf.path[:-1] == union.path and len(leaf.path) == len(union.path) + 1)
    ]


def _document(leaf: Fault) -> str:
    return leaf.location.partition("#")[0]


def _is_single(leaf: Fault) -> bool:
    return leaf.keyword == "const" or (leaf.keyword == "enum" and len(leaf.expected) == 1)


def _told_by_tags(fault: Fault, branches: list[list[Fault]]) -> list[Fault]:
    """Returns one fault that lists the values which some branch would take, when all miss it at the same place."""
    wrong = [_wrong_tags(branch, fault) for branch in branches]
    places = set.intersection(*({leaf.path for leaf in leaves} for leaves in wrong))
    if not places:
        return [fault]
    place = min(places, key=json_pointer)
    return [_wrong_in_all(fault, [next(leaf for leaf in leaves if leaf.path == place) for leaves in wrong], "enum")]


def _wrong_in_all(fault: Fault, leaves: list[Fault], keyword: str) -> Fault:
    """Returns one fault for those that all branches have in common, with all that they would take instead."""
    expected: list[Any] = []
    for leaf in leaves:
        options = leaf.expected if isinstance(leaf.expected, list) and leaf.keyword != "const" else [leaf.expected]
        expected += [option for option in options if option not in expected]
    return replace(leaves[0], keyword=keyword, expected=expected, location=fault.location, branches=())


def _holds(branch: list[Fault], wanted: Fault) -> bool:
    return any(
        (leaf.path, leaf.keyword, leaf.expected) == (wanted.path, wanted.keyword, wanted.expected) for leaf in branch
    )


def _distance(branch: list[Fault]) -> tuple[int, int]:
    return (-min((len(leaf.path) for leaf in branch), default=0), len(branch))


def _place(leaf: Fault) -> tuple[tuple[int, int, str], ...]:
    """Returns what sorts places by document order: by keys, and by indexes as numbers."""
    return tuple((0, step, "") if isinstance(step, int) else (1, 0, step) for step in leaf.path)
