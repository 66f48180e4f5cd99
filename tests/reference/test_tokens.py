"""The reference server's tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatconform.reference.tokens import END, SIZE, count, encode, listed, piece


@given(st.text())
def test_the_tokens_of_a_text_joined_are_the_text(text: str) -> None:
    assert "".join(encode(text)) == text
    assert count(text) == len(encode(text))


def test_every_id_has_a_piece_of_its_own() -> None:
    assert len({piece(token) for token in range(SIZE)}) == SIZE
    assert piece(END) == ""


def test_every_piece_is_one_token() -> None:
    assert all(encode(text) == [text] for text in listed())
    assert all(len(encode(piece(token) * 3)) == 3 for token in range(len(listed()), END, 97))


def test_a_text_beyond_any_window_is_counted_at_once() -> None:
    assert count("a" * 3_000_000) > 131_072
