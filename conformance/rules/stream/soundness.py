"""Whether what a stream spells can be taken at its word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.remembering import remembered
from chatconform.rules.stream import chunks, deltas, framing, tools

if TYPE_CHECKING:
    from chatconform.core.exchange import Exchange

FORM: Final = (
    framing.events_are_utf_8,
    framing.events_are_json_objects,
    framing.lines_are_fields,
    chunks.choices_have_an_index,
    chunks.index_names_a_choice,
    deltas.content_is_text,
    deltas.text_is_only_added,
    deltas.characters_are_whole,
    tools.index_is_an_integer,
    tools.indexes_count_calls,
    tools.first_piece_names_the_call,
    tools.later_pieces_only_add,
    tools.arguments_are_text,
    tools.arguments_come_once,
)
"""The rules on the form of a stream whose breach leaves its pieces joined to something that nobody meant."""


@remembered
def spells_soundly(exchange: Exchange) -> bool:
    """Whether the pieces of a stream join to what they say: no rule on their form finds a breach."""
    return not any(True for rule in FORM for _ in rule.check(exchange))
