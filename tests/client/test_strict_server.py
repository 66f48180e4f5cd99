"""The strict server answers like a real one, and tells what a client gets wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from chatconform.run.strict_server import StrictServer
from chatconform.scenarios.writing import choice, completion, error_body, events

ORPHAN = [{"role": "user", "content": "hi"}, {"role": "tool", "tool_call_id": "call_9", "content": "42"}]


@pytest.fixture
def server() -> Iterator[StrictServer]:
    with StrictServer() as running:
        yield running


@pytest.fixture
def client(server: StrictServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url, api_key="sk-any", max_retries=0) as made:
        yield made


def ask(client: openai.OpenAI, **options):
    return client.chat.completions.create(
        **{"model": "any-model", "messages": [{"role": "user", "content": "hi"}], **options}
    )


def test_a_correct_client_breaks_nothing(server: StrictServer, client: openai.OpenAI) -> None:
    assert ask(client).choices[0].message.content
    assert list(ask(client, stream=True))
    assert (server.violations, server.advice) == ([], [])
    assert [request.json["model"] for request in server.requests] == ["any-model", "any-model"]


def test_a_script_answers_one_request_each(server: StrictServer, client: openai.OpenAI) -> None:
    server.script(
        completion(choice("First.")), (503, error_body("busy")), completion(choice("Third.")), events(completion())
    )
    assert ask(client).choices[0].message.content == "First."
    with pytest.raises(openai.InternalServerError, match="busy"):
        ask(client)
    streamed = [chunk.choices[0].delta.content for chunk in ask(client, stream=True) if chunk.choices]
    assert "".join(filter(None, streamed)) == "Third."
    assert len(list(ask(client, stream=True))) > 3
    assert ask(client).model == "any-model"


def test_a_scripted_status_may_have_headers(server: StrictServer) -> None:
    server.script((429, error_body("busy"), {"Retry-After": "0"}), completion(choice("At last.")))
    with openai.OpenAI(base_url=server.url, api_key="sk-any", max_retries=1) as client:
        assert ask(client).choices[0].message.content == "At last."
    assert len(server.requests) == 2
    server.script((403, {"detail": "no"}, {"content-type": "application/problem+json", "x-why": "rules"}))
    with openai.OpenAI(base_url=server.url, api_key="sk-any", max_retries=0) as client:
        with pytest.raises(openai.PermissionDeniedError) as refusal:
            ask(client)
        assert refusal.value.response.headers["x-why"] == "rules"
        assert refusal.value.response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "answer",
    [
        *(7, "data: {}", ["data: {}"], (429,), (429, "slow down")),
        *((429, {}, {"retry-after": 1}), (429, {}, {"a": "b\r\nc: d"}), (429, {}, {}, {})),
    ],
)
def test_an_answer_that_is_none_is_refused_where_it_is_given(server: StrictServer, answer: object) -> None:
    with pytest.raises(TypeError, match=r"an answer is a completion, a status with a body \(and headers\), or events"):
        server.script(answer)


def test_a_breach_is_told_with_its_pointer(server: StrictServer, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        ask(client, messages=[{"role": "user"}])
    with pytest.raises(openai.BadRequestError):
        ask(client, messages=ORPHAN)
    told = [str(violation) for violation in server.violations]
    assert any("MUST request.parameters.match-their-type: /messages/0" in text for text in told)
    assert any("MUST request.conversation.results-follow-their-calls: /messages/1" in text for text in told)


def test_what_should_not_be_sent_is_advice(server: StrictServer, client: openai.OpenAI) -> None:
    ask(client, extra_body={"temperature": None})
    assert server.violations == []
    assert server.advice


CLIENT_TESTS = """
import json
import urllib.request

def send(server, body):
    headers = {"content-type": "application/json", "authorization": "Bearer sk-any"}
    request = urllib.request.Request(server.url + "/chat/completions", json.dumps(body).encode(), headers)
    try:
        urllib.request.urlopen(request).close()
    except OSError as error:
        error.close()

def test_good(chatconform_server):
    send(chatconform_server, {"model": "m", "messages": [{"role": "user", "content": "hi"}]})

def test_bad(chatconform_server):
    send(chatconform_server, {"model": "m", "messages": []})
"""


def test_a_test_fails_for_what_its_client_sent(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(CLIENT_TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "2 passed, 1 error" in ran.stdout
    assert "MUST request.parameters.match-their-type: /messages " in ran.stdout
