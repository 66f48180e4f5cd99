"""Ways to make faults out of short functions: each says what is wrong with one thing that a stage hands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.reference.faults.fault import Fault, fault
from chatconform.reference.refusal import Refusal, invalid

if TYPE_CHECKING:
    from chatconform.reference.pipeline import (
        Admit,
        Chunks,
        Complete,
        Events,
        Finish,
        Incoming,
        Parse,
        Refuse,
        Reply,
        Validate,
    )

Body = dict[str, Any]
Making = Callable[[Callable[..., Any]], Fault]
SMALL: Body = {
    "model": "chatconform-reference",
    "messages": [{"role": "user", "content": "Say something."}],
    "max_tokens": 1,
}


def on_completion(*kills: str, streams: bool = False, also: tuple[str, ...] = ()) -> Making:
    """A fault that edits a completion, given the request and the completion; with `streams` also under a stream."""

    def wrong(edit: Callable[[Body, Body], None]) -> Callable[[Complete], Complete]:
        def apply(complete: Complete) -> Complete:
            def faulty(body: Any, ticket: Any) -> Body:
                made = complete(body, ticket)
                if streams or not body.get("stream"):
                    edit(body, made)
                return made

            return faulty

        return apply

    return fault("complete", *kills, also=also, wrong=wrong)


def on_choices(*kills: str, streams: bool = False, also: tuple[str, ...] = ()) -> Making:
    """A fault that edits each choice of a completion, given the request and the choice."""

    def spread(edit: Callable[[Body, Body], None]) -> Callable[[Body, Body], None]:
        def each(body: Body, completion: Body) -> None:
            for choice in completion["choices"]:
                edit(body, choice)

        return each

    return _spread(on_completion(*kills, streams=streams, also=also), spread)


def on_calls(*kills: str, streams: bool = False, also: tuple[str, ...] = ()) -> Making:
    """A fault that edits each function call of a completion, given the request and the call."""

    def spread(edit: Callable[[Body, Body], None]) -> Callable[[Body, Body], None]:
        def each(body: Body, choice: Body) -> None:
            for call in choice["message"].get("tool_calls", ()):
                if call["type"] == "function":
                    edit(body, call)

        return each

    return _spread(on_choices(*kills, streams=streams, also=also), spread)


def on_texts(*kills: str, streams: bool = False, also: tuple[str, ...] = ()) -> Making:
    """A fault that gives another text to each choice that has one, given the request, the choice and its text."""

    def spread(edit: Callable[[Body, Body, str], str]) -> Callable[[Body, Body], None]:
        def each(body: Body, choice: Body) -> None:
            if choice["message"]["content"]:
                choice["message"]["content"] = edit(body, choice, choice["message"]["content"])

        return each

    return _spread(on_choices(*kills, streams=streams, also=also), spread)


def on_request(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that answers another request than the one that was asked, given the request."""

    def wrong(edit: Callable[[Body], Body]) -> Callable[[Complete], Complete]:
        return lambda complete: lambda body, ticket: complete(edit(body), ticket)

    return fault("complete", *kills, also=also, wrong=wrong)


