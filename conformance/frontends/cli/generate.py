"""`chatconform generate`: writes values of a type as JSON Lines, valid or broken, the same for the same seed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from chatconform.frontends.cli.arguments import refused

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

HELP = "write values of a type as JSON Lines: valid, invalid, at the boundaries, or broken below JSON"

_USUAL_COUNT = 10
_PROGRESS_EVERY = 2.0
_BLOCK = 256
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("type", metavar="TYPE", help="the type, as `chatconform schema` lists it")
    parser.add_argument(
        "-n", "--number", type=_count, metavar="N", help=f"how many (default {_USUAL_COUNT}; all of a list)"
    )
    parser.add_argument("--seed", default="0", metavar="S", help="another seed gives other values (default 0)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write to a file instead of standard output")
    parser.add_argument(
        "--with",
        dest="wishes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="only such: stream=true, with_tools=false, roles=user,assistant, modalities=text, max_messages=3, model=m",
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--invalid", action="store_true", help="values with exactly one constraint broken, and which")
    kinds.add_argument("--boundaries", action="store_true", help="the list of boundary cases, valid and invalid")
    kinds.add_argument("--wire", action="store_true", help="request bodies as bytes that are no JSON, or odd JSON")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 all written, 2 bad input."""
    from chatconform.schemas import UnknownType
    from chatconform.strategies.refusals import ImpossibleNarrowing, NothingToBreak

    try:
        wishes = _wishes(args.wishes)
        if wishes and (args.boundaries or args.wire):
            raise ImpossibleNarrowing("--with narrows generated values, not the lists of --boundaries and --wire")
        records, number = _records(args, wishes)
    except (UnknownType, ImpossibleNarrowing, NothingToBreak) as problem:
        return refused(str(problem))
    try:
        with _opened(args.output) as file:
            _write(file, records, number)
    except BrokenPipeError:
        raise
    except OSError as problem:
        return refused(f"{args.output or 'standard output'} cannot be written: {problem.strerror}")
    return 0


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no count")
    return int(text)


def _wishes(given: list[str]) -> dict[str, Any]:
    from chatconform.strategies.refusals import ImpossibleNarrowing

    wishes: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise ImpossibleNarrowing(f"--with {text[:60]!r} is not of the form KEY=VALUE")
        if key in ("stream", "with_tools"):
            if value.lower() not in _YES_OR_NO:
                raise ImpossibleNarrowing(f"--with {key}: {value[:60]!r} is neither true nor false")
            wishes[key] = _YES_OR_NO[value.lower()]
        elif key == "max_messages":
            if not (value.isascii() and value.isdigit()):
                raise ImpossibleNarrowing(f"--with max_messages: {value[:60]!r} is no count")
            wishes[key] = int(value)
        elif key in ("roles", "modalities"):
            wishes[key] = [each.strip() for each in value.split(",") if each.strip()]
        else:
            wishes[key] = value
    return wishes


def _records(args: argparse.Namespace, wishes: dict[str, Any]) -> tuple[Iterator[bytes], int]:
    """The records as lines to be written, and how many there will be."""
    if args.boundaries:
        from chatconform.strategies.boundaries import boundaries

        listed = [_boundary(case) for case in boundaries(args.type)]
    elif args.wire:
        listed = _wire(args.type)
    else:
        number = _USUAL_COUNT if args.number is None else args.number
        return _generated(args, wishes, number), number
    listed = listed[: args.number]
    return map(_line, listed), len(listed)


def _generated(args: argparse.Namespace, wishes: dict[str, Any], number: int) -> Iterator[bytes]:
    from chatconform.strategies.ready import generator

    draw = generator(args.type, **wishes)
    if args.invalid:
        from chatconform.strategies.breakage import broken, refuse_unbreakable

        refuse_unbreakable(args.type)

        def made(source: Any) -> Any:
            found = broken(source, args.type, draw)
            return {
                "instance": found.value,
                "pointer": found.pointer,
                "keyword": found.keyword,
                "description": found.description,
            }

        return _seeded(made, None, args.seed, number)
    from chatconform.schemas import is_valid

    return _seeded(draw, lambda value: is_valid(args.type, value), args.seed, number)


def _seeded(
    draw: Callable[[Any], Any], is_good: Callable[[Any], bool] | None, seed: str, number: int
) -> Iterator[bytes]:
    """The record of each number, from a seed of its own: it depends on nothing that was written before it."""
    from chatconform.strategies.drawing.sources import Rejected, Seeded
    from chatconform.strategies.written import written

    source = Seeded()
    for index in range(number):
        turn = 0
        while True:
            source.start(f"{seed}:{index}" if turn == 0 else f"{seed}:{index}:{turn}")
            try:
                value = draw(source)
            except Rejected:
                value = None
            else:
                if is_good is None or is_good(value):
                    break
            turn += 1
            if turn > 1000:
                raise RuntimeError(f"no valid value was found for record {index} of seed {seed}")
        yield written(value) + b"\n"


def _line(record: dict[str, Any]) -> bytes:
    from chatconform.strategies.written import written

    return written(record) + b"\n"


def _boundary(case: Any) -> dict[str, Any]:
    return {
        "instance": case.value,
        "valid": case.valid,
        "pointer": case.pointer,
        "keyword": case.keyword,
        "description": case.label,
    }


def _wire(name: str) -> list[dict[str, Any]]:
    import base64

    from chatconform.strategies.named import key_of
    from chatconform.strategies.recipes.asking import REQUEST
    from chatconform.strategies.refusals import ImpossibleNarrowing
    from chatconform.strategies.wire import wire_cases

    key_of(name, False)
    if name != REQUEST:
        raise ImpossibleNarrowing(f"--wire is about the bytes of request bodies: the type is {REQUEST}, not {name}")
    return [
        {
            "family": case.family,
            "label": case.label,
            "expected": case.expected,
            "description": case.description,
            "headers": [list(pair) for pair in case.headers],
            "body_base64": base64.b64encode(case.body).decode(),
        }
        for case in wire_cases()
    ]


def _opened(path: Path | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdout.buffer) if path is None else path.open("wb")


def _write(file: BinaryIO, records: Iterator[bytes], number: int) -> None:
    started = told = time.monotonic()
    block: list[bytes] = []
    for index, record in enumerate(records, 1):
        block.append(record)
        if len(block) == _BLOCK:
            file.write(b"".join(block))
            block.clear()
            now = time.monotonic()
            if now - told > _PROGRESS_EVERY:
                told = now
                left = (now - started) / index * (number - index)
                print(f"chatconform: {index:,} of {number:,} written, {left:.0f} s to go", file=sys.stderr)
    file.write(b"".join(block))
    file.flush()
