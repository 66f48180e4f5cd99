"""An app in this process is held to the rules that a server is held to, but for those of the wire alone."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatconform import App, CannotCheckError, check
from chatconform.core.result import Verdict
from chatconform.reference.server import ReferenceServer
from chatconform.reports.terminal import render
from chatconform.run.opening import NO_WIRE, WIRE_ALONE, app_named

HOP_BY_HOP = {"host", "content-length", "connection", "transfer-encoding", "keep-alive"}
SURVIVES = "response.status.input-is-never-a-server-error"


def in_front_of(url: str) -> Any:
    """A WSGI app that hands everything on to a server."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        length = environ.get("CONTENT_LENGTH")
        body = environ["wsgi.input"].read(int(length) if length else -1)
        headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
        headers = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        if "CONTENT_TYPE" in environ:
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        try:
            connection.request(environ["REQUEST_METHOD"], environ["PATH_INFO"], body, headers)
            answer = connection.getresponse()
            told = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            start_response(f"{answer.status} {answer.reason}", told)
            while data := answer.read1(65536):
                yield data
        finally:
            connection.close()

    return app


def test_a_correct_app_keeps_every_rule_that_shows_without_a_wire() -> None:
    with ReferenceServer() as server:
        result = check(in_front_of(server.url))
        over_the_wire = check(server.url)
    assert result.exit_status(strict=True) == 0, render(result, strict=True)
    assert result.requests == over_the_wire.requests
    verdicts = {outcome.rule.id: outcome.verdict for outcome in over_the_wire.outcomes}
    other = {one.rule.id: one for one in result.outcomes if one.verdict is not verdicts[one.rule.id]}
    assert other.keys() == WIRE_ALONE
    for outcome in other.values():
        assert outcome.verdict is Verdict.NOT_EXERCISED
        assert outcome.reasons == [NO_WIRE]
    assert any("was asked in this process" in note for note in result.notes)


def listing(path: str, base: str) -> tuple[int, dict[str, str], Any] | None:
    """The list of models of an app that serves below `base`; None for other paths there."""
    if not path.startswith(f"{base}/") or path.removeprefix(base) not in {"/models", "/chat/completions"}:
        return 404, {}, {"error": {"message": "no such path", "type": "not_found", "param": None, "code": None}}
    if path.endswith("/models"):
        return 200, {}, {"object": "list", "data": [{"id": "m", "object": "model"}]}
    return None


COMPLETION = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi.", "refusal": None}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


@pytest.mark.parametrize("base", ["/v1", "", "/api/v1"])
def test_the_usual_paths_of_an_app_are_found(base: str) -> None:
    result = check(lambda request: listing(request.target, base) or (200, {}, COMPLETION), only=["response.usage"])
    assert result.exit_status() == 0
    assert result.target.url == f"http://localhost{base}"


def test_an_app_that_breaks_on_the_first_look_at_its_path_is_found_all_the_same() -> None:
    def app(request: Any) -> Any:
        if request.json == {}:
            return 500, {"content-type": "text/html"}, "<h1>Oops</h1>"
        return listing(request.target, "/v1") or (200, {}, COMPLETION)

    assert check(app, only=["response.usage"]).exit_status() == 0


def test_another_path_can_be_said_and_is_asked_for() -> None:
    def app(request: Any) -> Any:
        return listing(request.target, "/llm") or (200, {}, COMPLETION)

    assert check(App(app, "/llm"), only=["response.usage"]).exit_status() == 0
    with pytest.raises(CannotCheckError, match=r"answers at none of /v1/chat/completions, .*App\(app, path="):
        check(app, only=["response.usage"])


def test_what_an_app_raised_stands_below_the_failure() -> None:
    def app(request: Any) -> Any:
        request.json["messages"][0]["content"].upper()
        return listing(request.target, "/v1") or (200, {}, COMPLETION)

    told = render(check(App(app, "/v1"), model="m", only=[SURVIVES]))
    assert "raised       Traceback (most recent call last):" in told
    assert "AttributeError: 'list' object has no attribute 'upper'" in told
    assert __file__ in told


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (3, "'int' is neither a base URL nor an app"),
        (lambda _, __, ___, ____: None, "does not show whether"),
        (App(lambda _: None, "/v1"), "status 500: it raised .TypeError: a function gives a Response"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(target: Any, said: str) -> None:
    with pytest.raises(CannotCheckError, match=said):
        check(target, only=["response.usage"], timeout=1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "is no such name"),
        ("no_such_module:app", "ModuleNotFoundError"),
        ("chatconform:nope", "AttributeError"),
        ("os:path.join()", "TypeError"),
        ("x:1", "is no such name"),
    ],
)
def test_an_app_that_cannot_be_loaded_is_one_sentence(name: str, said: str) -> None:
    with pytest.raises(CannotCheckError, match=said) as raised:
        app_named(name)
    assert "\n" not in str(raised.value)


def test_an_app_is_found_by_its_name_or_made(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some_server_of_mine.py").write_text("class Inside:\n    app = print\ndef make():\n    return len\n")
    monkeypatch.chdir(tmp_path)
    assert app_named("some_server_of_mine:Inside.app").app is print
    assert app_named("some_server_of_mine:make()").app is len
