"""The bundled adapters: each says hello by the protocol, drives its client, and stands in the published matrix."""

from __future__ import annotations

import runpy
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import chatconform
from chatconform.core.scenario import Grade
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.run.adapter import AdapterProcess
from chatconform.run.bundled import command_of, names
from chatconform.run.client import drive
from chatconform.scenarios.catalogue import select

HERE = {"openai": (), "openai-stream": (), "fetch": ("node",), "shell": ("bash", "curl", "jq", "flock")}
"""The adapters whose clients the tests' own environment has, and the programs that they need beside it."""


@pytest.fixture(scope="module")
def matrix() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parent / "matrix.py"))


@pytest.mark.parametrize("name", HERE)
def test_a_bundled_adapter_drives_its_client(name: str) -> None:
    if missing := [program for program in HERE[name] if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")
    chosen = select(
        ["ns.plain", "ns.tool-call", "st.plain", "st.no-charset-utf8", "st.tool-call", "st.abort", "f.400", "rq.tools"]
    )
    result = drive(partial(AdapterProcess, command_of(name, sys.executable)), scenarios=chosen)
    assert result.cut_short is None
    assert result.restarts == 0
    assert [(one.scenario.id, one.detail) for one in result.failed()] == []
    assert result.summary[ScenarioOutcome.PASSED] >= 3


def test_each_adapter_is_one_short_file_that_knows_nothing_of_the_kit() -> None:
    for folder in (Path(chatconform.__path__[0]) / "adapters").iterdir():
        files = [file for file in folder.iterdir() if file.is_file()]
        assert [file.stem for file in files] == ["adapter"], folder.name
        text = files[0].read_text()
        assert "protocol, version 1" in text.partition("\n\n")[0], folder.name
        assert "import chatconform" not in text
        assert len(text.splitlines()) <= 220, folder.name


def test_the_published_matrix_has_every_bundled_adapter(matrix: dict[str, Any]) -> None:
    assert matrix["names_on"](matrix["PAGE"].read_text()) == list(names())
    assert {*matrix["FROM_PYPI"], *matrix["FROM_NPM"], "fetch", "shell"} == set(names())


def test_the_official_clients_fail_no_must_in_the_published_matrix(matrix: dict[str, Any]) -> None:
    text = matrix["PAGE"].read_text()
    for name in ("openai", "openai-node"):
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section.count("\n- ") > 0
        assert "(must," not in section


def test_the_matrix_tells_what_failed_and_nothing_that_a_page_would_obey(
    matrix: dict[str, Any], tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter.py"
    adapter.write_text(
        """import json, sys
hello = {"protocol": 1, "client": "evil | `x`", "features": ["stream"], "fields": ["content"]}
print(json.dumps({"hello": hello}), flush=True)
for line in sys.stdin:
    value = {"choices": [{"index": 0, "message": {"content": "<b>`|\\n# no"}, "finish_reason": "stop"}]}
    print(json.dumps({"id": json.loads(line)["id"], "ok": True, "completion": value}), flush=True)
"""
    )
    chosen = select(["ns.plain", "ns.meta", "st.plain"])
    result = drive(partial(AdapterProcess, [sys.executable, str(adapter)]), scenarios=chosen)
    assert [one.scenario.id for one in result.failed(Grade.MUST)] == ["ns.plain"]
    text = matrix["page"]({"evil": result})
    assert matrix["names_on"](text) == ["evil"]
    assert "| `ns.plain` | must | **wrong** |" in text
    assert "\n# no" not in text
    assert all(line.count("`") % 2 == 0 for line in text.splitlines())
