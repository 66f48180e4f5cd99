"""An app in this process is asked, bounded and timed as a server is, and what it raises is told."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from chatconform.core.ask import Ask
from chatconform.core.exchange import Exchange, Origin, Request, Response
from chatconform.targets import App, Limits, Timeouts
from chatconform.targets.app_target import AppTarget

QUICK = Timeouts(2, 2, 2, 4, 0.3)
PLAIN = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
EVENTS = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}

Asked = Callable[..., Exchange]


@pytest.fixture
def ask_app() -> Iterator[Asked]:
    """Asks an app, which is opened with the first request of a test."""
    opened: dict[int, AppTarget] = {}

    def ask(app: Any, ask: Ask | None = None, **options: Any) -> Exchange:
        options = {"timeouts": QUICK, **options}
        target = opened.setdefault(id(app), AppTarget(app if isinstance(app, App) else App(app, "/v1"), **options))
        return target.send(ask or Ask({}), Origin("test"))

    yield ask
    for target in opened.values():
        target.close()


async def body(receive: Any) -> bytes:
    whole, more = b"", True
    while more:
        message = await receive()
        whole += message.get("body", b"")
        more = message.get("more_body", False)
    return whole


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Tells what it was given."""
    assert scope["type"] == "http"
    whole = await body(receive)
    await send(PLAIN)
    query, host = scope["query_string"].decode(), dict(scope["headers"])[b"host"].decode()
    told = f"{scope['method']} {scope['path']} {query} {host} ".encode()
    await send({"type": "http.response.body", "body": told + whole})


def wsgi_echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    whole = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    query = environ["QUERY_STRING"]
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {query} {environ['HTTP_HOST']} ".encode(), whole]


def function_echo(request: Request) -> tuple[int, dict[str, str], bytes]:
    path, _, query = request.target.partition("?")
    return 200, {}, f"{request.method} {path} {query} {request.header('host')} ".encode() + request.body


@pytest.mark.parametrize("app", [echo, wsgi_echo, function_echo])
def test_an_app_is_given_the_request_as_it_is(ask_app: Asked, app: Any) -> None:
    exchange = ask_app(app, Ask(b'{"a": 1}', path="/chat/completions?x=1"))
    assert exchange.response is not None
    assert exchange.response.body == b'POST /v1/chat/completions x=1 localhost {"a": 1}'
    assert exchange.response.complete
    assert exchange.failure is None
    assert exchange.request.body == b'{"a": 1}'


@pytest.mark.parametrize("app", [echo, wsgi_echo])
def test_a_body_in_chunks_comes_whole(ask_app: Asked, app: Any) -> None:
    exchange = ask_app(app, Ask(b"0123456789" * 5, chunked=7))
    assert exchange.response is not None
    assert exchange.response.body.endswith(b"0123456789" * 5)


@pytest.mark.parametrize("app", [echo, wsgi_echo])
def test_no_body_comes_back_for_a_head_request(ask_app: Asked, app: Any) -> None:
    exchange = ask_app(app, Ask(method="HEAD"))
    assert exchange.response is not None
    assert (exchange.status, exchange.response.body, exchange.failure) == (200, b"", None)


def test_a_key_is_sent_and_never_shown(ask_app: Asked) -> None:
    def app(request: Request) -> tuple[int, dict[str, str], dict[str, Any]]:
        return 200, {}, {"got": request.header("authorization")}

    exchange = ask_app(app, api_key="sk-open-sesame")
    assert exchange.completion == {"got": "Bearer sk-open-sesame"}
    assert "sesame" not in str(exchange.request.headers)


