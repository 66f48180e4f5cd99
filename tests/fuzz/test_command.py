"""The arguments of `chatconform check` that fuzz and that limit a run."""

from __future__ import annotations

import pytest

from chatconform.frontends.cli import main
from chatconform.reference.server import ReferenceServer


def test_fuzzing_is_told_and_decides_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    with ReferenceServer(fault="n-of-null-crashes") as faulty:
        only = ["--only", "response.status.input-is-never-a-server-error"]
        assert main(["check", faulty.url, *only, "--fuzz", "200"]) == 1
    told = capsys.readouterr().out
    assert "Fuzzing sent 200 requests" in told
    assert "(the request has" in told


def test_limits_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--only", "response.usage", "--max-requests", "5"]) == 2
    assert "no more than 5 requests" in capsys.readouterr().out
    assert main(["check", "--only", "response.usage", "--max-time", "0.000001"]) == 2
    assert "The run was cut short" in capsys.readouterr().out


@pytest.mark.parametrize("given", [["--fuzz", "-1"], ["--fuzz", "many"], ["--max-requests", "0"], ["--max-time", "x"]])
def test_wrong_numbers_are_refused_at_once(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *given]) == 2
    told = capsys.readouterr().err
    assert given[0] in told
    assert "Traceback" not in told
