"""Which recipe makes the values of which type, and which wishes it knows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from chatconform.strategies.drawing.cells import Generator
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.recipes import answering, asking, parts, streaming, talking
from chatconform.strategies.recipes.narrowing import Narrowing, conversing, narrowed
from chatconform.strategies.refusals import ImpossibleNarrowing

_PARTS = "ChatCompletionRequestUserMessageContentPart"


def _chunk(source: Source, _: Narrowing) -> Any:
    chunks = streaming.stream(
        source, answering.completion(source, streamable=True), include_usage=None, decorated=False
    ).chunks
    return chunks[source.below(len(chunks))]


_REQUEST = ("stream", "with_tools", "roles", "modalities", "max_messages", "model")
_RECIPES: dict[str, tuple[tuple[str, ...], Callable[[Source, Narrowing], Any]]] = {
    asking.REQUEST: (_REQUEST, lambda source, wishes: asking.request(source, wishes)),
    "ChatCompletionRequestMessage": (("roles", "modalities"), talking.message),
    "ChatCompletionRequestUserMessage": (("modalities",), talking.user),
    _PARTS: (("modalities",), lambda source, wishes: parts.part(source, wishes.parts)),
    "CreateChatCompletionResponse": ((), lambda source, _: answering.completion(source)),
    "CreateChatCompletionStreamResponse": ((), _chunk),
    "ErrorResponse": ((), lambda source, _: answering.error(source)),
}


def generator(name: str, wishes: dict[str, Any]) -> Generator:
    """Return what draws the values of a type; raise `ImpossibleNarrowing` for wishes that it does not know."""
    known, recipe = _RECIPES.get(name, ((), None))
    for wish in wishes:
        if wish not in known:
            told = f"it knows {', '.join(known)}" if known else "it knows none"
            raise ImpossibleNarrowing(f"{name} cannot be narrowed by {wish!r:.40}: {told}")
    narrowing = narrowed(**wishes)
    if name == asking.REQUEST:
        conversing(narrowing)
    if recipe is None:
        return parts.of_type(name)
    return lambda source: recipe(source, narrowing)


def invalid_request(families: Collection[str] | None) -> Generator:
    """Return what draws requests with one thing wrong; raise `ImpossibleNarrowing` for unknown families."""
    from chatconform.strategies.breakage import broken
    from chatconform.strategies.recipes.mismatches import FAMILIES, mismatch

    known = ("schema", *FAMILIES)
    unknown = [family for family in families or () if family not in known]
    if isinstance(families, str) or unknown or (families is not None and not families):
        raise ImpossibleNarrowing(f"families: {unknown[:1] or repr(families)[:60]}; there are {', '.join(known)}")
    chosen = tuple(FAMILIES) if families is None else tuple(family for family in FAMILIES if family in families)
    by_schema = families is None or "schema" in families
    anything = Narrowing()

    def draw(source: Source) -> Any:
        if by_schema and (not chosen or source.below(2) == 0):
            return broken(source, asking.REQUEST, lambda each: asking.request(each, anything))
        return mismatch(source, anything, chosen)

    return draw
