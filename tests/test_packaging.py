"""The installed package is the four folders, whole, with the specimens, and nothing else becomes importable."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import chatconform

ROOT = Path(__file__).parents[1]
INSTALLED = Path(chatconform.__file__).parent
FOLDERS = {"conformance": "", "schemas": "schemas", "strategies": "strategies", "reports": "reports"}
SPECIMENS = {"tests/specimens": "specimens"}


def files(folder: Path) -> dict[str, bytes]:
    found = (Path(place) / name for place, _, names in os.walk(folder, followlinks=True) for name in names)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if "__pycache__" not in path.parts}


def test_the_installed_package_holds_the_four_folders_and_the_specimens_byte_for_byte() -> None:
    wanted = {
        str(Path(inside) / name): content
        for folder, inside in (FOLDERS | SPECIMENS).items()
        for name, content in files(ROOT / folder).items()
        if not (folder == "reports" and name.startswith("published/"))
    }
    found = {name: content for name, content in files(INSTALLED).items() if not name.startswith("reports/published/")}
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []


@pytest.mark.parametrize("name", FOLDERS)
def test_no_generic_name_is_importable(name: str, tmp_path: Path) -> None:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)"
    assert subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_the_package_says_that_it_is_typed() -> None:
    assert (INSTALLED / "py.typed").is_file()


def test_the_command_and_the_plugin_are_declared() -> None:
    points = {(point.group, point.name): point.value for point in importlib.metadata.entry_points(name="chatconform")}
    assert points["console_scripts", "chatconform"] == "chatconform.frontends.cli:main"
    assert points["pytest11", "chatconform"] == "chatconform.frontends.pytest_plugin"


def test_ci_runs_the_command_that_the_readme_names() -> None:
    command = (ROOT / ".ci" / "run").read_text().splitlines()[-1]
    assert command in (ROOT / "README.md").read_text().splitlines()


def test_directly_in_the_package_root_are_no_modules() -> None:
    assert sorted(path.name for path in (ROOT / "conformance").glob("*.py")) == ["__init__.py", "__main__.py"]


def test_the_version_is_told_the_same_everywhere() -> None:
    version = importlib.metadata.version("chatconform")
    assert chatconform.__version__ == version
    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
