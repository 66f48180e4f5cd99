"""Names of files that lie elsewhere lead where local ones would."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from chatconform.recordings.paths import find
from chatconform.recordings.remote import WITHOUT_ARROW
from chatconform.run.recordings import validate_files

pytestmark = [pytest.mark.usefixtures("ray"), pytest.mark.filterwarnings("ignore")]


def test_a_folder_a_glob_and_a_file_are_found(recordings: Path) -> None:
    (recordings / "inner").mkdir()
    (recordings / "inner" / "deep.json").write_bytes(b"{}")
    (recordings / ".hidden").write_bytes(b"{}")
    for name in ("", "/", "/one.json"):
        there = find([f"file://{recordings}{name}"])
        assert [path.removeprefix("file://") for path in there.files] == list(find([f"{recordings}{name}"]).files)
        assert not there.missing
    assert find([f"file://{recordings}/*.jsonl"]).files == tuple(
        f"file://{path}" for path in sorted(map(str, recordings.glob("*.jsonl")))
    )


def test_other_file_systems_are_read_as_well() -> None:
    import fsspec

    memory: Any = fsspec.filesystem("memory")
    memory.pipe("/here/one.json", b'{"error": {"message": "m", "type": "t", "param": null, "code": null}}')
    result = validate_files(["memory://here/one.json"])
    assert result.missing == ()
    assert sum(result.records.values()) == 1
    assert result.exit_status() == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file:///no/such/file", "file:///no/such/file: there is no such file"),
        ("s3://key:secret@bucket/path", "s3://bucket/path: the name holds credentials"),
        ("steam://here", "steam://here: "),
    ],
)
def test_what_leads_nowhere_is_told(name: str, words: str) -> None:
    (told,) = find([name]).missing
    assert told.startswith(words)
    assert "secret" not in told
    assert "\n" not in told


def test_without_arrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.fs", None)
    assert find(["s3://bucket/path"]).missing == (f"s3://bucket/path: {WITHOUT_ARROW}",)
