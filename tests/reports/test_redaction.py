"""A secret is told nowhere, and what is no secret stays as it is."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.exchange import Exchange, Failure, Origin, Piece, Request, Response
from chatconform.core.recording import to_json
from chatconform.core.secrets import HIDDEN, MADE_UP, is_secret, secret_of, without_secret
from chatconform.reports.redaction import Redaction

KEY = "sk-proj-0123456789abcdef"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "proxy-authorization",
        "X-API-Key",
        "api_key",
        "Ocp-Apim-Subscription-Key",
        "Cookie",
        "Set-Cookie",
        "X-Auth-Token",
        "x-functions-key",
        "CF-Access-Client-Secret",
        "X-Amz-Security-Token",
        "password",
    ],
)
def test_headers_that_carry_secrets_are_known(name: str) -> None:
    assert is_secret(name)
    assert HIDDEN in without_secret(name, "abc def")


@pytest.mark.parametrize(
    "name",
    [
        "x-ratelimit-remaining-tokens",
        "x-request-id",
        "Idempotency-Key",
        "Content-Type",
        "openai-organization",
        "WWW-Authenticate",
        "sec-websocket-key",
        "traceparent",
    ],
)
def test_other_headers_are_told_whole(name: str) -> None:
    assert without_secret(name, "abc") == "abc"
    assert secret_of(name, "abc") is None


def test_the_scheme_of_a_credential_is_told() -> None:
    assert without_secret("Authorization", "Bearer sk-1") == "Bearer [redacted]"
    assert without_secret("authorization", "sk-1") == "[redacted]"
    assert without_secret("Authorization", "Bearer ") == "[redacted]"
    assert without_secret("Authorization", "") == ""
    assert secret_of("Authorization", "Bearer sk-1 ") == "sk-1"


def test_a_made_up_credential_is_no_secret() -> None:
    assert without_secret("Authorization", f"Bearer {MADE_UP}") == f"Bearer {MADE_UP}"
    assert secret_of("Authorization", f"Bearer {MADE_UP}") is None


@given(before=st.text(), after=st.text())
def test_a_long_secret_is_hidden_wherever_it_stands(before: str, after: str) -> None:
    assert KEY not in Redaction([KEY]).text(before + KEY + after)


@pytest.mark.parametrize("spelling", ["key/with+odd=chars&0123", 'quo"te\\back-slash-long'])
def test_a_secret_is_hidden_in_other_spellings(spelling: str) -> None:
    from urllib.parse import quote

    redaction = Redaction([spelling])
    for text in (spelling, orjson.dumps(spelling).decode(), quote(spelling, safe="")):
        assert "odd" not in redaction.text(text)
        assert "back" not in redaction.text(text)


def test_the_password_of_a_basic_credential_is_hidden_too() -> None:
    from base64 import b64encode

    redaction = Redaction([b64encode(b"user:open-sesame").decode()])
    assert redaction.text("you said open-sesame") == "you said [redacted]"


def test_a_short_secret_is_hidden_only_as_a_word() -> None:
    redaction = Redaction(["test"])
    assert redaction.text("the latest test, test_1: 'test'") == "the latest [redacted], test_1: '[redacted]'"


def test_what_is_too_short_to_be_a_secret_hides_nothing() -> None:
    assert Redaction(["x", ""]).text("x marks xylophones") == "x marks xylophones"


def test_a_value_is_redacted_to_its_leaves() -> None:
    value = {"a": [KEY, 1, None, {KEY: (KEY,)}]}
    assert Redaction([KEY]).value(value) == {"a": [HIDDEN, 1, None, {HIDDEN: [HIDDEN]}]}


def test_an_exchange_keeps_its_lengths_and_times() -> None:
    body = b'data: {"x":"' + KEY.encode() + b'"}\n\n'
    pieces = (Piece(0.1, body[:20]), Piece(0.2, body[20:]))
    exchange = Exchange(
        Origin("c"),
        Request("POST", f"/v1?key={KEY}", (("Authorization", f"Bearer {KEY}"),), b"{}"),
        Response(200, (("Content-Type", "text/event-stream"), ("X", KEY)), body, pieces, wire_faults=(KEY,)),
        Failure("reset", KEY),
        about={"k": KEY},
    )
    told = Redaction([KEY]).exchange(exchange)
    assert KEY not in orjson.dumps(to_json(told)).decode()
    assert told.response is not None
    assert [len(piece.data) for piece in told.response.pieces] == [20, len(body) - 20]
    assert b"".join(piece.data for piece in told.response.pieces) == told.response.body
    assert [event.data for event in told.events] == ['{"x":"' + "*" * len(KEY) + '"}']


def test_headers_are_redacted_even_where_no_secret_is_known() -> None:
    exchange = Exchange(Origin("c"), Request("POST", "/", (("Authorization", "Bearer a-recorded-key"),)))
    assert Redaction().exchange(exchange).request.headers == (("Authorization", "Bearer [redacted]"),)


@pytest.mark.parametrize("length", [8, 12, len(KEY) - 1, len(KEY)])
def test_what_is_left_of_a_secret_in_a_text_that_was_cut_off_is_hidden(length: int) -> None:
    assert Redaction([KEY]).text(f'says "Bad key {KEY[:length]}... and more') == f'says "Bad key {HIDDEN}... and more'


def test_a_few_characters_at_a_cut_are_no_secret() -> None:
    assert Redaction([KEY]).text("sk-proj... and so... on") == "sk-proj... and so... on"


@pytest.mark.parametrize(("start", "end"), [(0, 12), (5, 17), (len(KEY) - 12, len(KEY)), (1, len(KEY) - 1)])
def test_a_part_of_a_secret_is_hidden_wherever_a_cut_left_it(start: int, end: int) -> None:
    assert Redaction([KEY]).text(f"is '{KEY[start:end]}', not {KEY[:4]}") == f"is '{HIDDEN}', not {KEY[:4]}"


def test_a_secret_in_a_headers_name_is_hidden_in_any_case() -> None:
    response = Response(200, ((f"X-{KEY}", "1"), (f"x-{KEY.upper()}-b", "2")))
    told = Redaction([KEY]).exchange(Exchange(Origin("a", 0), Request("GET", "/"), response)).response
    assert told is not None
    assert told.headers == ((f"X-{HIDDEN}", "1"), (f"x-{HIDDEN}-b", "2"))


@pytest.mark.parametrize("part", [KEY[:14], KEY[5:], f"...{KEY[3:20]}!"])
def test_a_part_of_a_secret_in_a_body_is_covered_and_the_length_stays(part: str) -> None:
    body = f'{{"message": "bad key {part}", "n": 1}}'.encode()
    exchange = Exchange(Origin("a", 0), Request("GET", "/"), Response(401, (), body))
    told = Redaction([KEY]).exchange(exchange).response
    assert told is not None
    assert len(told.body) == len(body)
    assert b"*" * 12 in told.body
    assert orjson.loads(told.body)["n"] == 1
    assert not any(KEY[i : i + 12].encode() in told.body for i in range(len(KEY) - 11))


@pytest.mark.parametrize(
    "spelling", [r"a\u003cb\u0026c\/dé+xyz0123456789", r"a<b&c\/dé+xyz0123456789", "a&lt;b&amp;c/dé+xyz0123456789"]
)
def test_the_escapes_of_other_writers_are_known(spelling: str) -> None:
    assert "b" not in Redaction(["a<b&c/dé+xyz0123456789"]).text(spelling).replace(HIDDEN, "")
