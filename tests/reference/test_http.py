"""The server on the wire: what a connection survives, and what it costs others."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import orjson
import pytest

from chatconform.reference import ReferenceServer

PATH = b"/v1/chat/completions"


def request(
    body: bytes, *headers: bytes, method: bytes = b"POST", path: bytes = PATH, length: int | None = None
) -> bytes:
    head = [method + b" " + path + b" HTTP/1.1", b"Host: here", b"Content-Type: application/json"]
    head.append(b"Content-Length: %d" % (len(body) if length is None else length))
    return b"\r\n".join([*head, *headers, b"", body])


def small(heart: Any, **parameters: Any) -> bytes:
    return orjson.dumps(heart.body(max_tokens=4, **parameters))


def answers(line: Any, count: int) -> list[bytes]:
    """The heads of so many answers on one connection, each read to its end."""
    heads = []
    data = b""
    for _ in range(count):
        while b"\r\n\r\n" not in data:
            data += line.sock.recv(65536)
        head, _, data = data.partition(b"\r\n\r\n")
        heads.append(head)
        if b"chunked" in head:
            while b"\r\n0\r\n\r\n" not in data:
                data += line.sock.recv(65536)
            data = data.partition(b"\r\n0\r\n\r\n")[2]
        else:
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(data) < length:
                data += line.sock.recv(65536)
            data = data[length:]
    assert data == b""
    return heads


def test_a_connection_serves_one_request_after_the_other(heart: Any, line: Any) -> None:
    good, stream = request(small(heart)), request(small(heart, stream=True))
    statuses = []
    for sent in (good, request(b"{"), stream, good, request(b"", path=b"/v1/none"), stream, good):
        line.write(sent)
        statuses.append(answers(line, 1)[0][9:12])
    assert statuses == [b"200", b"400", b"200", b"200", b"404", b"200", b"200"]


def test_requests_sent_at_once_are_answered_in_turn(heart: Any, line: Any) -> None:
    line.write(request(small(heart)) + request(b"[") + request(small(heart, stream=True)))
    assert [head[9:12] for head in answers(line, 3)] == [b"200", b"400", b"200"]


def test_a_body_may_come_byte_by_byte_in_chunks(heart: Any, line: Any) -> None:
    body = small(heart)
    head = (
        b"POST "
        + PATH
        + b" HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    line.write(head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
    assert b" 200 " in answers(line, 1)[0]


def test_a_client_that_waits_is_told_to_go_on(heart: Any, line: Any) -> None:
    body = small(heart)
    line.write(request(b"", b"Expect: 100-continue", length=len(body)))
    assert line.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
    line.write(body)
    assert b" 200 " in answers(line, 1)[0]


def test_an_older_client_gets_a_body_that_ends_with_the_connection(heart: Any, line: Any) -> None:
    line.write(request(small(heart, stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0"))
    head, _, body = line.read().partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.endswith(b"data: [DONE]\n\n")


def test_a_target_may_be_written_in_full(heart: Any, line: Any) -> None:
    line.write(request(small(heart), path=b"http://here" + PATH + b"?api-version=1"))
    assert b" 200 " in answers(line, 1)[0]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (b"POST /v1 HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST /v1 HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 70_000, b"431"),
        (b"POST /v1 HTTP/1.1\r\nHost: h\r\n" + b"X: a\r\n" * 12_000, b"431"),
        (b"POST " + PATH + b" HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /v1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_request_is_told_and_ended(line: Any, sent: bytes, status: bytes) -> None:
    line.write(sent)
    head, _, body = line.read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert orjson.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"[]", b"null", b"1", b'"x"', b"{}{}", b"{'a': 1}", b'{"a": NaN}', b'{"a": 01}',
        b'{"a": 1e400}', b"\xef\xbb\xbf{}", '{"ä": 1}'.encode("latin-1"), '{"a": 1}'.encode("utf-16"),
        b'{"a": "\\ud800"}',
        b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"\x00" * 1000, b'{"a": "\n"}',
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_what_is_no_json_object_is_a_bad_request(send: Any, body: bytes) -> None:
    got = send(body)
    assert got.status == 400
    assert got.error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "parameters",
    [
        {"messages": [{"role": "user", "content": "\x00\x01\u2028\ufeff\uffff\U0001fffe"}]},
        {"stop": ["\x00", "\u2028"], "user": "\x7f"},
        {"metadata": {"": "", "__proto__": "x", "$ref": "y"}},
        {"x_odd": {"__proto__": {"a": 1}, "": None}, "y": [[[]]] * 50},
        {"stop": "x" * 2_000_000},
        {"messages": [{"role": "user", "content": "a"}] * 10_000},
        {"logit_bias": {str(token): -1 for token in range(50_000)}},
        {"temperature": 1e-300, "top_p": 1e-9, "seed": 2**63 - 1, "presence_penalty": -0.0},
    ],
    ids=lambda parameters: str(parameters)[:40],
)
def test_odd_requests_are_answered(send: Any, heart: Any, parameters: dict[str, Any]) -> None:
    assert send({**heart.body(max_tokens=4), **parameters}).status == 200


def test_a_large_body_is_answered(send: Any, heart: Any) -> None:
    got = send(heart.body("word " * 2_000_000, max_tokens=1))
    assert got.error["code"] == "context_length_exceeded"


def test_a_body_beyond_all_bounds_is_refused_before_it_is_read(line: Any) -> None:
    line.write(request(b"", length=10**10))
    assert line.read().startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_beyond_all_bounds_is_refused_while_it_comes(line: Any) -> None:
    line.write(b"POST " + PATH + b" HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(36):
        line.write(b"100000\r\n" + bytes(0x100000) + b"\r\n")
    assert line.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 413 ")


def test_a_request_that_never_comes_whole_ends_in_time_and_harms_nobody(server: Any, send: Any, heart: Any) -> None:
    stalled = [socket.create_connection((server.host, server.port), timeout=20) for _ in range(3)]
    for sock, sent in zip(stalled, (b"POST /v1", request(b"{", length=100), request(b"{}", length=3)), strict=True):
        sock.sendall(sent)
    assert send(heart.body()).status == 200
    for sock in stalled:
        with sock:
            assert sock.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_ends_in_the_middle_of_its_body_is_told(line: Any) -> None:
    line.write(request(b"{", length=100))
    line.sock.shutdown(socket.SHUT_WR)
    assert line.read().startswith(b"HTTP/1.1 400 ")


def test_every_answer_has_an_id_of_its_own(send: Any, heart: Any) -> None:
    got = [send(heart.body()), send(b"{"), send(method="GET", path="/models"), send(heart.body(stream=True))]
    assert len({one.headers["x-request-id"] for one in got}) == len(got)
    assert len({send(heart.body()).json["id"] for _ in range(5)}) == 5
    assert abs(got[0].json["created"] - time.time()) < 60


def test_a_browser_may_ask_from_anywhere(send: Any, heart: Any) -> None:
    origin = {"Origin": "https://app.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-a"}
    preflight = send(method="OPTIONS", headers=asked)
    assert (preflight.status, preflight.body) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert preflight.headers["access-control-allow-headers"] == "authorization,x-a"
    for body in (heart.body(), heart.body(stream=True), b"{"):
        assert send(body, headers=origin).headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in send(heart.body()).headers


def test_a_stream_is_sent_as_it_is_made_and_leaving_it_ends_it(heart: Any) -> None:
    with ReferenceServer(latency=60.0) as slow, socket.create_connection((slow.host, slow.port), timeout=20) as sock:
        sock.sendall(request(orjson.dumps(heart.body("A long story", stream=True))))
        received = b""
        while received.count(b"data: ") < 3:
            received += sock.recv(65536)
        assert slow.working == 1
        sock.close()
        until = time.monotonic() + 15
        while slow.working and time.monotonic() < until:
            time.sleep(0.01)
        assert slow.working == 0


def test_leaving_ends_an_answer_that_is_no_stream_too(heart: Any) -> None:
    with ReferenceServer(latency=60.0) as slow:
        with socket.create_connection((slow.host, slow.port), timeout=20) as sock:
            sock.sendall(request(orjson.dumps(heart.body())))
            until = time.monotonic() + 15
            while not slow.working and time.monotonic() < until:
                time.sleep(0.01)
        while slow.working and time.monotonic() < until:
            time.sleep(0.01)
        assert slow.working == 0


def test_answers_asked_at_the_same_time_are_never_mixed(send: Any, heart: Any) -> None:
    codes = [f"{number:03}code" for number in range(32)]
    found: dict[str, str] = {}

    def one(code: str, stream: bool) -> None:
        schema = {"type": "object", "properties": {"code": {"const": code}}, "required": ["code"]}
        form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}}
        got = send(heart.body(response_format=form, stream=stream))
        chunks = [orjson.loads(event[6:]) for event in got.body.split(b"\n\n")[:-2]] if stream else []
        parts = [chunk["choices"][0]["delta"] for chunk in chunks] or [got.json["choices"][0]["message"]]
        found[code] = "".join(part.get("content") or "" for part in parts)

    threads = [threading.Thread(target=one, args=(code, number % 2 == 0)) for number, code in enumerate(codes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {code: f'{{"code":"{code}"}}' for code in codes}


def test_closing_leaves_no_thread_and_no_port_behind(heart: Any) -> None:
    before = set(threading.enumerate())
    server = ReferenceServer(latency=30.0)
    idle = socket.create_connection((server.host, server.port))
    busy = socket.create_connection((server.host, server.port))
    busy.sendall(request(orjson.dumps(heart.body())))
    until = time.monotonic() + 15
    while not server.working and time.monotonic() < until:
        time.sleep(0.01)
    server.close(grace=0.05)
    server.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((server.host, server.port), timeout=1)
    idle.close()
    busy.close()


def test_a_fault_of_the_server_is_told_without_its_inside(send: Any, heart: Any, monkeypatch: Any) -> None:
    with ReferenceServer() as server:
        stages = server._service.stages

        def broken(*_: Any) -> Any:
            raise RuntimeError("secret")

        monkeypatch.setattr(
            server._service, "stages", type(stages)(stages.admit, stages.parse, stages.validate, broken)
        )
        got = send(heart.body(), url=server.url)
    assert (got.status, got.error["type"]) == (500, "server_error")
    assert b"secret" not in got.body
