"""Which members an object can have: those it must, those it may, and where names that no schema tells come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatconform.strategies.normal.alternatives import Formed, Literals, Objects, Strings
from chatconform.strategies.normal.conjunction import ANYTHING, Key, Some, member_key
from chatconform.strategies.normal.items import NEVER, Look
from chatconform.strategies.normal.languages import found_in
from chatconform.strategies.normal.texts import Texts, samples, texts_of

_MOST_SAMPLES = 40


@dataclass(frozen=True)
class Zone:
    """Names of one kind that no schema tells by name; some of them, to be sure that there are any, in `names`."""

    texts: Texts
    names: tuple[str, ...]
    told: bool


@dataclass(frozen=True)
class Members:
    """What an object is made of: members that it must and may have, zones, and the choices for each `Some`."""

    required: tuple[tuple[str, Key], ...]
    optional: tuple[tuple[str, Key], ...]
    zones: tuple[Zone, ...]
    some: tuple[tuple[tuple[str, Key], ...], ...]


def members_of(
    forms: Formed, objects: Objects, look: Look, *, only_needed: bool = False, only_told: bool = False
) -> Members | None:
    """Return what the object is made of, or None when it cannot have what it must.

    With `only_needed`, members that it can do without are left out; with `only_told`, names that no
    schema says anything of, when there are enough others.
    """
    high = objects.high
    if high is not None and len(objects.required) > high:
        return None
    required = []
    for name in objects.required:
        key = _key(forms, objects, name)
        if look(key) == NEVER or not _allowed(forms, objects.names, name):
            return None
        required.append((name, key))
    if only_needed and not objects.some and objects.low <= len(required):
        return Members(tuple(required), (), (), ())
    optional = []
    for name in objects.known():
        if name not in objects.required and _allowed(forms, objects.names, name):
            key = _key(forms, objects, name)
            if look(key) < NEVER:
                optional.append((name, key))
    only_told = only_told and objects.low <= len(required) + len(optional)
    zones = tuple(_zones(forms, objects, look, only_told)) if high is None or len(required) < high else ()
    some = []
    for wanted in objects.some:
        choices = tuple(_choices(forms, objects, wanted, [*required, *optional], look))
        if not choices:
            return None
        some.append(choices)
    return Members(tuple(required), tuple(optional), zones, tuple(some))


def least(forms: Formed, objects: Objects, members: Members, look: Look) -> list[tuple[str, Key]] | None:
    """Return the members of the flattest object that there is, or None when it cannot have enough, or not so few."""
    chosen = dict(members.required)
    for choices in members.some:
        best = min(choices, key=lambda c: (c[0] not in chosen, look(forms.joined(c[1], chosen.get(c[0], ANYTHING)))))
        chosen[best[0]] = forms.joined(best[1], chosen.get(best[0], ANYTHING))
        if look(chosen[best[0]]) == NEVER:
            return None
    more = sorted((pair for pair in members.optional if pair[0] not in chosen), key=lambda pair: look(pair[1]))
    for zone in members.zones:
        names = zone.names
        if len(chosen) + len(more) < objects.low:
            names = samples(zone.texts, objects.low)
        more += [(n, key) for n in names if n not in chosen and look(key := _key(forms, objects, n)) < NEVER]
    for name, key in more:
        if len(chosen) >= objects.low:
            break
        chosen[name] = key
    if len(chosen) < objects.low or (objects.high is not None and len(chosen) > objects.high):
        return None
    return list(chosen.items())


def _key(forms: Formed, objects: Objects, name: str) -> Key:
    return member_key(forms.joined, objects.groups, name)


def _allowed(forms: Formed, names: Key, name: str) -> bool:
    return names == ANYTHING or forms.accepts(names, name)


def _zones(forms: Formed, objects: Objects, look: Look, only_told: bool) -> Iterator[Zone]:
    known = tuple(objects.known())
    patterns = tuple(dict.fromkeys(p for group in objects.groups for p, _ in group.patterned))
    told = any(group.rest is not None for group in objects.groups)
    wanted: list[tuple[tuple[str, ...], bool]] = [((p,), True) for p in patterns]
    wanted.append(((), told))
    for inside, is_told in wanted:
        if only_told and not is_told:
            continue
        outside = tuple(p for p in patterns if p not in inside)
        alive = list(_zone(forms, objects, look, inside, outside, known, is_told))
        if not alive and inside:
            alive = list(_zone(forms, objects, look, inside, (), known, is_told))
        yield from alive


def _zone(
    forms: Formed,
    objects: Objects,
    look: Look,
    inside: tuple[str, ...],
    outside: tuple[str, ...],
    known: tuple[str, ...],
    told: bool,
) -> Iterator[Zone]:
    for texts in _names(forms, objects.names, inside, outside, known):
        count = 3 if objects.low <= 3 else min(objects.low + 1, _MOST_SAMPLES)
        names = tuple(n for n in samples(texts, count) if look(_key(forms, objects, n)) < NEVER)
        if names:
            yield Zone(texts, names, told)


def _names(
    forms: Formed, key: Key, inside: tuple[str, ...], outside: tuple[str, ...], known: tuple[str, ...]
) -> Iterator[Texts]:
    for alternative in forms.form(key).alternatives:
        if isinstance(alternative, Literals):
            words = [v for v in alternative.values if isinstance(v, str) and v not in known]
            for word in words:
                if all(found_in(p, word) for p in inside) and not any(found_in(p, word) for p in outside):
                    pattern = "^" + "".join(f"\\u{{{ord(c):x}}}" for c in word) + "$"
                    texts = texts_of(Strings(0, None, (pattern,), (), (), ()))
                    if texts is not None:
                        yield texts
        elif isinstance(alternative, Strings):
            strings = Strings(
                alternative.low,
                alternative.high,
                tuple(dict.fromkeys((*alternative.patterns, *inside))),
                tuple(dict.fromkeys((*alternative.unpatterns, *outside))),
                alternative.formats,
                tuple(dict.fromkeys((*alternative.banned, *known))),
            )
            texts = texts_of(strings)
            if texts is not None:
                yield texts


def _choices(
    forms: Formed, objects: Objects, some: Some, told: list[tuple[str, Key]], look: Look
) -> Iterator[tuple[str, Key]]:
    def fits(name: str) -> bool:
        if name in some.names or any(found_in(p, name) for p in some.patterns):
            return False
        return (some.pattern is None or found_in(some.pattern, name)) and _allowed(forms, some.name, name)

    for name, key in told:
        both = forms.joined(key, some.value)
        if fits(name) and look(both) < NEVER:
            yield name, both
    names = forms.joined(objects.names, some.name)
    inside = (some.pattern,) if some.pattern is not None else ()
    known = tuple(dict.fromkeys((*objects.known(), *sorted(some.names))))
    patterns = tuple(dict.fromkeys(p for group in objects.groups for p, _ in group.patterned))
    zones = [(inside, (*some.patterns, *(p for p in patterns if p not in inside)))]
    zones += [((*inside, p), some.patterns) for p in patterns]
    zones.append((inside, some.patterns))
    for wanted, unwanted in zones:
        for texts in _names(forms, names, wanted, unwanted, known):
            for name in samples(texts, 6):
                both = forms.joined(_key(forms, objects, name), some.value)
                if look(both) < NEVER and fits(name):
                    yield name, both
