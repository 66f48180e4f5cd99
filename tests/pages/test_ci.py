"""What CI runs before the tests: a browser where one can be had, and never a failure for want of one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci" / "run"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A project with nothing but its CI script, on a machine that has only what the tests below add to `bin`."""
    if not RUN.exists():
        pytest.skip("the CI script is not part of what is tested here")
    (tmp_path / ".ci").mkdir()
    shutil.copy(RUN, tmp_path / ".ci" / "run")
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "mkdir", "chmod", "cat"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    program(tmp_path, "id", "echo 0")
    program(
        tmp_path,
        "python3",
        'mkdir -p .venv/bin; for each in pip tox; do echo "echo $each \\"\\$@\\" >>told" >.venv/bin/$each; done',
        "chmod +x .venv/bin/*",
    )
    return tmp_path


def program(machine: Path, name: str, *lines: str) -> None:
    path = machine / "bin" / name
    path.write_text("\n".join(["#!/usr/bin/env bash", *lines, ""]))
    path.chmod(0o755)


def run(machine: Path) -> tuple[str, str]:
    """What the tests were run with, and what was told."""
    environment = {"PATH": str(machine / "bin"), "TMPDIR": str(machine)}
    bash = str(machine / "bin" / "bash")
    done = subprocess.run([bash, ".ci/run"], cwd=machine, env=environment, capture_output=True, text=True, check=True)
    return (machine / "told").read_text(), done.stderr


def test_without_apt_the_tests_run_all_the_same(machine: Path) -> None:
    assert run(machine) == ("pip install --quiet tox\ntox\n", "")


def test_a_browser_that_cannot_be_installed_is_told(machine: Path) -> None:
    program(machine, "apt-get", "exit 100")
    told, errors = run(machine)
    assert told.endswith("tox\n")
    assert "Chromium cannot be installed" in errors


def test_a_browser_that_can_be_installed_is(machine: Path) -> None:
    program(machine, "apt-get", 'echo "$@" >>"$TMPDIR/asked"')
    assert run(machine)[1] == ""
    assert (machine / "asked").read_text() == "update\ninstall -y --no-install-recommends chromium\n"


def test_a_browser_that_is_there_is_left_alone(machine: Path) -> None:
    program(machine, "apt-get", "exit 100")
    program(machine, "chromium", "exit 0")
    assert run(machine)[1] == ""


def test_who_may_not_install_does_not_try(machine: Path) -> None:
    program(machine, "apt-get", "exit 100")
    program(machine, "id", "echo 1000")
    assert run(machine)[1] == ""
