"""`chatconform report`: tells results that were written before: beside each other, compared, or as a badge."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatconform.frontends.cli.arguments import refused
from chatconform.frontends.cli.reporting import add_color, detail_of, quietly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.reports.look import Look
    from chatconform.reports.matrix import Entry

HELP = "tell results that --report json=FILE wrote: a matrix of many, what changed between two, a badge of one"
FORMATS: Final = ("html", "markdown", "json")
ENDINGS: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".txt": None, "": None}
"""The format that the ending of a file says; None is text, as on a terminal."""
BADGES: Final = (".svg", ".json")
MOST_TOLD: Final = 10
"""Files that cannot be read are told one by one up to here; they are counted beyond."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "results",
        nargs="+",
        metavar="[NAME=]FILE",
        help="a file written by --report json=FILE, of a server, a client or recordings, and what to call it; "
        "- for stdin",
    )
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--html", dest="format", action="store_const", const="html", help="as a page; of one result, its own page"
    )
    formats.add_argument("--markdown", dest="format", action="store_const", const="markdown", help="as Markdown")
    formats.add_argument("--json", dest="format", action="store_const", const="json", help="as JSON")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="where to: a file, whose ending says the format if nothing else does, or, ending in /, a folder for "
        "index.html and a page for each result (default stdout)",
    )
    parser.add_argument(
        "--diff", action="store_true", help="tell what changed from the first of two results to the second"
    )
    parser.add_argument("--strict", action="store_true", help="with --diff, a SHOULD that newly fails counts too")
    parser.add_argument(
        "--badge",
        action="append",
        default=[],
        metavar="FILE",
        help="write a badge of one result too: a picture (.svg), or what badge services read (.json); repeatable",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell the counts, and what is worse")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell every row, also what nobody fails")
    add_color(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 told, 1 something newly fails (--diff), 2 cannot be told."""
    from chatconform.reports import ReportError
    from chatconform.reports.diff import Incomparable

    try:
        return _run(args)
    except (ReportError, Incomparable) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    _check(args)
    given = _read(args)
    if given is None:
        return 2
    if args.badge:
        _write_badges(args.badge, given[0])
    if args.diff:
        return _tell_diff(args, given)
    if _is_folder(args.output):
        from chatconform.reports.matrix_pages import write_pages

        write_pages(Path(args.output), given)
    else:
        _tell(args, _matrix(args, given))
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuses what cannot be done before anything is read. Raises `ReportError`."""
    from chatconform.reports import ReportError, check_writable

    count = len(args.results)
    were = "1 was" if count == 1 else f"{count:,} were"
    if args.diff and count != 2:
        raise ReportError(f"--diff compares two results, the older and the newer, and {were} given")
    if args.badge and count != 1:
        raise ReportError(f"--badge is of one result, and {were} given; make one badge after the other")
    for path in args.badge:
        if Path(path).suffix.lower() not in BADGES:
            raise ReportError(f"the badge {path} is to end in .svg (a picture) or .json (for badge services)")
        check_writable(path)
    if args.output is None or args.output == "-":
        args.output = None
    elif args.format is None:
        args.format = "html" if _is_folder(args.output) else _format_of(args.output)
    if args.diff and (args.format == "html" or _is_folder(args.output)):
        raise ReportError("--diff is told as text, with --markdown or with --json, in one file")
    if _is_folder(args.output):
        if args.format != "html":
            raise ReportError(f"{args.output} is a folder, and only --html fills one; name a file")
        if not Path(args.output).parent.is_dir():
            raise ReportError(f"the pages cannot be written to {args.output}: there is no folder above it")
    elif args.output is not None:
        check_writable(args.output)


def _format_of(output: str) -> str | None:
    """The format that a file's name says. Raises `ReportError` for an ending that says none."""
    from chatconform.reports import ReportError

    ending = Path(output).suffix.lower()
    if ending not in ENDINGS:
        raise ReportError(f"{output} is to end in .html, .md, .json or .txt; or say --html, --markdown or --json")
    return ENDINGS.get(ending)


def _is_folder(output: str | None) -> bool:
    return output is not None and (output.endswith(("/", os.sep)) or Path(output).is_dir())


def _read(args: argparse.Namespace) -> list[Entry] | None:
    """The results, in short; None, and what is wrong with each file told, where some cannot be read."""
    from chatconform.reports.digest import digest
    from chatconform.reports.matrix import Entry
    from chatconform.reports.reading import UnreadableResults, read

    given: list[Entry] = []
    problems = 0
    for text in args.results:
        name, path = _named(text)
        try:
            results = read(path)
        except UnreadableResults as problem:
            problems += 1
            if problems <= MOST_TOLD:
                refused(str(problem))
            continue
        again = Path(path).is_file() and len(args.results) > 1
        given.append(Entry(name, path, digest(results), None if again else results))
    if problems > MOST_TOLD:
        refused(f"{problems - MOST_TOLD:,} more files are no results that can be read")
    return None if problems else given


def _named(text: str) -> tuple[str | None, str]:
    """The name that a result was given, if any, and its file."""
    name, equals, path = text.partition("=")
    return (name, path) if equals and name and path and not Path(text).exists() else (None, text)


def _write_badges(paths: Sequence[str], one: Entry) -> None:
    from chatconform.reports.badge import LABEL, endpoint, svg
    from chatconform.reports.formats import save

    for path in paths:
        make = svg if Path(path).suffix.lower() == ".svg" else endpoint
        save(make(one.digest, one.given or LABEL), path)


def _tell_diff(args: argparse.Namespace, given: list[Entry]) -> int:
    from chatconform.reports import diff_json, diff_markdown, diff_terminal
    from chatconform.reports.diff import compare

    old, new = (one.digest for one in given)
    found = compare(old, new, strict=args.strict)
    if args.format == "json":
        _tell(args, diff_json.render(found))
    elif args.format == "markdown":
        _tell(args, diff_markdown.render(found))
    else:
        _tell(args, diff_terminal.render(found, _look(args)))
    return found.status


def _matrix(args: argparse.Namespace, given: list[Entry]) -> str:
    """The results in the format that is wanted: of one result its own page or summary, else the matrix."""
    from chatconform.reports import matrix_json, matrix_markdown, matrix_terminal
    from chatconform.reports.matrix import tables

    alone = given[0].results if len(given) == 1 else None
    if alone is not None and args.format == "html":
        from chatconform.reports.html_report import render_document

        return render_document(alone.document, name=given[0].given)
    if alone is not None and args.format == "markdown":
        from chatconform.reports import markdown_report

        return markdown_report.render_document(alone.document)
    found = tables(given)
    if args.format == "html":
        from chatconform.reports import matrix_html

        return matrix_html.render(found)
    if args.format == "json":
        return matrix_json.render(found)
    return matrix_markdown.render(found) if args.format == "markdown" else matrix_terminal.render(found, _look(args))


def _tell(args: argparse.Namespace, text: str) -> None:
    from chatconform.reports.formats import save

    if args.output is not None:
        save(text, args.output)
    elif args.format is not None:
        quietly(lambda: save(text))
    else:
        quietly(lambda: (sys.stdout.write(text), sys.stdout.flush()))


def _look(args: argparse.Namespace) -> Look:
    from chatconform.frontends.cli.screen import has_colors, width
    from chatconform.reports.look import Look

    if args.output is not None:
        return Look(detail_of(args))
    return Look(detail_of(args), has_colors(sys.stdout, refused=args.no_color), width(sys.stdout))
