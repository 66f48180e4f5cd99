"""A report is written whole or not at all, and what stands in the way is told in one sentence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chatconform.core.run_result import RunResult
from chatconform.reports import FORMATS, ReportError, check_writable, json_report, render, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatconform.core.run_result import RunResult

    Make = Callable[..., RunResult]


@pytest.fixture(autouse=True)
def clock_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports tell when the run ended; two of one run are compared here."""
    monkeypatch.setattr(json_report, "now", lambda: "2026-01-31T10:00:00Z")


@pytest.mark.parametrize("format", [name for name, kinds in FORMATS.items() if RunResult.__name__ in kinds])
def test_every_format_is_written_to_a_file(a_result: Make, tmp_path: Path, format: str) -> None:
    result = a_result()
    write(format, result, tmp_path / "report")
    assert (tmp_path / "report").read_text("utf-8") == render(format, result)
    assert [file.name for file in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("format", [name for name, kinds in FORMATS.items() if RunResult.__name__ in kinds])
def test_every_format_is_written_to_stdout(
    a_result: Make, capfdbinary: pytest.CaptureFixture[bytes], format: str
) -> None:
    result = a_result(notes=("é😀",))
    write(format, result)
    assert capfdbinary.readouterr().out.decode() == render(format, result)


def test_an_unknown_format_is_refused(a_result: Make) -> None:
    with pytest.raises(ReportError, match="there is no report format 'pdf'; the formats are json, junit,"):
        render("pdf", a_result())


def test_a_file_is_replaced_and_keeps_its_mode(a_result: Make, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text("old")
    file.chmod(0o600)
    write("json", a_result(), file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("{")


def test_a_pipe_is_written_to(a_result: Make, tmp_path: Path) -> None:
    from threading import Thread

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write("junit", a_result(), pipe)
    reader.join()
    assert got[0].startswith("<?xml")


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    a_result: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path as RealPath

    file = tmp_path / "r.json"
    file.write_text("old")

    def fail(_self: Path, _: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RealPath, "replace", fail)
    with pytest.raises(ReportError, match="No space left on device"):
        write("json", a_result(), file)
    assert file.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_what_cannot_be_written_to_is_told_beforehand(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="it is a folder"):
        check_writable(tmp_path)
    with pytest.raises(ReportError, match="there is no folder"):
        check_writable(tmp_path / "no" / "x.json")
    check_writable(tmp_path / "x.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told_beforehand(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ReportError, match="permission denied"):
        check_writable(tmp_path / "x.json")
