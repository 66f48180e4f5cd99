"""Texts for people fit whatever they are read on."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import pytest

from chatconform.reports.look import Look, many
from chatconform.reports.terminal import render


class Weather(StrEnum):
    SUNNY = "sunny"
    SNOW_STORM = "snow_storm"


ROWS = {"a.hill": {Weather.SUNNY: 12, Weather.SNOW_STORM: 0}, "the.sea": {Weather.SNOW_STORM: 3}}


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_table_has_a_column_for_each_outcome() -> None:
    assert list(Look().table(ROWS, tuple(Weather), Weather.SNOW_STORM)) == [
        "         sunny  snow storm",
        "a.hill      12           .",
        "the.sea      .           3",
    ]


def test_a_table_that_does_not_fit_tells_the_same_in_words() -> None:
    look = Look(width=24)
    assert list(look.table(ROWS, tuple(Weather), Weather.SNOW_STORM)) == ["a.hill: 12 sunny", "the.sea: 3 snow storm"]


def test_only_what_is_bad_is_red() -> None:
    cells = list(Look(color=True).table(ROWS, tuple(Weather), Weather.SNOW_STORM))
    assert ["\x1b[31m" in line for line in cells] == [False, False, True]
    assert [bare(line) for line in cells] == list(Look().table(ROWS, tuple(Weather), Weather.SNOW_STORM))


def test_a_label_stands_beside_its_text_and_on_a_narrow_terminal_above_it() -> None:
    assert list(Look().told("why", "so it is", "and so", width=5)) == ["  why  so it is", "       and so"]
    assert list(Look(width=40).told("why", "so it is", width=5)) == ["  why", "    so it is"]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_report_fits_its_terminal_but_for_what_is_copied_and_the_counts(width: int, a_result: Any) -> None:
    lines = render(a_result(), width=width, color=True).splitlines()
    copied = ("curl", "-H", "--data-raw", "chatconform explain", "more ")
    too_wide = [line for line in map(bare, lines[:-1]) if len(line) > width and not line.strip().startswith(copied)]
    assert [line for line in too_wide if "curl" not in line] == []


def test_a_count_names_one_thing_or_many() -> None:
    assert [many(number, "rule") for number in (0, 1, 2000)] == ["0 rules", "1 rule", "2,000 rules"]