def on_chunks(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that gives other chunks, given the request and the right ones."""

    def wrong(edit: Callable[[Body, list[Body]], list[Body]]) -> Callable[[Chunks], Chunks]:
        return lambda chunks: lambda body, completion: edit(body, chunks(body, completion))

    return fault("chunks", *kills, also=also, wrong=wrong)


def on_each_chunk(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that edits each chunk, given its number and the chunk."""

    def spread(edit: Callable[[int, Body], None]) -> Callable[[Body, list[Body]], list[Body]]:
        def each(body: Body, chunks: list[Body]) -> list[Body]:
            for number, chunk in enumerate(chunks):
                edit(number, chunk)
            return chunks

        return each

    return _spread(on_chunks(*kills, also=also), spread)


def on_parts(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that edits each choice of each chunk."""

    def spread(edit: Callable[[Body], None]) -> Callable[[int, Body], None]:
        def each(number: int, chunk: Body) -> None:
            for part in chunk["choices"]:
                edit(part)

        return each

    return _spread(on_each_chunk(*kills, also=also), spread)


def on_fragments(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that edits each piece of each function call of a stream, given the call's first piece and the piece."""

    def spread(edit: Callable[[Body, Body], None]) -> Callable[[Body, list[Body]], list[Body]]:
        def each(body: Body, chunks: list[Body]) -> list[Body]:
            first: dict[tuple[int, int], Body] = {}
            for part in (part for chunk in chunks for part in chunk["choices"]):
                for piece in part["delta"].get("tool_calls", ()):
                    known = first.setdefault((part["index"], piece["index"]), orjson.loads(orjson.dumps(piece)))
                    if "function" in piece:
                        edit(known, piece)
            return chunks

        return each

    return _spread(on_chunks(*kills, also=also), spread)


def on_events(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that gives other events, given the bytes of the right ones, the end mark among them."""

    def wrong(edit: Callable[[list[bytes]], Iterator[bytes]]) -> Callable[[Events], Events]:
        return lambda events: lambda chunks: edit(list(events(chunks)))

    return fault("events", *kills, also=also, wrong=wrong)


def on_errors(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that tells refusals otherwise, given the status and the right body: it gives the body."""

    def spread(edit: Callable[[Refusal, Body], Any]) -> Callable[[Refusal, int, Body], tuple[int, Any]]:
        return lambda refusal, status, body: (status, edit(refusal, body))

    return _spread(on_refusals(*kills, also=also), spread)


def on_refusals(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that gives another status or body, given the refusal and the right two."""

    def wrong(edit: Callable[[Refusal, int, Body], tuple[int, Any]]) -> Callable[[Refuse], Refuse]:
        return lambda refuse: lambda refusal: edit(refusal, *refuse(refusal))

    return fault("refuse", *kills, also=also, wrong=wrong)


def on_replies(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that gives another reply, given the request and the right one."""

    def wrong(edit: Callable[[Incoming, Reply], Reply]) -> Callable[[Finish], Finish]:
        return lambda finish: lambda incoming, reply: edit(incoming, finish(incoming, reply))

    return fault("finish", *kills, also=also, wrong=wrong)


def on_bodies(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that gives another body to each completion that is no stream, given its bytes."""

    def spread(edit: Callable[[bytes], bytes]) -> Callable[[Incoming, Reply], Reply]:
        def each(incoming: Incoming, reply: Reply) -> Reply:
            return replace(reply, body=edit(reply.body)) if reply.generated and reply.events is None else reply

        return each

    return _spread(on_replies(*kills, also=also), spread)


def _spread(making: Making, spread: Callable[[Any], Any]) -> Making:
    """A making for a function that is spread over the parts of what another making's function is given."""

    def make(function: Callable[..., Any]) -> Fault:
        spread_out = spread(function)
        spread_out.__name__, spread_out.__doc__ = function.__name__, function.__doc__
        return making(spread_out)

    return make


def tolerating(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that answers some wrong requests as if they were a small right one, given the refusal and the request."""

    def wrong(tolerates: Callable[[Refusal, Any], bool]) -> Callable[[Validate], Validate]:
        def apply(validate: Validate) -> Validate:
            def faulty(body: Any) -> None:
                try:
                    validate(body)
                except Refusal as refusal:
                    if not isinstance(body, dict) or not tolerates(refusal, body):
                        raise
                    streamed = body.get("stream") is True
                    body.clear()
                    body.update(SMALL, stream=streamed)

            return faulty

        return apply

    return fault("validate", *kills, also=also, wrong=wrong)


def refusing(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that refuses some right requests, given the request: it gives the path of what it takes for wrong."""

    def wrong(refuses: Callable[[Body], str | None]) -> Callable[[Validate], Validate]:
        def apply(validate: Validate) -> Validate:
            def faulty(body: Any) -> None:
                validate(body)
                if (param := refuses(body)) is not None:
                    raise invalid(param, f"`{param}` is wrong.")

            return faulty

        return apply

    return fault("validate", *kills, also=also, wrong=wrong)


def on_admission(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that lets requests in otherwise, given the right admission and the request as it arrived."""

    def wrong(edit: Callable[[Admit, Incoming], None]) -> Callable[[Admit], Admit]:
        return lambda admit: lambda incoming: edit(admit, incoming)

    return fault("admit", *kills, also=also, wrong=wrong)


def on_text(*kills: str, also: tuple[str, ...] = ()) -> Making:
    """A fault that reads bodies otherwise, given the right reading and the bytes."""

    def wrong(edit: Callable[[Parse, bytes], Any]) -> Callable[[Parse], Parse]:
        return lambda parse: lambda body: edit(parse, body)

    return fault("parse", *kills, also=also, wrong=wrong)
