"""Which report formats there are, and how one is written: one module a format, imported when it is asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from chatconform.core.judged import Judged


class Reportable(Judged, Protocol):
    """What a report can be made of: a result of any of the kinds that `FORMATS` names."""

    def exit_status(self, *, strict: bool = False) -> int:
        """The exit status of the command that it is the result of."""


KINDS: Final = ("RunResult", "ClientRunResult", "ValidationResult")
FORMATS: Final = {
    "json": {
        "RunResult": "chatconform.reports.json_report",
        "ClientRunResult": "chatconform.reports.client_json",
        "ValidationResult": "chatconform.reports.validation_json",
    },
    "junit": {
        "RunResult": "chatconform.reports.junit_report",
        "ClientRunResult": "chatconform.reports.client_junit",
        "ValidationResult": "chatconform.reports.validation_junit",
    },
    "html": dict.fromkeys(KINDS, "chatconform.reports.html_report"),
    "markdown": dict.fromkeys(KINDS, "chatconform.reports.markdown_report"),
    "sarif": {"ValidationResult": "chatconform.reports.sarif_report"},
}
"""Each format's name, and for each kind of result the module, which has `render(result, *, strict) -> str`."""


class ReportError(Exception):
    """A report that cannot be written; the message is one sentence that says why."""


def check_writable(path: str | Path) -> None:
    """Raises `ReportError` if a report cannot be written there: better before a run than after it."""
    path = Path(path)
    if path.is_dir():
        raise ReportError(f"the report cannot be written to {path}: it is a folder")
    if not path.parent.is_dir():
        raise ReportError(f"the report cannot be written to {path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ReportError(f"the report cannot be written to {path}: permission denied")


def render(format: str, result: Reportable, *, strict: bool = False) -> str:
    """The report of a run as text. Raises `ReportError` for an unknown format."""
    if format not in FORMATS:
        raise ReportError(f"there is no report format {format!r}; the formats are {', '.join(FORMATS)}")
    module = FORMATS[format].get(type(result).__name__)
    if module is None:
        raise ReportError(f"the report format {format!r} is for recordings, and this is none")
    text: str = import_module(module).render(result, strict=strict)
    return text


def document_of(result: Reportable, *, strict: bool = False) -> dict[str, Any]:
    """The JSON report of a run as a value: what pages are made of, so that they can be made of a file as well."""
    import orjson

    document: dict[str, Any] = orjson.loads(render("json", result, strict=strict))
    return document


def write(format: str, result: Reportable, path: str | Path | None = None, *, strict: bool = False) -> None:
    """Writes the report of a run to a file, whole or not at all, or (None) to stdout. Raises `ReportError`."""
    save(render(format, result, strict=strict), path)


def save(text: str, path: str | Path | None = None) -> None:
    """Writes a report's text to a file, whole or not at all, or (None) to stdout. Raises `ReportError`."""
    data = text.encode()
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        replace_file(Path(path), data)
    except OSError as error:
        raise ReportError(f"the report cannot be written to {path}: {error.strerror or error}") from None


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file whole, or leaves what was there. Raises `OSError`."""
    if path.exists() and not path.is_file():  # a device or a pipe has no place beside it to be replaced from
        path.write_bytes(data)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
