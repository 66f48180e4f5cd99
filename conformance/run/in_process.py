"""A client in this process, and how whatever names a client is started.

The law of this file: what is driven is an adapter's command or one function, and both are called in the same way.
"""

from __future__ import annotations

import shlex
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from chatconform.core.telling import tell
from chatconform.run.adapter import AdapterError, AdapterProcess, HangError, Hello, hello_of
from chatconform.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Client = str | Sequence[str] | Callable[[dict[str, Any]], dict[str, Any]]
    """An adapter's command, as a line or in words, or a function that takes a call and gives its reply."""

EVERYTHING = Hello(
    "client",
    features=frozenset({"stream", "tools", "custom_tools", "functions", "n", "logprobs", "audio", "retries"})
    | {"timeout", "abort"},
    fields=frozenset({"id", "model", "created", "usage", "role", "content", "refusal", "tool_calls", "tool_ids"})
    | {"finish_reason", "logprobs", "audio", "annotations", "function_call", "reasoning"},
)
"""What a function is taken to do and to report that says nothing of itself."""


class InProcess:
    """A client in this process: one function from a call of the adapter protocol to its reply."""

    def __init__(self, call: Callable[[dict[str, Any]], dict[str, Any]], hello: Hello) -> None:
        self._call = call
        self.hello = hello

    def call(self, op: Mapping[str, Any], is_hung: Callable[[float], bool]) -> tuple[dict[str, Any], float | None]:
        """Makes one call, as `AdapterProcess.call` does. A function that hangs cannot be ended: its thread is left.

        Raises `AdapterError` where the function raises, or gives what is no reply of the protocol.
        """
        replies: list[Any] = []
        problems: list[Exception] = []

        def make() -> None:
            try:
                replies.append(self._call(dict(op)))
            except Exception as error:  # the adapter's own mistake, whatever it is
                problems.append(AdapterError(f"the adapter function raised {type(error).__name__}: {error}"))

        thread = threading.Thread(target=make, daemon=True)
        thread.start()
        began = time.monotonic()
        while thread.is_alive():
            thread.join(0.05)
            if thread.is_alive() and is_hung(time.monotonic() - began):
                raise HangError
        if problems:
            raise problems[0]
        if not replies:
            raise AdapterError("the adapter function ended its thread")
        return _reply(replies[0], op["id"]), None

    def close(self) -> None:
        """Nothing is to be ended."""


def _reply(reply: Any, call_id: str) -> dict[str, Any]:
    """A function's reply, which need not repeat the call's id. Raises `AdapterError` for what is no reply."""
    if not isinstance(reply, dict):
        raise AdapterError(f"the adapter function gave {tell(reply)}, no reply of the protocol")
    whole: dict[str, Any] = {"id": call_id, **reply}
    if whole["id"] != call_id:
        raise AdapterError(f"the adapter function answered what was not asked: {tell(whole['id'])}")
    for violation in violations("AdapterReply", whole):
        where = f" at {violation.pointer}" if violation.pointer else ""
        raise AdapterError(f"the adapter function's reply is not as the protocol says{where}: {violation.message}")
    return whole


def starting(client: Client) -> Callable[[], AdapterProcess | InProcess]:
    """A function that starts a client; a function may have an attribute `hello`, as in the protocol.

    Raises `AdapterError` for a hello that is none.
    """
    if callable(client):
        told = getattr(client, "hello", None)
        return partial(InProcess, client, EVERYTHING if told is None else _hello(told))
    return partial(AdapterProcess, shlex.split(client) if isinstance(client, str) else list(client))


def _hello(told: Any) -> Hello:
    return told if isinstance(told, Hello) else hello_of(told if "hello" in told else {"hello": told})
