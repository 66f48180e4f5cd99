"""Faults in what is made of tool calls and their fragments."""
# ruff: noqa: ARG002 (a fault is given what the right way is given, and most look at a part of it)

from __future__ import annotations

import json
from typing import Any

from mutant import caught_by
from right_client import Client


@caught_by(
    "st.tool-call-20-frags",
    "st.tool-args-escape-split",
    "st.tool-calls-interleaved",
    "st.tool-calls-same-delta",
    "st.tool-frag-nulls",
    "st.tool-frag-empty-strings",
    "st.tool-frag-type-repeated",
    "st.tool-frag-id-repeated",
    "st.tool-frag-name-repeated",
    "st.tool-custom",
)
class ArgumentsOverwritten(Client):
    """The arguments are the last fragment."""

    def arguments(self, before: str, more: str) -> str:
        return more or before


@caught_by("st.tool-calls-interleaved", "st.tool-calls-same-delta")
class CallIndexIgnored(Client):
    """A fragment belongs to the call that came last."""

    def place(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> tuple[int, int]:
        return super().place(calls, fragment if fragment.get("id") or not calls else {"index": list(calls)[-1][0]})


@caught_by("st.tool-no-index-single")
class CallIndexRequired(Client):
    """A fragment without an index breaks the client."""

    def place(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> tuple[int, int]:
        return super().place(calls, {**fragment, "index": fragment["index"]})


@caught_by("st.tool-calls-index-desc", "st.tool-calls-index-from-1")
class CallIndexIsPlace(Client):
    """A call's index is taken for its place in a list that grows by one."""

    def place(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> tuple[int, int]:
        if fragment.get("index", 0) > len(calls):
            raise IndexError("list index out of range")
        return super().place(calls, fragment)


@caught_by("st.tool-frag-id-repeated", "st.tool-frag-name-repeated")
class IdJoined(Client):
    """The id is joined from all fragments that tell it."""

    def add_fragment(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> None:
        place = self.place(calls, fragment)
        before = calls.get(place, {}).get("id") or ""
        super().add_fragment(calls, fragment)
        calls[place]["id"] = before + (fragment.get("id") or "")


@caught_by("st.tool-frag-name-repeated")
class NameJoined(Client):
    """The name is joined from all fragments that tell it."""

    def name(self, before: str, more: str, repeats: bool) -> str:
        return before + more


@caught_by("st.tool-frag-nulls", "st.tool-frag-empty-strings", "st.tool-frag-name-split")
class NameOverwritten(Client):
    """The name is what the last fragment says, were it nothing."""

    def add_fragment(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> None:
        super().add_fragment(calls, fragment)
        told = fragment.get("function") or {}
        if "name" in told:
            calls[self.place(calls, fragment)]["function"]["name"] = told["name"]


@caught_by("st.tool-call-20-frags", "st.tool-args-missing")
class ArgumentsRequired(Client):
    """A fragment without arguments breaks the client."""

    def add_fragment(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> None:
        (fragment.get("function") or {"arguments": ""})["arguments"]
        super().add_fragment(calls, fragment)


@caught_by(
    "ns.tool-call-args-empty",
    "ns.tool-call-args-invalid-json",
    "st.tool-args-empty",
    "st.tool-args-missing",
    "st.tool-args-invalid-json",
)
class ArgumentsParsed(Client):
    """Arguments that are no JSON break the client."""

    def settle(self, message: dict[str, Any]) -> None:
        super().settle(message)
        for call in message.get("tool_calls") or ():
            json.loads(call.get("function", {"arguments": "{}"})["arguments"])

    def closed(self, choice: dict[str, Any]) -> dict[str, Any]:
        self.settle(super().closed(choice)["message"])
        return choice


@caught_by(
    "ns.tool-call-args-invalid-json", "ns.tool-call-finish-stop", "st.tool-args-invalid-json", "st.tool-finish-stop"
)
class CallsOnlyByFinish(Client):
    """Calls count only where the finish reason says so."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        for choice in whole["choices"]:
            drop_calls(choice)
        return whole

    def closed(self, choice: dict[str, Any]) -> dict[str, Any]:
        return drop_calls(super().closed(choice))


def drop_calls(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice without its calls where another finish reason stands."""
    if choice["finish_reason"] != "tool_calls":
        choice["message"].pop("tool_calls", None)
    return choice


@caught_by("ns.tool-call-with-content", "st.tool-text-then-call")
class TextLostBesideCalls(Client):
    """The text beside a call is dropped."""

    def settle(self, message: dict[str, Any]) -> None:
        super().settle(message)
        if message.get("tool_calls"):
            message["content"] = None

    def closed(self, choice: dict[str, Any]) -> dict[str, Any]:
        self.settle(super().closed(choice)["message"])
        return choice
