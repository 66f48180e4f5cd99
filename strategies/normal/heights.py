"""How deep the flattest value of each schema is: finite exactly when the schema has values that end."""

from __future__ import annotations

from collections import deque

from chatconform.strategies.normal.alternatives import (
    Alternative,
    Arrays,
    Form,
    Formed,
    Literals,
    Numbers,
    Objects,
    Strings,
)
from chatconform.strategies.normal.conjunction import Key
from chatconform.strategies.normal.items import NEVER, Items, Look, laid_out, lengths
from chatconform.strategies.normal.members import least, members_of
from chatconform.strategies.normal.numbers import numbers_of
from chatconform.strategies.normal.sizes import too_large
from chatconform.strategies.normal.texts import texts_of

_MOST_KEYS = 4000


class Heights:
    """The least nesting that each key's values need: a least fixed point over the keys that it leads to."""

    def __init__(self, forms: Formed) -> None:
        self._forms = forms
        self._final: dict[Key, float] = {}
        self._layouts: dict[int, tuple[Alternative, object]] = {}
        self.large: set[str] = set()
        """Those of the reasons that tell of a value larger than any that is made."""

    def of(self, key: Key) -> float:
        """Return the height of a key's flattest value; infinite when it has none."""
        found = self._final.get(key)
        if found is None:
            self._solve(key)
            found = self._final[key]
        return found

    def of_alternative(self, alternative: Alternative) -> float:
        """Return the height of an alternative's flattest value; infinite when it has none."""
        return self._height(alternative, self.of)

    def _solve(self, key: Key) -> None:
        current: dict[Key, float] = {key: NEVER}
        dependents: dict[Key, dict[Key, None]] = {}
        todo: deque[Key] = deque((key,))
        waiting = {key}
        while todo:
            asked = todo.popleft()
            waiting.discard(asked)

            def look(child: Key, asked: Key = asked) -> float:
                if child in self._final:
                    return self._final[child]
                dependents.setdefault(child, {})[asked] = None
                if child not in current:
                    current[child] = NEVER
                    todo.append(child)
                    waiting.add(child)
                return current[child]

            alternatives = self._forms.form(asked).alternatives
            height = min((self._height(a, look) for a in alternatives), default=NEVER)
            if height < current[asked]:
                current[asked] = height
                for dependent in dependents.get(asked, ()):
                    if dependent not in waiting:
                        todo.append(dependent)
                        waiting.add(dependent)
        self._final.update(current)

    def _height(self, alternative: Alternative, look: Look) -> float:
        if too_large(alternative):
            return NEVER
        match alternative:
            case Literals():
                return 0
            case Numbers():
                return NEVER if numbers_of(alternative) is None else 0
            case Strings():
                return NEVER if texts_of(alternative) is None else 0
            case Arrays():
                flattest = self._flattest_array(alternative, look)
                return NEVER if flattest is None else 1 + max(map(look, flattest.keys), default=-1)
            case Objects():
                members = self._flattest_object(alternative, look)
                return NEVER if members is None else 1 + max((look(key) for _, key in members), default=-1)

    def _flattest_array(self, arrays: Arrays, look: Look) -> Items | None:
        return next((laid_out(self._forms, arrays, n, look) for n in lengths(self._forms, arrays, look, 1)), None)

    def _flattest_object(self, objects: Objects, look: Look) -> list[tuple[str, Key]] | None:
        members = members_of(self._forms, objects, look, only_needed=True)
        return None if members is None else least(self._forms, objects, members, look)

    def reasons(self, key: Key) -> list[str]:
        """Return why a key has no values, as far as it is known, from the outside inwards."""
        found: dict[str, None] = {}
        seen: set[Key] = set()
        todo = [key]
        while todo and len(seen) < 200:
            asked = todo.pop(0)
            if asked in seen:
                continue
            seen.add(asked)
            form: Form = self._forms.form(asked)
            if not form.alternatives:
                found.update(dict.fromkeys(form.reasons))
            for alternative in form.alternatives:
                why, inner = self._why(alternative)
                if why:
                    found[why] = None
                todo += inner
        return list(found)

    def _why(self, alternative: Alternative) -> tuple[str, list[Key]]:
        empty: list[Key] = []

        def look(child: Key) -> float:
            height = self.of(child)
            if height == NEVER:
                empty.append(child)
            return height

        if large := too_large(alternative):
            self.large.add(large)
            return large, []
        if self._height(alternative, look) < NEVER:
            return "", []
        match alternative:
            case Numbers():
                factors = " and ".join(str(m) for m in alternative.multiples)
                wanted = f"multiple of {factors}" if factors else "number"
                low = (
                    ""
                    if alternative.low is None
                    else f" {'above' if alternative.low_open else 'from'} {alternative.low}"
                )
                high = (
                    ""
                    if alternative.high is None
                    else f" {'below' if alternative.high_open else 'to'} {alternative.high}"
                )
                return f"there is no {'integer that is a ' if alternative.integer else ''}{wanted}{low}{high}", empty
            case Strings():
                parts = [f"matches {p!r:.60}" for p in alternative.patterns]
                parts += [f"does not match {p!r:.60}" for p in alternative.unpatterns]
                parts += [f"has the format {f!r:.40}" for f in alternative.formats]
                high = "or more" if alternative.high is None else f"to {alternative.high}"
                return f"no text of {alternative.low} {high} characters {' and '.join(parts)}", empty
            case Arrays():
                return ("" if empty else "no array has the length, the items and the contained items at once"), empty
            case Objects():
                names = [n for n in alternative.required if self.of(_member(self._forms, alternative, n)) == NEVER]
                if names:
                    return f"the required property {names[0]!r} can have no value", empty
                return ("" if empty else "no object has as many properties, with these names, as are wanted"), empty
        return "", empty


def _member(forms: Formed, objects: Objects, name: str) -> Key:
    from chatconform.strategies.normal.conjunction import member_key

    return member_key(forms.joined, objects.groups, name)
