"""Every schema of a document in normal form, made when it is first asked for and kept."""

from __future__ import annotations

from typing import Any

from chatconform.strategies.normal import acceptance
from chatconform.strategies.normal.alternatives import Alternative, Form, Literals, Path, Strings, alternatives_of
from chatconform.strategies.normal.branches import Branch, Brancher
from chatconform.strategies.normal.conjunction import ANYTHING, Key, Unknown
from chatconform.strategies.normal.documents import Document
from chatconform.strategies.normal.formats import meets
from chatconform.strategies.normal.heights import Heights
from chatconform.strategies.normal.keywords import ASSERTING
from chatconform.strategies.refusals import Unsatisfiable, UnusableSchema


class Forms:
    """The normal forms of one document, by key: a set of schemas that all hold (2n) or do not hold (2n + 1)."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nothing: Key = frozenset((document.any_of(()) * 2,))
        self._brancher = Brancher(document, self, self.nothing)
        self._forms: dict[Key, Form] = {}
        self._underway: set[Key] = set()
        self._drafts: dict[Key, list[tuple[Alternative, list[Alternative]]]] = {}
        self._joined: dict[tuple[Key, ...], Key] = {}
        self._meaning: dict[int, int | None] = {}
        self._literal: dict[int, bool] = {}
        self.heights = Heights(self)
        self.root: Key = self.joined(frozenset((document.root * 2,)))

    def joined(self, *keys: Key) -> Key:
        """Return the key of values that meet all the keys; what says nothing is left out."""
        found = self._joined.get(keys)
        if found is None:
            elements = set()
            for key in keys:
                for element in key:
                    meaning = self._said(element)
                    if meaning is None:
                        return self._joined.setdefault(keys, self.nothing)
                    if meaning >= 0:
                        elements.add(meaning)
            found = frozenset(elements)
            if any(element ^ 1 in found for element in found) or self.nothing <= found:
                found = self.nothing
            self._joined[keys] = found
        return found

    def _said(self, element: int) -> int | None:
        """The element itself, -1 when it says nothing, None when it forbids everything."""
        if element not in self._meaning:
            keywords = self.document.entries[element // 2].keywords
            if isinstance(keywords, dict):
                trivial = not any(word in ASSERTING for word in keywords)
                always = True if trivial else None
            else:
                always = keywords
            if always is None:
                self._meaning[element] = element
            else:
                self._meaning[element] = -1 if always != bool(element % 2) else None
        return self._meaning[element]

    def is_nothing(self, key: Key) -> bool:
        """Return whether a key is known at a glance to have no values."""
        if self.joined(key) == self.nothing:
            return True
        values = self.finite(key)
        return values is not None and not values

    def finite(self, key: Key) -> list[Any] | None:
        """Return the values of a key that has listed ones, or None."""
        lists = key in self._forms or any(self._lists(element) for element in key)
        if not lists or key in self._underway:
            return None
        form = self.form(key)
        values: list[Any] = []
        for alternative in form.alternatives:
            if not isinstance(alternative, Literals):
                return None
            values += alternative.values
        return values

    def _lists(self, element: int, hops: int = 8) -> bool:
        """Whether a schema lists its values, by itself or where its reference leads."""
        if element % 2 or not hops:
            return False
        if element not in self._literal:
            entry = self.document.entries[element // 2]
            found = False
            if isinstance(entry.keywords, dict):
                found = "enum" in entry.keywords or "const" in entry.keywords
                if not found and "$ref" in entry.keywords:
                    found = self._lists(
                        self.document.target(entry, entry.keywords["$ref"], dynamic=False) * 2, hops - 1
                    )
            self._literal[element] = found
        return self._literal[element]

    def form(self, key: Key) -> Form:
        """Return the normal form of a key."""
        found = self._forms.get(key)
        if found is None:
            self._underway.add(key)
            try:
                found = self._made(key)
            finally:
                self._underway.discard(key)
                self._drafts.pop(key, None)
            self._forms[key] = found
        return found

    def _made(self, key: Key) -> Form:
        if key == self.nothing:
            return Form((), (), ("nothing is allowed",), True)
        branches, reasons = self._brancher.branches(key)
        drafts = self._drafts[key] = []
        paths: list[Path] = []
        for branch in branches:
            others = _without_literals(branch)
            for alternative in alternatives_of(branch.conjunction):
                drafts.append((alternative, others))
                paths.append(branch.path)
        alternatives: list[Alternative] = []
        kept: list[Path] = []
        for (alternative, others), path in zip(drafts, paths, strict=True):
            if isinstance(alternative, Literals):
                values = tuple(v for v in alternative.values if any(self._takes(a, v) for a in others))
                if not values:
                    reasons.append("none of the listed values meets the other constraints")
                    continue
                alternative = Literals(values, alternative.origins)
            if alternative not in alternatives:
                alternatives.append(alternative)
                kept.append(path)
        exact = not any(b.conjunction.inexact for b in branches)
        return Form(tuple(alternatives), tuple(kept), tuple(dict.fromkeys(reasons)), exact)

    def _takes(self, alternative: Alternative, value: Any) -> bool:
        """Whether a listed value meets an alternative, for validators that assert formats as for those that do not."""
        named = alternative.formats if isinstance(alternative, Strings) else ()
        return acceptance.accepts(self, alternative, value) and all(meets(name, value) for name in named)

    def accepts(self, key: Key, value: Any) -> bool:
        """Return whether a value meets a key."""
        if key == ANYTHING:
            return True
        if key in self._underway:
            return self._accepts_underway(key, value)
        return any(acceptance.accepts(self, alternative, value) for alternative in self.form(key).alternatives)

    def _accepts_underway(self, key: Key, value: Any) -> bool:
        """A listed value of a schema that leads back to itself: judged by what is known of the schema so far."""
        if key not in self._drafts:
            raise Unknown
        return any(
            acceptance.accepts(self, alternative, value) and any(acceptance.accepts(self, a, value) for a in others)
            for alternative, others in self._drafts[key]
        )

    def live(self, key: Key) -> list[tuple[Alternative, Path, int]]:
        """Return the alternatives that have values of finite size, with the least nesting that each needs."""
        form = self.form(key)
        pairs = zip(form.alternatives, form.paths, strict=True)
        found = [(a, p, self.heights.of_alternative(a)) for a, p in pairs]
        return [(a, p, int(height)) for a, p, height in found if height < float("inf")]

    def has_values(self, key: Key) -> bool:
        """Return whether some value meets the key."""
        return self.heights.of(key) < float("inf")

    def refuse_empty(self) -> None:
        """Raise `Unsatisfiable`, with the reasons, when no value meets the document.

        Raise `UnusableSchema` when those that do are all larger than any that is made.
        """
        if not self.has_values(self.root):
            reasons = self.heights.reasons(self.root)
            if large := [reason for reason in reasons if reason in self.heights.large]:
                raise UnusableSchema(f"no value of the schema can be made: {'; '.join(large[:3])}")
            told = "; ".join(reasons[:3]) or "every value would have to contain itself without end"
            raise Unsatisfiable(f"no value can meet the schema: {told}")


def _without_literals(branch: Branch) -> list[Alternative]:
    conjunction = branch.conjunction.copy()
    conjunction.allowed = None
    return alternatives_of(conjunction)