async def slow(_: Any, __: Any, send: Any) -> None:
    await send(EVENTS)
    for number in range(4):
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def wsgi_slow(_: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    for word in ("0", "1", "2", "3", "[DONE]"):
        time.sleep(0.05)
        yield f"data: {word}\n\n".encode()


def function_slow(_: Request) -> tuple[int, dict[str, str], Iterator[bytes]]:
    return 200, {"Content-Type": "text/event-stream"}, wsgi_slow({}, lambda *_: None)


@pytest.mark.parametrize("app", [slow, wsgi_slow, function_slow])
def test_a_stream_comes_piece_by_piece_while_it_is_made(ask_app: Asked, app: Any) -> None:
    exchange = ask_app(app)
    assert exchange.response is not None
    assert [event.data for event in exchange.events] == ["0", "1", "2", "3", "[DONE]"]
    assert len(exchange.response.pieces) == 5
    times = [piece.at for piece in exchange.response.pieces]
    assert times[3] - times[0] > 0.1


def test_an_app_is_told_that_the_client_left(ask_app: Asked) -> None:
    seen: list[str] = []
    told = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await body(receive)
        await send(EVENTS)
        for number in range(3):
            await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
        seen.append((await receive())["type"])
        told.set()

    exchange = ask_app(app, Ask({}, leave_after=2))
    assert exchange.about["left_after"] >= 2
    assert exchange.failure is None
    assert told.wait(5)
    assert seen == ["http.disconnect"]


def test_a_request_whose_body_stalls_is_left(ask_app: Asked) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, _: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        seen.extend([(await receive())["type"], (await receive())["type"]])

    for one in (app, wsgi_echo):
        exchange = ask_app(one, Ask(b"{}", headers={"Content-Length": "100"}, leave_within=0.2))
        assert exchange.response is None
        assert "left_after" in exchange.about
        assert "raised" not in exchange.about


async def raising(_: Any, __: Any, ___: Any) -> None:
    raise KeyError("the cat")


def wsgi_raising(_: dict[str, Any], __: Any) -> list[bytes]:
    raise KeyError("the cat")


def function_raising(_: Request) -> Response:
    raise KeyError("the cat")


def starlette_raising() -> Starlette:
    async def chat(_: Any) -> Any:
        raise KeyError("the cat")

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


@pytest.mark.parametrize("app", [raising, wsgi_raising, function_raising, starlette_raising()])
def test_what_an_app_raises_is_status_500_and_told(ask_app: Asked, app: Any) -> None:
    exchange = ask_app(app)
    assert exchange.status == 500
    assert exchange.failure is None
    assert exchange.about["raised"].rstrip().endswith("KeyError: 'the cat'")
    assert __file__ in exchange.about["raised"]


def test_what_an_app_writes_to_its_errors_is_told_with_a_server_error(ask_app: Asked) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.errors"].write("the cat sat on it")
        start_response("500 Oh No", [])
        return [b"sorry"]

    assert ask_app(app).about["raised"] == "the cat sat on it"


def test_an_app_that_raises_in_the_middle_cuts_its_answer(ask_app: Asked) -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await send(EVENTS)
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        raise RuntimeError("out of words")

    def wsgi(_: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        raise RuntimeError("out of words")

    for one in (app, wsgi):
        exchange = ask_app(one)
        assert [event.data for event in exchange.events] == ["1"]
        assert exchange.failure is not None
        assert exchange.failure.kind == "closed"
        assert "out of words" in exchange.about["raised"]


@pytest.mark.parametrize(("length", "kind"), [(b"9", "closed"), (b"x", "malformed")])
def test_a_length_that_is_wrong_is_seen_as_over_the_wire(ask_app: Asked, length: bytes, kind: str) -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await send({**PLAIN, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": b"{}"})

    exchange = ask_app(app)
    assert exchange.failure is not None
    assert exchange.failure.kind == kind


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"type": "http.response.body", "body": b"{}"}],
        [PLAIN, PLAIN],
    ],
)
def test_an_app_that_breaks_the_rules_of_asgi_is_told(ask_app: Asked, messages: list[Any]) -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    exchange = ask_app(app)
    assert exchange.status == 500 or exchange.failure is not None
    assert "RuntimeError: the app" in exchange.about["raised"]


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_an_answer_without_end_is_cut_and_its_memory_bounded(ask_app: Asked, kind: str) -> None:
    given: list[int] = [0]

    async def app(_: Any, __: Any, send: Any) -> None:
        await send(PLAIN)
        while True:
            given[0] += 64 * 1024
            await send({"type": "http.response.body", "body": bytes(64 * 1024), "more_body": True})

    def wsgi(_: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        while True:
            given[0] += 64 * 1024
            yield bytes(64 * 1024)

    exchange = ask_app(app if kind == "asgi" else wsgi, limits=Limits(body=1024 * 1024))
    assert exchange.failure is not None
    assert exchange.failure.kind == "too-large"
    assert given[0] < 8 * 1024 * 1024


def test_an_app_that_never_answers_is_a_timeout(ask_app: Asked) -> None:
    async def app(scope: Any, _: Any, __: Any) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(60)

    exchange = ask_app(app, timeouts=Timeouts(1, 0.2, 0.2, 1, 0.2))
    assert exchange.failure is not None
    assert exchange.failure.kind == "first-byte-timeout"


def test_requests_at_the_same_time_are_answered_at_the_same_time() -> None:
    met = asyncio.Event()
    inside = [0]

    async def app(scope: Any, _: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        inside[0] += 1
        if inside[0] == 2:
            met.set()
        await met.wait()
        await send(PLAIN)
        await send({"type": "http.response.body", "body": b"{}"})

    found: list[int | None] = []
    with AppTarget(App(app, "/v1"), timeouts=QUICK) as target:
        threads = [
            threading.Thread(target=lambda: found.append(target.send(Ask({}), Origin("test")).status)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [200, 200]


def test_the_lifespan_of_an_app_is_around_all_requests() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Any) -> Any:
        seen.append("up")
        yield {"word": "hello"}
        seen.append("down")

    async def chat(request: Any) -> Any:
        seen.append("asked")
        return JSONResponse({"word": request.state.word})

    app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])], lifespan=lifespan)
    with AppTarget(App(app, "v1/"), timeouts=QUICK) as target:
        assert target.send(Ask({}), Origin("test")).completion == {"word": "hello"}
        assert target.url == "http://localhost/v1"
    assert seen == ["up", "asked", "down"]


