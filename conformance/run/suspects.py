"""Suspects: requests that broke every time they were sent, asked once more, alone, when all else is done.

The law that this follows is told in `run/trouble.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.run.gate import StoppedError
from chatconform.run.trouble import Trouble, trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.ask import Ask
    from chatconform.core.exchange import Exchange
    from chatconform.run.asker import Asker

MOST_SENDS: Final = 60
MOST_ABSENCES: Final = 3
SAMPLE: Final = 5
"""On a target that never wavered, if so many suspects break again the others are taken to do so too."""
SILENT_SAMPLE: Final = 2
FASTER: Final = 20.0
"""How many times faster than a timeout a plain answer has to be for the timeout to be a hang."""

RUN_ENDED: Final = "the run ended before it could be asked again"


@dataclass(slots=True)
class Suspect:
    """A request, the exchange that broke, and how often it did."""

    ask: Ask
    exchange: Exchange
    tries: int


def settle(asker: Asker, suspects: Sequence[Suspect]) -> list[str | None]:
    """For each suspect None where it breaks every time, or else the reason why it is not judged."""
    settled: list[str | None] = [RUN_ENDED] * len(suspects)
    if not suspects or asker.closed:
        return settled
    silent = [n for n, suspect in enumerate(suspects) if trouble(suspect.exchange) is Trouble.SILENT]
    broken = [n for n in range(len(suspects)) if n not in silent]
    try:
        usual = asker.find_life()
        _settle_silent(asker, suspects, silent, settled, usual)
        _settle_broken(asker, suspects, broken, settled)
        asker.find_life()
    except StoppedError:
        return [RUN_ENDED if reason is None else reason for reason in settled]
    return settled


def _settle_broken(
    asker: Asker, suspects: Sequence[Suspect], numbers: Sequence[int], settled: list[str | None]
) -> None:
    """Asks a sample, or on a wavering target each one as often as it takes."""
    budget = MOST_SENDS
    if not asker.wavered:
        for number in numbers[:SAMPLE]:
            settled[number] = _again(asker, suspects[number])
            budget -= 1
        if not asker.wavered:
            for number in numbers[SAMPLE:]:
                settled[number] = None
            return
    for number in numbers:
        suspect = suspects[number]
        settled[number] = None if suspect.tries >= asker.tries_to_be_sure else settled[number]
        while suspect.tries < asker.tries_to_be_sure:
            if not budget:
                settled[number] = "the target breaks by chance too often to tell whether this request does it"
                break
            budget -= 1
            settled[number] = _again(asker, suspect)
            if settled[number] is not None:
                break


def _settle_silent(
    asker: Asker, suspects: Sequence[Suspect], numbers: Sequence[int], settled: list[str | None], usual: float
) -> None:
    """Asks a sample; a target that is slow with everything is not said to hang."""
    for position, number in enumerate(numbers):
        suspect = suspects[number]
        if (suspect.exchange.seconds or 0.0) < FASTER * usual:
            settled[number] = "the target is too slow to tell a hang from a long answer; --timeout waits longer"
        elif position < SILENT_SAMPLE:
            settled[number] = _again(asker, suspect)
            asker.find_life()
        else:
            settled[number] = settled[numbers[0]]


def _again(asker: Asker, suspect: Suspect) -> str | None:
    """Sends it once more with nothing else in flight; None where it breaks again."""
    for _ in range(MOST_ABSENCES):
        exchange = asker.send(suspect.ask, suspect.exchange.origin)
        match asker.trouble(exchange):
            case None:
                asker.answered(suspect.tries, suspect.tries + 1)
                return "it broke at first, and was answered when asked again"
            case Trouble.ABSENT:
                asker.find_life(exchange)
            case Trouble.NOT_NOW:
                return f"asked again, the target said not now (status {exchange.status})"
            case _:
                suspect.tries += 1
                return None
    return "the target keeps leaving and coming back"
