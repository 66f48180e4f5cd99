"""One JSON Schema document: its dialects, identifiers, anchors and references, and each schema in it as a number.

Nothing is ever fetched: a reference that leads out of the document is refused, but for the published meta-schemas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from chatconform.strategies.normal import patterns
from chatconform.strategies.normal.dialects import LATEST, anchors, children, draft_of, escaped, identifier, modern
from chatconform.strategies.refusals import UnusableSchema

MOST_LEVELS = 256
Scope = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One schema at one place: its keywords in the words of 2020-12, and what references in it start from."""

    keywords: dict[str, Any] | bool
    base: str
    draft: int
    scope: Scope
    pointer: str


@dataclass(frozen=True)
class _Home:
    schema: Any
    base: str
    draft: int
    pointer: str


class Document:
    """A schema document in which every schema is known by a number, from zero for the root."""

    def __init__(self, root: Any, *, default_draft: int = LATEST) -> None:
        """Read the document; raise `UnusableSchema` when it is too deep or names an unknown dialect."""
        refuse_depth(root)
        self.entries: list[Entry] = []
        self._numbers: dict[Any, int] = {}
        self._homes: dict[int, _Home] = {}
        self._resources: dict[str, _Home] = {}
        self._anchors: dict[tuple[str, str], _Home] = {}
        self._dynamic: dict[tuple[str, str], _Home] = {}
        self._names: dict[str, set[str]] = {}
        self._references: dict[tuple[str, str], _Home] = {}
        self._kept: list[Any] = []
        self._index(root, "", default_draft, "")
        self.tells_evaluated = any(
            isinstance(home.schema, dict)
            and not home.schema.keys().isdisjoint(("unevaluatedItems", "unevaluatedProperties"))
            for home in self._homes.values()
        )
        for home in list(self._homes.values()):
            self._follow(home)
        base = self._homes[id(root)].base if isinstance(root, dict) else ""
        self.root = self._number(root, base, default_draft, (), "")

    def _index(self, root: Any, base: str, draft: int, pointer: str) -> None:
        todo = [(root, base, draft, pointer, True)]
        while todo:
            schema, base, draft, pointer, is_root = todo.pop()
            if not isinstance(schema, dict) or id(schema) in self._homes:
                continue
            if "$schema" in schema and (is_root or identifier(schema, draft) is not None):
                draft = draft_of(schema["$schema"], pointer)
            own = identifier(schema, draft)
            if own is not None:
                base = urldefrag(urljoin(base, own))[0]
            home = self._homes[id(schema)] = _Home(schema, base, draft, pointer)
            self._kept.append(schema)
            if own is not None or is_root:
                self._resources.setdefault(base, home)
            for name, dynamic in anchors(schema, draft):
                if not (dynamic and draft == 2019):
                    self._anchors.setdefault((base, name), home)
                if dynamic:
                    self._dynamic.setdefault((base, name), home)
                    self._names.setdefault(base, set()).add(name)
            if not (draft <= 7 and "$ref" in schema):
                todo.extend((inner, base, draft, pointer + step, False) for step, inner in children(schema))
            elif is_root:
                for word in ("definitions", "$defs"):
                    for name, inner in (schema.get(word) or {}).items():
                        todo.append((inner, base, draft, f"{pointer}/{word}/{escaped(name)}", False))

    def _number(self, schema: Any, base: str, draft: int, scope: Scope, pointer: str) -> int:
        if isinstance(schema, bool):
            key: Any = schema
        elif isinstance(schema, dict):
            home = self._homes.get(id(schema))
            if home is not None:
                base, draft = home.base, home.draft
            scope = self._entered(scope, base) if self._dynamic else ()
            key = (id(schema), scope)
        else:
            raise UnusableSchema(f"at {pointer or '/'} a schema must be an object or a boolean, not {schema!r:.60}")
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.entries)
            keywords = schema if isinstance(schema, bool) else modern(schema, draft)
            self._kept.append(schema)
            self.entries.append(Entry(keywords, base, draft, scope, pointer))
        return number

    def _entered(self, scope: Scope, base: str) -> Scope:
        """The scope with a resource added, if it says something that no resource further out has said."""
        if base not in scope:
            said = {name for outer in scope for name in self._names.get(outer, ())}
            if not said.issuperset(self._names.get(base, ())):
                return (*scope, base)
        return scope

    def inner(self, parent: Entry, schema: Any, step: str) -> int:
        """Return the number of a schema that stands below another one."""
        return self._number(schema, parent.base, parent.draft, parent.scope, parent.pointer + step)

    def target(self, entry: Entry, reference: str, *, dynamic: bool) -> int:
        """Return the number of what a reference leads to; raise `UnusableSchema` when it leads nowhere here."""
        home = self._found(entry, reference)
        if dynamic:
            name = urldefrag(reference)[1]
            if (home.base, name) in self._dynamic and "/" not in name:
                bases = (b for b in entry.scope if (b, name) in self._dynamic)
                home = self._dynamic[next(bases, home.base), name]
        return self._number(home.schema, home.base, home.draft, entry.scope, home.pointer)

    def any_of(self, keys: tuple[frozenset[int], ...]) -> int:
        """Return the number of a schema of our own that holds where all schemas of at least one of the keys hold."""
        key = ("any of", keys)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.entries)
            self.entries.append(Entry({"any of keys": keys}, "", LATEST, (), ""))
        return number

    def _follow(self, home: _Home) -> None:
        """Look up what a schema refers to, and read its patterns, so that what cannot be used is told at once."""
        keywords = modern(home.schema, home.draft)
        for word in ("$ref", "$dynamicRef"):
            if isinstance(keywords.get(word), str):
                self._found(Entry(keywords, home.base, home.draft, (), home.pointer), keywords[word])
        named = keywords.get("patternProperties")
        for pattern in (keywords.get("pattern"), *(named if isinstance(named, dict) else ())):
            if isinstance(pattern, str):
                patterns.read(pattern, home.pointer)

    def _found(self, entry: Entry, reference: str) -> _Home:
        key = (entry.base, reference)
        home = self._references.get(key)
        if home is None:
            home = self._references[key] = self._look_up(entry, reference)
        return home

    def _look_up(self, entry: Entry, reference: str) -> _Home:
        full, fragment = urldefrag(urljoin(entry.base, reference))
        if reference.startswith("#"):
            full, fragment = entry.base, reference[1:]
        resource = self._resources.get(full)
        if resource is None:
            self._published(full)
            resource = self._resources.get(full)
        if resource is None:
            raise UnusableSchema(
                f"the reference {reference[:100]!r} at {entry.pointer or '/'} leads out of the schema, and nothing is"
                " fetched; put its target under $defs and refer to it there"
            )
        fragment = unquote(fragment)
        if not fragment:
            return resource
        if not fragment.startswith("/"):
            named = self._anchors.get((full, fragment))
            if named is None:
                raise UnusableSchema(
                    f"the reference {reference[:100]!r} at {entry.pointer or '/'} names no anchor here"
                )
            return named
        return self._at_pointer(resource, fragment, entry, reference)

    def _at_pointer(self, resource: _Home, fragment: str, entry: Entry, reference: str) -> _Home:
        found, home = resource.schema, resource
        for step in fragment[1:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(step)] if isinstance(found, list) else found[step]
            except (KeyError, IndexError, ValueError, TypeError):
                message = f"the reference {reference[:100]!r} at {entry.pointer or '/'} leads to nothing in the schema"
                raise UnusableSchema(message) from None
            if isinstance(found, dict):
                home = self._homes.get(id(found), home)
        pointer = resource.pointer + fragment
        if isinstance(found, dict) and id(found) not in self._homes:
            self._index(found, home.base, home.draft, pointer)
        return _Home(found, home.base, home.draft, pointer)

    def _published(self, uri: str) -> None:
        if not uri.partition("://")[2].startswith("json-schema.org/draft"):
            return
        from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

        for known in REGISTRY:
            if known.rstrip("#") not in self._resources:
                contents: Any = REGISTRY[known].contents
                try:
                    draft = draft_of(contents.get("$schema", uri), uri)
                except UnusableSchema:
                    continue
                self._index(contents, known.rstrip("#"), draft, known)
                self._resources.setdefault(known.rstrip("#"), self._homes[id(contents)])


def refuse_depth(value: Any) -> None:
    """Raise `UnusableSchema` when lists and objects nest more than 256 levels."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise UnusableSchema(f"the schema nests more than {MOST_LEVELS} levels; use $ref for what repeats")
