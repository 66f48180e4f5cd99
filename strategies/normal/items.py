"""How the items of an array can be laid out so that each has values and all that must be contained is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatconform.strategies.normal.acceptance import item_key
from chatconform.strategies.normal.alternatives import Arrays, Formed, Literals, Numbers, Objects, Strings
from chatconform.strategies.normal.conjunction import Key
from chatconform.strategies.normal.equality import identity
from chatconform.strategies.normal.numbers import Interval, Ladder, numbers_of
from chatconform.strategies.normal.sizes import MOST_SEARCHED

Look = Callable[[Key], float]
NEVER = float("inf")
MOST_LISTED = 512
_MOST_MATCHED = 64


@dataclass(frozen=True)
class Items:
    """The key of each item; twins are two places that have to hold the same value."""

    keys: tuple[Key, ...]
    twins: tuple[int, int] | None = None


def listed(forms: Formed, key: Key) -> list[Any] | None:
    """Return all values of a key when they are few, else None."""
    values: list[Any] = []
    for alternative in forms.form(key).alternatives:
        found: list[Any] | None = None
        if isinstance(alternative, Literals):
            found = list(alternative.values)
        elif isinstance(alternative, Numbers):
            numbers = numbers_of(alternative)
            if numbers is None:
                found = []
            elif isinstance(numbers, tuple):
                found = list(numbers)
            elif isinstance(numbers, Ladder) and numbers.low is not None and numbers.high is not None:
                if numbers.high - numbers.low < MOST_LISTED and not numbers.gaps:
                    found = [numbers.step * k for k in range(numbers.low, numbers.high + 1)]
            else:
                assert isinstance(numbers, Interval | Ladder)
        elif isinstance(alternative, Strings):
            found = ([""] if not alternative.low else []) if alternative.high == 0 else None
        elif isinstance(alternative, Arrays):
            found = [[]] if alternative.high == 0 else None
        elif isinstance(alternative, Objects):
            found = [{}] if alternative.high == 0 else None
        if found is None:
            return None
        values += found
        if len(values) > MOST_LISTED:
            return None
    return list({identity(v): v for v in values}.values())


def laid_out(forms: Formed, arrays: Arrays, length: int, look: Look, turn: int = 0) -> Items | None:
    """Return a layout of that many items in which each has values, or None; other turns may give other layouts."""
    if arrays.contained and length <= MOST_SEARCHED:
        keys = _Placing(forms, arrays, length, look, turn).found()
    else:
        keys = [item_key(forms, arrays, i) for i in range(length)]
        if arrays.contained or any(look(key) == NEVER for key in dict.fromkeys(keys)):
            keys = None
    if keys is None:
        return None
    if arrays.unique is False:
        return _with_twins(forms, keys, look, turn)
    if arrays.unique and not _can_differ(forms, keys):
        return None
    return Items(tuple(keys))


class _Placing:
    """Finds for each place which of the contained schemas the item there has to match, or must not."""

    def __init__(self, forms: Formed, arrays: Arrays, length: int, look: Look, turn: int) -> None:
        self.forms, self.arrays, self.length, self.look, self.turn = forms, arrays, length, look, turn
        self.dead: set[tuple[int, tuple[int, ...]]] = set()

    def found(self) -> list[Key] | None:
        return self._from(0, (0,) * len(self.arrays.contained))

    def _from(self, place: int, counts: tuple[int, ...]) -> list[Key] | None:
        contained = self.arrays.contained
        if place == self.length:
            return [] if all(n >= c.low for n, c in zip(counts, contained, strict=True)) else None
        if (place, counts) in self.dead:
            return None
        base = item_key(self.forms, self.arrays, place)
        for inside in self._options(place, counts):
            keys = [base]
            for c, yes in zip(contained, inside, strict=True):
                if place >= c.start:
                    (element,) = c.key
                    if yes:
                        keys.append(c.key)
                    elif c.high is not None:
                        keys.append(frozenset((element ^ 1,)))
            key = self.forms.joined(*keys)
            if self.look(key) < NEVER:
                rest = self._from(place + 1, tuple(n + yes for n, yes in zip(counts, inside, strict=True)))
                if rest is not None:
                    return [key, *rest]
        self.dead.add((place, counts))
        return None

    def _options(self, place: int, counts: tuple[int, ...]) -> list[tuple[bool, ...]]:
        options: list[tuple[bool, ...]] = [()]
        for i, (c, count) in enumerate(zip(self.arrays.contained, counts, strict=True)):
            left = self.length - place
            if place < c.start or (c.high is not None and count >= c.high):
                choices: tuple[bool, ...] = (False,)
            elif c.low - count >= left:
                choices = (True,)
            elif count < c.low:
                choices = (True, False) if (self.turn >> (place + i)) & 1 == 0 else (False, True)
            else:
                choices = (False, True) if (self.turn >> (place + i)) & 1 == 0 else (True, False)
            options = [(*option, choice) for option in options for choice in choices]
        return options


def _with_twins(forms: Formed, keys: list[Key], look: Look, turn: int) -> Items | None:
    pairs = [(i, j) for j in range(1, min(len(keys), 8)) for i in range(j)]
    for k in range(len(pairs)):
        i, j = pairs[(k + turn) % len(pairs)]
        both = forms.joined(keys[i], keys[j])
        if look(both) < NEVER:
            return Items(tuple(both if at in (i, j) else key for at, key in enumerate(keys)), (i, j))
    return None


def _can_differ(forms: Formed, keys: list[Key]) -> bool:
    """Whether the places that have only few values can all have different ones."""
    counts: dict[Key, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    values = {key: {identity(v) for v in found} for key in counts if (found := listed(forms, key)) is not None}
    if any(len(found) < counts[key] for key, found in values.items()):
        return False
    few = [sorted(values[key], key=repr) for key in keys if key in values]
    if len(values) < 2 or len(few) > _MOST_MATCHED:
        return True
    taken: dict[Any, int] = {}

    def settled(place: int, tried: set[Any]) -> bool:
        for value in few[place]:
            if value not in tried:
                tried.add(value)
                if value not in taken or settled(taken[value], tried):
                    taken[value] = place
                    return True
        return False

    return all(settled(place, set()) for place in range(len(few)))


def lengths(forms: Formed, arrays: Arrays, look: Look, most: int) -> list[int]:
    """Return up to `most` lengths that the array can have, shortest first."""
    found: list[int] = []
    slack = sum(c.low for c in arrays.contained) + 2
    length = arrays.low
    while len(found) < most and (arrays.high is None or length <= arrays.high):
        if laid_out(forms, arrays, length, look) is not None:
            found.append(length)
        elif length > arrays.low + slack or (length and look(item_key(forms, arrays, length - 1)) == NEVER):
            break
        length += 1
    return found
