"""What a target may or may not be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatconform.core.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing a request can ask for and a target may refuse.

    `asked(body)` tells whether a request's JSON object asks for it. `honoured(exchange)` looks at a success of such a
    request: True where the effect shows, False where it is missing for certain, None where the model had the choice.
    Where one exchange cannot show it, the rules `shown_by` do: it is there if all of them are kept, and missing if the
    first is broken.
    """

    name: str
    title: str
    asked: Callable[[Mapping[str, Any]], bool]
    honoured: Callable[[Exchange], bool | None]
    shown_by: tuple[str, ...] = ()
