"""A base URL is taken as it is given, or refused with what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.targets import BadUrlError
from chatconform.targets.address import parse


@pytest.mark.parametrize(
    ("url", "public", "authority"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1", "localhost:8000"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1", "api.openai.com"),
        ("HTTPS://API.Example:443/", "https://api.example", "api.example"),
        ("http://a:80", "http://a", "a"),
        ("http://a:443", "http://a:443", "a:443"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1", "[::1]:8000"),
        ("http://[fe80::1%25eth0]/", "http://[fe80::1]", "[fe80::1]"),
        ("http://user:secret@a/v1", "http://a/v1", "a"),
        ("http://bücher.example/", "http://xn--bcher-kva.example", "xn--bcher-kva.example"),
        (" http://a/v1\n", "http://a/v1", "a"),
        ("http://a//b///", "http://a//b", "a"),
    ],
)
def test_a_url_is_taken_apart(url: str, public: str, authority: str) -> None:
    address = parse(url)
    assert str(address) == public
    assert address.authority == authority


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:8000/v1", "no scheme"),
        ("", "no scheme"),
        ("ftp://a/v1", "must be http:// or https://"),
        ("http://", "names no host"),
        ("http:///v1", "names no host"),
        ("http://a:0/", "port"),
        ("http://a:99999/", "port"),
        ("http://a:x/", "port"),
        ("http://a/v1?key=1", "before any ?"),
        ("http://a/v1#x", "before any ?"),
        ("http://a b/v1", "blank"),
        ("http://a\\b/v1", "backslash"),
        ("http://a/v1\r\nX: y", "control character"),
        ("http://[::1/v1", "cannot be read"),
        ("http://[zz]/v1", "cannot be read"),
        ("http://" + "é" * 100 + "/", "no valid name"),
    ],
)
def test_what_cannot_be_a_base_url_is_told(url: str, said: str) -> None:
    with pytest.raises(BadUrlError, match=said.replace("?", r"\?")) as caught:
        parse(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["user:s3cr3t@host/v1", "http://user:s3cr3t@/v1", "ftp://user:s3cr3t@a/", "http://user:s3cr3t@a:b/"]
)
def test_a_password_is_never_told(url: str) -> None:
    with pytest.raises(BadUrlError) as caught:
        parse(url)
    assert "s3cr3t" not in str(caught.value)


def test_neither_is_it_in_the_repr() -> None:
    assert "s3cr3t" not in repr(parse("http://user:s3cr3t@a/"))


@given(st.text() | st.text().map(lambda text: f"http://{text}") | st.text().map(lambda text: f"http://a/{text}"))
def test_any_text_is_taken_or_refused(url: str) -> None:
    try:
        address = parse(url)
    except BadUrlError:
        return
    assert address.host.isascii() or ":" in address.host
    assert address.path.isascii()
    assert 0 < address.port < 65536