def test_an_app_that_cannot_start_is_refused_with_what_it_says() -> None:
    @asynccontextmanager
    async def lifespan(_: Any) -> Any:
        raise RuntimeError("no database")
        yield

    with pytest.raises(ValueError, match=r"(?s)the app does not start: .*no database"):
        AppTarget(App(Starlette(lifespan=lifespan), "/v1"), timeouts=QUICK)


def test_an_app_whose_start_hangs_is_refused() -> None:
    async def app(_: Any, __: Any, ___: Any) -> None:
        await asyncio.sleep(60)

    with pytest.raises(ValueError, match=r"did not start within 0\.2 s"):
        AppTarget(App(app, "/v1"), timeouts=Timeouts(1, 0.2, 1, 1, 1))


def test_streams_of_frameworks_end_with_those_who_read_them() -> None:
    ended = threading.Event()

    async def chat(_: Any) -> Any:
        async def words() -> Any:
            while True:
                yield "data: word\n\n"
                await asyncio.sleep(0.01)

        return StreamingResponse(words(), media_type="text/event-stream")

    inner = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await inner(scope, receive, send)
        finally:
            if scope["type"] == "http":
                ended.set()

    with AppTarget(App(app, "/v1"), timeouts=QUICK) as target:
        assert target.send(Ask({}, leave_after=2), Origin("test")).about["left_after"] >= 2
        assert ended.wait(5)


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (App(3), "'int' is neither a base URL nor an app"),  # type: ignore[arg-type]
        (App(print), r"say chatconform.App\(app, kind='asgi'\)"),
        (App(lambda _, __, ___, ____: None), "does not show whether"),
        (App(echo, kind="fastcgi"), "not 'fastcgi'"),
    ],
)
def test_what_is_no_app_is_one_sentence(app: App, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AppTarget(app)


def test_a_function_that_gives_no_answer_is_told(ask_app: Asked) -> None:
    def app(_: Request) -> str:
        return "hello"

    assert "a function gives a Response, or status, headers and body; it gave str" in ask_app(app).about["raised"]


@pytest.mark.parametrize(
    ("answer", "kind", "body"),
    [
        (Response(201, (("Content-Type", "text/plain"),), b"ab"), "text/plain", b"ab"),
        ((201, None, {"a": 1}), "application/json", b'{"a":1}'),
        ((201, [("content-type", "text/plain")], "ab"), "text/plain", b"ab"),
        ((201, {"content-type": "text/plain"}, iter(["a", b"b"])), "text/plain", b"ab"),
    ],
)
def test_a_function_may_answer_in_several_ways(ask_app: Asked, answer: Any, kind: str, body: bytes) -> None:
    exchange = ask_app(lambda _: answer)
    assert exchange.response is not None
    assert (exchange.status, exchange.response.media_type, exchange.response.body) == (201, kind, body)


def test_an_app_is_called_by_where_it_can_be_imported_from() -> None:
    assert App(echo).name.endswith("test_apps:echo")
    assert App(Starlette()).name == "starlette.applications.Starlette"
    assert App(Starlette()).place is None
