"""Ready-made strategies of this endpoint: what is sent, what is received, and what is broken."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.from_schema import strategy_of
from chatconform.strategies.recipes.narrowing import conversing, narrowed, refuse_invalid

if TYPE_CHECKING:
    from hypothesis import strategies as st

    from chatconform.strategies.breakage import Invalid
    from chatconform.strategies.recipes.streaming import Stream


def requests(
    *,
    stream: bool | None = None,
    with_tools: bool | None = None,
    roles: Collection[str] | None = None,
    modalities: Collection[str] | None = None,
    max_messages: int | None = None,
    model: str | None = None,
) -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy of valid requests that make sense, weighted towards what servers get wrong.

    Half of them stream and a third have tools unless `stream` and `with_tools` say otherwise; `roles` and
    `modalities` (text, image, audio, file: of what users send) say what may come, `max_messages` how many messages at
    most. Raises `ImpossibleNarrowing` when nothing meets the wishes.
    """
    from chatconform.strategies.recipes.asking import request

    wishes = conversing(
        narrowed(
            stream=stream,
            with_tools=with_tools,
            roles=roles,
            modalities=modalities,
            max_messages=max_messages,
            model=model,
        )
    )
    return strategy_of(lambda source: request(source, wishes))


def messages(
    *, roles: Collection[str] | None = None, modalities: Collection[str] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy of single messages, each valid by itself; raises `ImpossibleNarrowing` for unknown wishes."""
    from chatconform.strategies.recipes.talking import message

    wishes = narrowed(roles=roles, modalities=modalities)
    return strategy_of(lambda source: message(source, wishes))


def conversations(
    *,
    roles: Collection[str] | None = None,
    modalities: Collection[str] | None = None,
    max_messages: int | None = None,
    with_tools: bool | None = None,
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Returns a strategy of conversations: ids match, and every call is answered before anyone else speaks.

    Raises `ImpossibleNarrowing` when nothing meets the wishes.
    """
    from chatconform.strategies.recipes.talking import conversation

    wishes = narrowed(roles=roles, modalities=modalities, max_messages=max_messages, with_tools=with_tools)
    conversing(wishes)
    return strategy_of(lambda source: conversation(source, wishes))


def content_parts(*, modalities: Collection[str] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy of parts of what users send; raises `ImpossibleNarrowing` for unknown modalities."""
    from chatconform.strategies.recipes.parts import part

    wishes = narrowed(modalities=modalities)
    return strategy_of(lambda source: part(source, wishes.parts))


def tools() -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy of tools, functions and custom ones."""
    from chatconform.strategies.recipes.parts import tool

    return strategy_of(lambda source: tool(source, set()))


def tool_choices(tools: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Returns a strategy of tool choices that go with these tools: modes, one of them by name, some of them.

    Raises `ImpossibleNarrowing` for tools that are none.
    """
    from chatconform.strategies.recipes.parts import tool_choice

    refuse_invalid("the list of tools", "CreateChatCompletionRequest", {"tools": tools})
    return strategy_of(lambda source: tool_choice(source, tools))


def completions(*, request: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy of what a correct server answers without streaming, to this request or to any.

    Raises `ImpossibleNarrowing` for a request that is none.
    """
    from chatconform.strategies.recipes.answering import completion

    if request is not None:
        refuse_invalid("request", "CreateChatCompletionRequest", request)
    return strategy_of(lambda source: completion(source, request))


def streams(
    *,
    completion: dict[str, Any] | None = None,
    request: dict[str, Any] | None = None,
    include_usage: bool | None = None,
    decorated: bool = True,
) -> st.SearchStrategy[Stream]:
    """Returns a strategy of streams: the chunks that spell a completion, their bytes, and these cut into pieces.

    The completion is the one that is given, or one that answers the request, or any. The bytes are decorated and cut
    in any way that server-sent events allow, or plain and whole without `decorated`. `include_usage` says whether the
    last chunk tells the usage; without it the request says, or chance. Raises `ImpossibleNarrowing` for a completion
    or a request that is none.
    """
    from chatconform.strategies.recipes.answering import completion as drawn
    from chatconform.strategies.recipes.streaming import stream

    if completion is not None:
        refuse_invalid("completion", "CreateChatCompletionResponse", completion)
    if request is not None:
        refuse_invalid("request", "CreateChatCompletionRequest", request)
    wanted = include_usage
    if wanted is None and request is not None:
        wanted = bool((request.get("stream_options") or {}).get("include_usage"))

    def draw(source: Source) -> Stream:
        spelt = completion if completion is not None else drawn(source, request, streamable=True)
        return stream(source, spelt, include_usage=wanted, decorated=decorated)

    return strategy_of(draw)


def errors() -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy of error bodies."""
    from chatconform.strategies.recipes.answering import error

    return strategy_of(error)


def values(name: str) -> st.SearchStrategy[Any]:
    """Returns a strategy of the valid values of a type by its name; raises `UnknownType` when no type has that name."""
    return strategy_of(generator(name))


def generator(name: str, **wishes: Any) -> Callable[[Source], Any]:
    """Returns what draws a type's values: its recipe where it has one, else its schema.

    Raises `UnknownType` for a name that is none, `ImpossibleNarrowing` for wishes that the type does not know.
    """
    from chatconform.strategies.named import key_of
    from chatconform.strategies.recipes import menu

    key_of(name, False)
    return menu.generator(name, wishes)


def invalid(name: str) -> st.SearchStrategy[Invalid]:
    """Returns a strategy of values of a type with exactly one constraint broken, each with what is wrong with it.

    Raises `UnknownType` when no type has that name, `NothingToBreak` when every value is valid.
    """
    from chatconform.strategies.breakage import broken, refuse_unbreakable

    draw = generator(name)
    refuse_unbreakable(name)
    return strategy_of(lambda source: broken(source, name, draw))


def invalid_requests(*, families: Collection[str] | None = None) -> st.SearchStrategy[Invalid]:
    """Returns a strategy of requests with exactly one thing wrong.

    Half of them break the schema (family "schema"), half a rule between fields that no schema can say; `families`
    chooses some. Raises `ImpossibleNarrowing` for unknown ones.
    """
    from chatconform.strategies.recipes.menu import invalid_request

    return strategy_of(invalid_request(families))
