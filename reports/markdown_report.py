"""The Markdown report of a run of any kind, as the summary of a CI job shows it.

It is made of the JSON report, so a results file gives the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.recording import from_json
from chatconform.reports.curl import command
from chatconform.reports.digest import LEVELS, Digest, Judged, Shade, counted, digest, place_of
from chatconform.reports.formats import document_of
from chatconform.reports.look import STATUS_WORDS, many
from chatconform.reports.markdown import bounded, code, fenced, folded, prose, table
from chatconform.reports.reading import Kind, Results, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.reports.formats import Reportable

MOST_PLACES: Final = 5
MOST_ROWS: Final = 200
LARGEST_COMMAND: Final = 4 * 1024
REST: Final = "The JSON report (`--report json=FILE`) holds everything."
UNIT: Final = {Kind.SERVER: "rule", Kind.CLIENT: "scenario or rule", Kind.RECORDINGS: "rule"}


def render(result: Reportable, *, strict: bool = False) -> str:
    """The report as Markdown; `strict` counts a failed SHOULD."""
    return render_document(document_of(result, strict=strict))


def render_document(document: Mapping[str, Any]) -> str:
    """The same of a JSON report that keeps to its schema."""
    results = Results("", kind_of(document), document)
    return bounded(_blocks(results, digest(results)), REST)


def _blocks(results: Results, found: Digest) -> Iterator[str]:
    document = results.document
    word, _ = STATUS_WORDS.get(found.status, ("NOT CONCLUSIVE", ""))
    yield f"## chatconform: {code(found.names[0])} {word}"
    yield f"{_about(found)}**{counted(found)}**{_effort(document)}"
    remarks = [*document.get("missing", ()), *document.get("notes", ())]
    if found.cut_short is not None:
        remarks.insert(0, f"The run was cut short: {found.cut_short}.")
    if remarks:
        yield "\n".join(f"- {prose(remark)}" for remark in remarks[:MOST_ROWS])
    failed = sorted(
        (one for one in found.judged.values() if one.shade is Shade.FAILED), key=lambda one: LEVELS.index(one.level)
    )
    breaches = [one for one in failed if one.level != "INFO" and not one.excused]
    if breaches:
        yield "\n".join(["### Failures", "", *_table(found, breaches)])
    yield from _stale(document)
    rules = {rule["id"]: rule for rule in document["rules"]}
    for one in breaches:
        if one.id in rules:
            yield folded(one.level, one.id, _failure(one, rules[one.id], document))
    yield from _known(document)
    remarkable = [one for one in failed if one.level == "INFO" and not one.excused]
    if remarkable:
        yield folded(f"Worth knowing, and no breach (INFO): {len(remarkable)}", "", _table(found, remarkable))
    yield from _others(found)
    yield from _capabilities(found)
    yield folded("Every area", "", _areas(found))


def _about(found: Digest) -> str:
    return f"{code(found.about)}: " if found.about else ""


def _effort(document: Mapping[str, Any]) -> str:
    asked = f"; {many(document['requests'], 'request')}" if "requests" in document else ""
    seed = f", seed {document['seed']}" if "seed" in document else ""
    return f"{asked} in {document['seconds']:.1f} s{seed}"


def _stale(document: Mapping[str, Any]) -> Iterator[str]:
    """What a baseline names and does not fail any more: it fails the run until the entry is gone."""
    stale = (document.get("baseline") or {}).get("stale", ())
    if stale:
        rows = [(one["level"], code(one["name"]), *_entry(one), f"{one['line']}") for one in stale[:MOST_ROWS]]
        lines = table(("level", "id", "place", "reason", "line"), rows, frozenset({4}))
        yield "\n".join([f"### No longer failing, and still in the baseline: {len(stale)}", "", *lines])


def _known(document: Mapping[str, Any]) -> Iterator[str]:
    """What fails as a baseline says, and what the baseline says of what was not looked at."""
    baseline = document.get("baseline") or {}
    known, unseen = baseline.get("known", ()), baseline.get("not_looked_at", ())
    if known:
        rows = [(one["level"], code(one["name"]), *_entry(one)) for one in known[:MOST_ROWS]]
        yield folded(f"Known failures: {len(known)}", "", table(("level", "id", "place", "reason"), rows))
    if unseen:
        rows = [(code(one["name"]), *_entry(one), prose(one["why"])) for one in unseen[:MOST_ROWS]]
        title = f"In the baseline, and not looked at: {len(unseen)}"
        yield folded(title, "", table(("id", "place", "reason", "why not"), rows))


def _entry(one: Mapping[str, Any]) -> tuple[str, str]:
    return code(one["place"] or ""), prose(one["reason"] or "")


def _table(found: Digest, failed: list[Judged]) -> list[str]:
    rows = [
        (one.level, code(one.id), f"{one.findings:,}", f"{code(one.place)} {prose(one.why, 300)}".strip())
        for one in failed[:MOST_ROWS]
    ]
    lines = table(("level", UNIT[found.kind], "findings", "the first"), rows, frozenset({2}))
    return lines if len(failed) == len(rows) else [*lines, "", f"and {len(failed) - len(rows):,} more"]


def _failure(one: Judged, rule: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """One failed rule unfolded: the requirement, what came and was expected, and how to ask again."""
    yield f"{prose(rule['title'])} ({prose(rule['source'])})"
    yield ""
    told = dict.fromkeys(_finding(finding) for finding in rule["findings"])
    yield from list(told)[:MOST_PLACES]
    if one.findings > len(rule["findings"]) or len(told) > MOST_PLACES:
        yield f"- {many(one.findings, 'finding')} in all"
    if rule.get("known"):
        yield f"- known of it: {prose(rule['known'])}"
    if "target" in document:
        yield from _asked(rule, document)


def _asked(rule: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """What came back, and how to ask for it again: of the first finding whose request fits into a page."""
    for finding in rule["findings"]:
        record = document["exchanges"].get(finding["exchange"])
        if record is None or "cut_from" in record["request"]:
            continue
        exchange = from_json(record)
        curl = command(exchange.request, document["target"]["url"])
        if len(curl) > LARGEST_COMMAND:
            continue
        if exchange.response is not None:
            text = exchange.response.body[:1000].decode(errors="replace")
            yield f"- answer: status {exchange.response.status}, {code(text, 240) or 'nothing in it'}"
        if exchange.failure is not None:
            yield f"- what came of it: {prose(exchange.failure.message)}"
        yield ""
        yield fenced(curl, "sh")
        return


def _finding(finding: Mapping[str, Any]) -> str:
    expected = f"; expected: {prose(finding['expected'], 400)}" if finding["expected"] else ""
    known = " (known)" if finding.get("excused") else ""
    again = f" (replay {code(finding['id'])})" if "id" in finding and "file" not in finding else ""
    return f"- {code(place_of(finding)) or 'the whole'}: {prose(finding['message'], 400)}{expected}{known}{again}"


def _others(found: Digest) -> Iterator[str]:
    """What was judged neither to pass nor to fail, and why."""
    told = {Shade.INCONCLUSIVE: "Could not be judged", Shade.LOSSY: "Reshaped without another meaning"}
    for shade, words in told.items():
        rows = [(code(one.id), prose(one.why, 300)) for one in found.judged.values() if one.shade is shade]
        if rows:
            yield folded(f"{words}: {len(rows)}", "", table((UNIT[found.kind], "why"), rows[:MOST_ROWS]))


def _capabilities(found: Digest) -> Iterator[str]:
    supports: dict[str, list[str]] = {}
    for name, (_, support) in found.capabilities.items():
        supports.setdefault(support, []).append(code(name))
    if supports:
        order = [support for support in ("honoured", "refused", "ignored", "unknown") if support in supports]
        rows = [(support, ", ".join(supports[support])) for support in order]
        yield "\n".join(["### Capabilities", "", *table(("treated as", "capabilities"), rows)])


def _areas(found: Digest) -> list[str]:
    """How many of each area came to what."""
    counts: dict[str, dict[Shade, int]] = {}
    for one in found.judged.values():
        area = counts.setdefault(one.area, dict.fromkeys(Shade, 0))
        area[one.shade] += 1
    shown = [shade for shade, count in found.counts.items() if count]
    rows = [
        [code(name), *(str(area[shade] or "") for shade in shown)] for name, area in list(counts.items())[:MOST_ROWS]
    ]
    return table(["area", *(shade.words for shade in shown)], rows, frozenset(range(1, len(shown) + 1)))
