"""A results document in short: what was judged, what each rule and scenario came to, and what that adds up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from sys import intern
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chatconform.core.failure import weighs
from chatconform.core.tally import MOST_PLACES, general
from chatconform.reports.client_terminal import AREAS
from chatconform.reports.look import many
from chatconform.reports.reading import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.reports.reading import Results


class Shade(StrEnum):
    """What a rule or a scenario came to: the verdicts on rules, and what becomes of scenarios."""

    PASSED = "passed"
    LOSSY = "lossy"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    INCONCLUSIVE = "inconclusive"
    BLOCKED = "blocked"
    NOT_EXERCISED = "not_exercised"

    @property
    def words(self) -> str:
        """As people write it."""
        return self.replace("_", " ")


LEVELS: Final = ("MUST", "SHOULD", "INFO", "must", "should", "policy", "strict", "hostile")
"""The levels of rules and of scenarios, worst first."""
SCENARIOS: Final = "scenarios: "
"""What the areas of scenarios begin with, so that no rule's area has the same name."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule or one scenario, and what it came to; what many results share is held once."""

    id: str
    area: str
    level: str
    title: str
    shade: Shade
    findings: int = 0
    """How many findings there were."""
    place: str = ""
    """Where the first finding was made: a JSON Pointer, or file, line and pointer; of a scenario how it failed."""
    why: str = ""
    """What is wrong, of the first finding; why it could not be judged; what is lossy."""
    places: tuple[str, ...] = ()
    """The places of the findings, list indexes told as `*`."""
    all_places: bool = True
    """Whether `places` holds all of them."""

    excused: bool = False
    """Whether a baseline names all that fails here."""

    @property
    def is_scenario(self) -> bool:
        """Whether it is a scenario and no rule."""
        return self.level.islower()

    def counts(self, *, strict: bool) -> bool:
        """Whether it fails the run that it is of."""
        return self.shade is Shade.FAILED and not self.excused and weighs(self.level, strict=strict)


@dataclass(frozen=True, slots=True)
class Digest:
    """A results document in short."""

    kind: Kind
    names: tuple[str, ...]
    """What was judged, from the shortest name to the most telling."""
    about: str
    """What is to be known beside the name."""
    kit: str
    """The version of the kit that judged."""
    status: int
    """The exit status of the run."""
    strict: bool
    ended: str | None
    """When the run ended, in UTC as RFC 3339 has it; the oldest results do not tell."""
    cut_short: str | None
    judged: Mapping[str, Judged]
    """By id, in the document's order."""
    capabilities: Mapping[str, tuple[str, str]]
    """Title and support, by name."""

    @property
    def counts(self) -> dict[Shade, int]:
        """How many rules and scenarios came to each shade."""
        found = Counter(one.shade for one in self.judged.values())
        return {shade: found[shade] for shade in Shade}

    @property
    def failed(self) -> dict[str, int]:
        """How many failed of each level, worst first; levels without any are left out."""
        found = Counter(one.level for one in self.judged.values() if one.shade is Shade.FAILED)
        return {level: found[level] for level in LEVELS if found[level]}


def digest(results: Results) -> Digest:
    """Results in short."""
    document = results.document
    items = [*_scenarios(document), *(_rule(rule) for rule in document["rules"])]
    names, about = _subject(results.kind, document)
    return Digest(
        kind=results.kind,
        names=names,
        about=about,
        kit=document["tool"]["version"],
        status=document["exit_status"],
        strict=document["strict"],
        ended=document.get("ended"),
        cut_short=document["cut_short"],
        judged={one.id: one for one in items},
        capabilities={one["name"]: (one["title"], one["support"]) for one in document.get("capabilities", ())},
    )


def counted(found: Digest) -> str:
    """The counts in one line of plain words, as in `3 passed, 2 failed (1 MUST, 1 INFO; 1 known)`."""
    levels = ", ".join(f"{count:,} {level}" for level, count in found.failed.items())
    known = sum(one.excused for one in found.judged.values())
    levels += f"; {known:,} known" if known else ""
    told = [
        f"{count:,} {shade.words}" + (f" ({levels})" if shade is Shade.FAILED else "")
        for shade, count in found.counts.items()
        if count or shade is Shade.PASSED
    ]
    return ", ".join(told)


def _subject(kind: Kind, document: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The names of what was judged, and what is to be known beside them."""
    if kind is Kind.CLIENT:
        client = document["client"]
        name, version = client["name"] or "a client", client["version"]
        return (name, f"{name} {version}".rstrip()), f"version {version}" if version else ""
    if kind is Kind.RECORDINGS:
        files, records = document["files"], sum(document["records"].values())
        return ("recordings",), f"{many(records, 'record')} in {many(files, 'file')}"
    url, model = document["target"]["url"], document["target"]["model"]
    try:
        host = urlsplit(url).netloc or url
    except ValueError:
        host = url
    return (host, f"{host} {model}" if model else url), f"{url}, model {model}" if model else url


def _scenarios(document: Mapping[str, Any]) -> Iterator[Judged]:
    for one in document.get("scenarios", ()):
        shade = Shade(one["outcome"])
        area = one["id"].partition(".")[0]
        failed = shade is Shade.FAILED
        yield Judged(
            id=intern(one["id"]),
            area=intern(SCENARIOS + AREAS.get(area, area)),
            level=intern(one["level"]),
            title=intern(one["purpose"]),
            shade=shade,
            findings=int(failed),
            place=one["kind"] or "",
            why="" if shade is Shade.PASSED else one["detail"],
            excused=one.get("excused", False),
        )


def _rule(rule: Mapping[str, Any]) -> Judged:
    first = next(iter(rule["findings"]), None)
    reasons = rule["reasons"]
    places = _places(rule)
    return Judged(
        id=intern(rule["id"]),
        area=intern(rule["id"].rpartition(".")[0]),
        level=intern(rule["level"]),
        title=intern(rule["title"]),
        shade=Shade(rule["outcome"]),
        findings=rule["findings_total"],
        place=place_of(first) if first is not None else "",
        why=first["message"] if first is not None else reasons[0] if reasons else "",
        places=places,
        all_places=len(places) < MOST_PLACES,
        excused=rule.get("excused", False),
    )


def place_of(finding: Mapping[str, Any]) -> str:
    """Where a finding was made: a JSON Pointer, and of a recording the file and line before it."""
    if "file" in finding:
        return f"{finding['file']}:{finding['line']}:{finding['pointer']}"
    pointer: str = finding["pointer"]
    return pointer


def _places(rule: Mapping[str, Any]) -> tuple[str, ...]:
    told = rule["places"] if "places" in rule else rule["findings"]
    return tuple(dict.fromkeys(general(place["pointer"]) for place in told))
