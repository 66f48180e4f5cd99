"""Faults that show only among requests at the same time, in what clients leave behind, and in when streams are sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chatconform.reference.faults.fault import fault
from chatconform.reference.faults.making import Body, on_replies
from chatconform.reference.refusal import Refusal

if TYPE_CHECKING:
    from chatconform.reference.completion import Ticket
    from chatconform.reference.pipeline import Complete, Finish, Incoming, Reply, Validate

CROWD = 5
"""So many requests at the same time make these faults show."""
TOGETHER = 0.08
"""Seconds for which a request waits for others to come."""
HELD_UP = 2.5
"""Seconds that an answer which nobody reads goes on."""


class _Crowd:
    """The requests that are answered at this moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: dict[int, Body] = {}
        self.number = 0

    def met(self, body: Body) -> list[Body]:
        """Waits for a moment; gives the requests that were there at the same time, this one first, if they are many."""
        with self.lock:
            self.number += 1
            mine = self.number
            self.now[mine] = body
        time.sleep(TOGETHER)
        with self.lock:
            others = [other for number, other in self.now.items() if number != mine]
        time.sleep(TOGETHER)
        with self.lock:
            del self.now[mine]
        return [body, *others] if len(others) + 1 >= CROWD else [body]


def _among(edit: Callable[[Complete, Body, list[Body], Ticket], Body]) -> Callable[[Complete], Complete]:
    """A completion that is made among others, given those that are asked for at the same time."""

    def apply(complete: Complete) -> Complete:
        crowd = _Crowd()

        def faulty(body: Any, ticket: Ticket) -> Body:
            return edit(complete, body, crowd.met(body)[1:], ticket)

        return faulty

    return apply


@fault("complete", "series.isolation.answers-are-not-swapped", also=("*",), wrong=_among)
def answers_are_swapped(complete: Complete, body: Body, others: list[Body], ticket: Ticket) -> Body:
    """Answers one of the other requests where many come at the same time."""
    streamed = bool(body.get("stream"))
    alike = [
        other for other in others if _has_form(other) and _has_form(body) and bool(other.get("stream")) == streamed
    ]
    return complete(alike[-1] if alike else body, ticket)


def _has_form(body: Body) -> bool:
    return bool(body.get("response_format"))


@fault("complete", "series.isolation.parameters-do-not-leak", also=("*",), wrong=_among)
def parameters_leak(complete: Complete, body: Body, others: list[Body], ticket: Ticket) -> Body:
    """Takes log probabilities from other requests where many come at the same time."""
    leaked = any(other.get("logprobs") for other in others)
    return complete({**body, "logprobs": True} if leaked else body, ticket)


@fault("complete", "series.isolation.load-is-answered", also=("*",), wrong=_among)
def load_is_a_failure(complete: Complete, body: Body, others: list[Body], ticket: Ticket) -> Body:
    """Fails where many requests come at the same time."""
    if others:
        raise Refusal(500, "The engine is out of memory.", code="server_error", type="server_error")
    return complete(body, ticket)


@fault("finish", "series.isolation.bad-request-fails-alone", also=("*",))
def bad_request_fails_others(finish: Finish) -> Finish:
    """Fails whatever is answered at the same time as a bad request, where there is much of it."""
    refused = [0.0]
    crowd = _Crowd()

    def faulty(incoming: Incoming, reply: Reply) -> Reply:
        if reply.status == 400:
            refused[0] = time.monotonic()
        elif reply.generated:
            begun = time.monotonic()
            crowded = len(crowd.met({})) > 1
            if crowded and refused[0] > begun - TOGETHER:
                return finish(incoming, _failed(reply))
        return finish(incoming, reply)

    return faulty


def _failed(reply: Reply) -> Reply:
    body = b'{"error":{"message":"The batch failed.","type":"server_error","param":null,"code":null}}'
    return replace(reply, status=500, headers=(("content-type", "application/json"),), body=body, events=None)


@fault("complete", "series.leaving.next-request-is-not-held-up")
def answers_nobody_reads_hold_others_up(complete: Complete) -> Complete:
    """Goes on with long answers whose clients have left, and with nothing else meanwhile."""
    busy = [0.0]

    def faulty(body: Any, ticket: Ticket) -> Body:
        made = complete(body, ticket)
        if body.get("stream") and made["usage"]["completion_tokens"] > 200:
            busy[0] = max(busy[0], time.monotonic()) + HELD_UP
        else:
            time.sleep(max(0.0, busy[0] - time.monotonic()))
        return made

    return faulty


@on_replies("series.delivery.streams-come-as-they-are-made")
def streams_are_sent_whole(incoming: Incoming, reply: Reply) -> Reply:
    """Sends a stream when it is whole, with its length."""
    return reply if reply.events is None else replace(reply, body=b"".join(reply.events), events=None)


@fault("validate", "response.status.input-is-never-a-server-error", also=("*",))
def long_strings_fail_the_server(validate: Validate) -> Validate:
    """Fails at a stop sequence of more than a thousand characters."""

    def faulty(body: Any) -> None:
        validate(body)
        if any(len(stop) > 1000 for stop in _stops(body)):
            raise Refusal(500, "Out of range.", type="server_error")

    return faulty


def _stops(body: Body) -> Iterator[str]:
    stop = body.get("stop") or ()
    yield from [stop] if isinstance(stop, str) else stop
