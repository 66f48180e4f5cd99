"""What the README shows works as it is shown."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from chatconform import schemas
from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.core.json_text import parse
from chatconform.scenarios.writing import completion

TEXT = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


async def app(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(completion())})


def read(pieces: tuple[bytes, ...]) -> list[Any]:
    events = sse.read((None, piece) for piece in pieces).events
    whole = assemble(parse(event.data) for event in events)
    assert whole is not None
    return [choice["message"]["content"] for choice in whole["choices"]]


PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 1}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}


def get_weather(city: str, days: int = 1) -> str:
    return f"{city}: {days} days of rain"


@pytest.fixture(autouse=True)
def _modules_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, members in {
        "my_server": {"app": app},
        "my_client": {"read": read},
        "my_tools": {"PARAMETERS": PARAMETERS, "get_weather": get_weather},
    }.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_of_code_runs(number: int) -> None:
    space: dict[str, Any] = {"__name__": "readme"}
    exec(compile(BLOCKS[number], f"README.md, block {number + 1}", "exec"), space)
    for name, value in list(space.items()):
        if name.startswith("test_"):
            value()


def test_a_block_of_code_is_under_ten_lines() -> None:
    for block in BLOCKS:
        lines = [line for line in block.splitlines() if line.strip()]
        assert len(lines) < 10


def test_the_readme_shows_what_it_says_of_violations() -> None:
    (violation,) = schemas.violations("CreateChatCompletionRequest", {"model": "m", "messages": [{"role": "user"}]})
    assert (violation.pointer, violation.keyword) == ("/messages/0", "required")
