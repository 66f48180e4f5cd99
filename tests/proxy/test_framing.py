"""Where messages end is found whatever pieces they come in."""

import pytest

from chatconform.targets.framing import Body, Chunked, Head, Heads

CHUNKED = [
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;ext=1\r\nhello\r\nA \r\n0123456789\r\n00\r\nX-Trailer: 1\r\n\r\n",
    b"3\nabc\n0\n\n",
]


def taken(body: Body, data: bytes, size: int) -> int:
    """How many of the bytes belong to a body that they are fed to in pieces."""
    total = 0
    for start in range(0, len(data), size):
        total += body.take(data[start : start + size])
        if body.done:
            break
    return total


@pytest.mark.parametrize("data", CHUNKED)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_chunked_body_ends_after_its_trailers(data: bytes, size: int) -> None:
    body = Chunked()
    assert taken(body, data + b"POST / HTTP/1.1\r\n", size) == len(data)
    assert body.done


@pytest.mark.parametrize("data", [b"xyz\r\n", b"5\r\nhelloworld\r\n", b"-5\r\nhello", b"5" * 20000])
def test_a_broken_chunk_makes_a_body_last_as_long_as_the_connection(data: bytes) -> None:
    body = Chunked()
    rest = b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    assert taken(body, data + rest, 7) == len(data + rest)
    assert not body.done


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_a_head_is_whole_at_its_empty_line(size: int) -> None:
    heads, data = Heads(), b"\r\nPOST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    head, rest = None, b""
    for start in range(0, len(data), size):
        if head is None:
            head, rest = heads.feed(data[start : start + size])
        else:
            rest += data[start : start + size]
    assert head is not None
    assert head.data == data[2:-2]
    assert (head.method, head.target, rest) == ("POST", "/v1", b"{}")


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        (b"", 0),
        (b"Content-Length: 3\r\n", 3),
        (b"content-length : 3, 3\r\n", 3),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n", None),
        (b"Content-Length: x\r\n", None),
        (b"Transfer-Encoding: gzip\r\n", None),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 5),
    ],
)
def test_the_body_of_a_request_is_as_long_as_its_framing_says(fields: bytes, length: int | None) -> None:
    body = Head(b"POST / HTTP/1.1\r\n" + fields + b"\r\n").body_of_request()
    data = b"0\r\n\r\nand more"
    assert (0 if body.done else body.take(data)) == (len(data) if length is None else length)
    assert body.done is (length is not None)


@pytest.mark.parametrize(
    ("status", "method", "fields", "ends"),
    [
        (b"200", "POST", b"", False),
        (b"200", "HEAD", b"Content-Length: 9\r\n", True),
        (b"204", "POST", b"", True),
        (b"304", "GET", b"Content-Length: 9\r\n", True),
        (b"200", "POST", b"Content-Length: 0\r\n", True),
    ],
)
def test_some_responses_have_no_body(status: bytes, method: str, fields: bytes, ends: bool) -> None:
    head = Head(b"HTTP/1.1 " + status + b" X\r\n" + fields + b"\r\n")
    assert head.status == int(status)
    assert head.body_of_response(method).done is ends
