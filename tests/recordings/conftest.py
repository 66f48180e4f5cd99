"""Bodies, exchanges and files of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatconform.core.validation_result import ValidationResult
from chatconform.run.recordings import validate_files


class Traffic:
    """Bodies that are valid, and how they look on the wire."""

    def request(self, **more: Any) -> dict[str, Any]:
        return {"model": "small", "messages": [{"role": "user", "content": "Say hi."}], **more}

    def response(self, text: str = "Hi.", **more: Any) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, "refusal": None}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_767_225_600,
            "model": "small",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
            **more,
        }

    def chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_767_225_600,
            "model": "small",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}],
            **more,
        }

    def stream(self, *texts: str, **more: Any) -> str:
        chunks = [self.chunk({"role": "assistant", "content": ""}, **more)]
        chunks += [self.chunk({"content": text}, **more) for text in texts]
        chunks.append(self.chunk({}, "stop", **more))
        return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"

    def error(self) -> dict[str, Any]:
        return {"error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": None}}

    def exchange(self, request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
        return {
            "request": {"json": request or self.request()},
            "response": {"json": response or self.response()},
            **more,
        }


@pytest.fixture
def traffic() -> Traffic:
    """Bodies that are valid."""
    return Traffic()


class Folder:
    """Files of recordings, and what they come to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: bytes | str | list[Any]) -> str:
        """Writes a file: bytes, a text, or values as lines of JSON; gives its path."""
        if isinstance(content, list):
            content = "".join(json.dumps(value) + "\n" for value in content)
        data = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(data)
        return str(self.path / name)

    def judge(self, content: bytes | str | list[Any], name: str = "file", **options: Any) -> ValidationResult:
        """What a file of that content comes to."""
        return validate_files([self.write(name, content)], **options)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder for files of recordings."""
    return Folder(tmp_path)


def findings(result: ValidationResult) -> list[tuple[str, int, str]]:
    """The rule, the line and the pointer of each kept finding that is more than worth knowing."""
    return [
        (outcome.rule.id, example.exchange.origin.step, example.finding.pointer)
        for outcome in result.outcomes
        for example in outcome.examples()
        if outcome.rule.level != "INFO"
    ]


@pytest.fixture
def told() -> Callable[[ValidationResult], list[tuple[str, int, str]]]:
    """The rule, the line and the pointer of each kept finding."""
    return findings


@pytest.fixture
def messages() -> Callable[[ValidationResult], list[str]]:
    """The messages of the kept findings."""

    def of(result: ValidationResult) -> list[str]:
        return [example.finding.message for outcome in result.outcomes for example in outcome.examples()]

    return of
