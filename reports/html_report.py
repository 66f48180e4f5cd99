"""The page of one run's results: a single file of HTML, for results of every kind, made of the JSON report alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.likeness import RequestLikeness
from chatconform.reports.digest import LEVELS
from chatconform.reports.formats import document_of
from chatconform.reports.html_entries import Evidence, rule_entry, scenario_entry
from chatconform.reports.html_view import BADGES, CAPABILITIES, STATUS, Group, View, sections
from chatconform.reports.look import many
from chatconform.reports.plain import plain
from chatconform.reports.reading import Kind, kind_of
from chatconform.reports.templating import page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.reports.formats import Reportable
    from chatconform.reports.html_view import Entry

WHAT: Final = {
    Kind.SERVER: "Conformance of a server",
    Kind.CLIENT: "Conformance of a client",
    Kind.RECORDINGS: "Conformance of recordings",
}


def render(result: Reportable, *, strict: bool = False) -> str:
    """The page of a result; `strict` counts what fails and is no MUST."""
    return render_document(document_of(result, strict=strict))


def render_document(document: Mapping[str, Any], *, name: str | None = None, index: str | None = None) -> str:
    """The page of a results document of any kind, as `reading.read` gives it.

    `name` is what the page calls that which was judged, where it is not to be called by its address or its own name.
    `index` is the file name of a page that this one leads back to. Every rule and scenario has its id as its anchor.
    """
    return page("result.html", styles=["result.css"], scripts=["result.js"], view=view_of(document, name), index=index)


def view_of(document: Mapping[str, Any], name: str | None = None) -> View:
    """What the page of a document tells."""
    kind = kind_of(document)
    evidence = Evidence(document)
    rules = [rule_entry(rule, evidence) for rule in document["rules"]]
    scenarios = [scenario_entry(one, evidence) for one in document.get("scenarios", ())]
    judged = (Group("Scenarios", sections(scenarios)),) if scenarios else ()
    title = "Rules on what it sent" if kind is Kind.CLIENT else "Rules"
    return View(
        kind=WHAT[kind],
        name=name or _name(kind, document),
        status=STATUS[document["exit_status"]],
        verdict=_verdict(document, scenarios, rules),
        facts=tuple(_facts(kind, document)),
        notices=tuple(_notices(document)),
        notes=tuple(_notes(document)),
        groups=(*judged, Group(title, sections(rules))),
        capabilities=_capabilities(document),
    )


def _name(kind: Kind, document: Mapping[str, Any]) -> str:
    if kind is Kind.CLIENT:
        return f"{document['client']['name']} {document['client']['version']}".strip() or "a client"
    if kind is Kind.RECORDINGS:
        return many(sum(document["records"].values()), "record")
    return str(document["target"]["url"])


def _verdict(document: Mapping[str, Any], scenarios: list[Entry], rules: list[Entry]) -> str:
    """What failed at each level, and what counts, in a sentence or two."""
    told = [_failed(entries, what) for entries, what in ((scenarios, "scenario"), (rules, "rule")) if entries]
    failed = "; ".join(one for one in told if one)
    known = sum(entry.outcome == "known" for entry in (*scenarios, *rules))
    if known:
        failed = "; ".join(filter(None, (failed, f"{known:,} known to fail")))
    if not failed:
        return (
            "Nothing that could be judged failed." if document["exit_status"] == 0 else "Too little was judged to say."
        )
    counts = "MUST and SHOULD count" if document["strict"] else "Only a MUST counts"
    return f"{failed}. {counts} against the run."


def _failed(entries: list[Entry], what: str) -> str:
    counts = Counter(entry.level for entry in entries if entry.outcome == "failed")
    levels = ", ".join(f"{counts[level]} {level}" for level in LEVELS if counts[level])
    return f"{many(counts.total(), what)} failed ({levels})" if levels else ""


def _facts(kind: Kind, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    pace = f"in {document['seconds']:,.1f} s"
    if kind is Kind.SERVER:
        yield "Base URL", document["target"]["url"]
        yield "Model", document["target"]["model"] or "none was named"
        yield "Requests", f"{document['requests']:,} {pace}"
    elif kind is Kind.CLIENT:
        yield "Requests", f"{document['requests']:,} {pace}"
        likeness = Counter(word for one in document["scenarios"] for word in one["requests"])
        yield "Beside what was asked", ", ".join(f"{likeness[one]:,} {one}" for one in RequestLikeness if likeness[one])
        if document["restarts"]:
            yield "Restarts", f"{document['restarts']:,}"
    else:
        by_count = sorted(document["records"].items(), key=lambda item: -item[1])
        yield "Records", ", ".join(f"{count:,} {plain(name, 80)}" for name, count in by_count[:20])
        yield "Files", f"{document['files']:,}, {document['bytes'] / 1e6:,.1f} MB {pace}"
    if "seed" in document:
        yield "Seed", str(document["seed"])
    if "ended" in document:
        yield "Ended", str(document["ended"]).replace("T", " ").replace("Z", " UTC")
    yield "Judged by", f"chatconform {document['tool']['version']}"
    if "schemas" in document["tool"]:
        edition = document["tool"]["schemas"]
        yield "Published API", f"{plain(edition['version'], 40)}, compared on {plain(edition['date'], 40)}"


def _notices(document: Mapping[str, Any]) -> Iterator[str]:
    """What a reader must see first: a run that ended early, a file that could not be read, a check that broke."""
    if document["cut_short"] is not None:
        yield f"The run was cut short: {plain(document['cut_short'], 1000)}."
    yield from (f"{plain(text, 400)}." for text in document.get("missing", ())[:20])
    baseline = document.get("baseline") or {"stale": ()}
    for entry in baseline["stale"][:20]:
        where = f"{entry['name']} {entry['place'] or ''}".rstrip()
        yield f"Line {entry['line']} of the baseline is stale: {plain(where, 400)} no longer fails."
    for rule in document["rules"]:
        if rule["kit_fault"]:
            reason = plain(rule["reasons"][-1], 400) if rule["reasons"] else "its check broke"
            yield f"A fault in the rule {rule['id']} itself: {reason}."


def _notes(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (plain(note, 1000) for note in document.get("notes", ())[:50])
    baseline = document.get("baseline") or {"not_looked_at": ()}
    for entry in baseline["not_looked_at"][:50]:
        where, why = f"{entry['name']} {entry['place'] or ''}".rstrip(), plain(entry["why"], 300)
        yield f"Line {entry['line']} of the baseline was not looked at: {plain(where, 300)} ({why})."


def _capabilities(document: Mapping[str, Any]) -> tuple[tuple[Any, str, tuple[str, ...]], ...]:
    """The capabilities by how the target treats them; nothing where they were not looked at."""
    told = document.get("capabilities", ())
    by_support = ((word, [plain(one["title"]) for one in told if one["support"] == word]) for word in CAPABILITIES)
    return tuple((BADGES[word], CAPABILITIES[word], tuple(titles)) for word, titles in by_support if titles)
