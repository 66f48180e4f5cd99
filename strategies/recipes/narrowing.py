"""What a caller wants to see only: arguments of the ready-made strategies, checked against each other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from chatconform.strategies.refusals import ImpossibleNarrowing

ROLES = ("developer", "system", "user", "assistant", "tool", "function")
MODALITIES = ("text", "image", "audio", "file")


@dataclass(frozen=True)
class Narrowing:
    """Which requests are wanted; None is no wish. `modalities` are those of what users send."""

    stream: bool | None = None
    with_tools: bool | None = None
    roles: tuple[str, ...] | None = None
    modalities: tuple[str, ...] | None = None
    max_messages: int | None = None
    model: str | None = None

    def allows_role(self, role: str) -> bool:
        return self.roles is None or role in self.roles

    @property
    def parts(self) -> tuple[str, ...]:
        return MODALITIES if self.modalities is None else self.modalities


def narrowed(
    *,
    stream: bool | None = None,
    with_tools: bool | None = None,
    roles: Collection[str] | None = None,
    modalities: Collection[str] | None = None,
    max_messages: int | None = None,
    model: str | None = None,
) -> Narrowing:
    """Return the wishes; raise `ImpossibleNarrowing` when nothing meets them all."""
    _known("roles", roles, ROLES)
    _known("modalities", modalities, MODALITIES)
    for name, flag in (("stream", stream), ("with_tools", with_tools)):
        if flag is not None and not isinstance(flag, bool):
            raise ImpossibleNarrowing(f"{name} is True, False or None, not {flag!r:.60}")
    if max_messages is not None and (
        isinstance(max_messages, bool) or not isinstance(max_messages, int) or max_messages < 1
    ):
        raise ImpossibleNarrowing(
            f"max_messages is a number from 1 on, not {max_messages!r:.60}: a request has a message"
        )
    if model is not None and not isinstance(model, str):
        raise ImpossibleNarrowing(f"model is a text, not {model!r:.60}")
    return Narrowing(
        stream, with_tools, _in_order(roles, ROLES), _in_order(modalities, MODALITIES), max_messages, model
    )


def conversing(narrowing: Narrowing) -> Narrowing:
    """Return the wishes; raise `ImpossibleNarrowing` when no conversation meets them all."""
    answering = {"tool", "function"}.intersection(narrowing.roles or ())
    if answering and not narrowing.allows_role("assistant"):
        raise ImpossibleNarrowing(f"a {min(answering)} message answers a call: the role assistant is needed as well")
    return narrowing


def _in_order(chosen: Collection[str] | None, known: tuple[str, ...]) -> tuple[str, ...] | None:
    return None if chosen is None else tuple(each for each in known if each in chosen)


def _known(what: str, chosen: Collection[str] | None, known: tuple[str, ...]) -> None:
    if chosen is None:
        return
    if isinstance(chosen, str) or not all(isinstance(each, str) for each in chosen):
        raise ImpossibleNarrowing(f"{what} is a collection of some of {', '.join(known)}, not {chosen!r:.60}")
    unknown = sorted(set(chosen) - set(known))
    if unknown or not chosen:
        told = f"{unknown[0]!r:.40} is none" if unknown else "none is chosen"
        raise ImpossibleNarrowing(f"{what}: {told}; there are {', '.join(known)}")


def flags(narrowing: Narrowing) -> dict[str, Any]:
    """Return the wishes that were expressed, by name."""
    return {name: value for name, value in vars(narrowing).items() if value is not None}


def refuse_invalid(what: str, name: str, value: Any) -> None:
    """Raise `ImpossibleNarrowing` for an argument that is no value of its type.

    What a request lacks, and what goes with what in it, does not matter to an answer: a part of one is enough.
    """
    from chatconform.schemas import violations

    is_part = name == "CreateChatCompletionRequest"
    for violation in violations(name, value):
        if not is_part or violation.keyword in {"type", "maximum"}:
            where = f" at {violation.pointer}" if violation.pointer else ""
            raise ImpossibleNarrowing(f"{what} is no {name}{where}: {violation.message}")
