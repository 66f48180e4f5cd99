"""An engine that is not there is told in one sentence."""

import sys
from pathlib import Path

import pytest

from chatconform.frontends.cli import main
from chatconform.run.reach import CannotCheckError
from chatconform.run.recordings import validate_files


def test_ray_that_is_not_installed_is_told_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["validate", "--engine", "ray", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert not told.out
    assert len(told.err.splitlines()) == 1
    assert "pip install 'chatconform[ray]'" in told.err


def test_an_unknown_engine_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotCheckError, match="local and ray"):
        validate_files([str(tmp_path)], engine="steam")
