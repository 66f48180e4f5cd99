"""Dumps of server-sent events: streams one after the other, each ended by `[DONE]` or by the end of the file.

The law of this file: chunks that differ in a piece of what the model says alone are told apart by nothing that a rule
looks at. A stretch of them is given as one chunk with the pieces joined: long streams take little time and memory, and
`Thinned.indexes` says where the chunks stood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.exchange import EVENT_STREAM, Exchange, Origin, Request, Response
from chatconform.recordings.record import Recorded, Wrong
from chatconform.recordings.requirements import BOUNDED
from chatconform.recordings.source import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source

DATA: Final = b"data: "
DONE: Final = b"data: [DONE]"
MOST: Final = 16 * 1024 * 1024
"""Bytes of one stream, stretches of plain text taken together, that are judged."""
PLAIN: Final = re.compile(rb"[ !#-\[\]-~]+")
"""What stands for itself within a JSON string."""
FIRST: Final = 5
"""Pieces of text that each stay a chunk, as does every piece that is longer than all before it: whether a server says
the text so far again and again, or the whole of it at the end, shows by these."""
ODD: Final = "\ufffd"
ENDPOINT: Final = "/v1/chat/completions"
JSON_TYPE: Final = (("content-type", "application/json"),)
HEADERS: Final = (("content-type", EVENT_STREAM),)


@dataclass(slots=True)
class Thinned:
    """A stream with its stretches of text taken together: its blocks, and where each event stood before."""

    blocks: list[bytes] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    size: int = 0
    events: int = 0
    too_long: bool = False
    _like: Any = None
    _pieces: list[bytes] = field(default_factory=list)
    _holder: Any = None
    _key: str = ""
    _filling: Any = None
    _texts: int = 0
    _longest: int = 0
    _before: bytes = b""
    _after: bytes = b""

    def add_alike(self, blocks: list[bytes], number: int) -> int:
        """Takes in the blocks from there on that are the one before but for a plain piece of text; gives how many.

        All else is the same bytes: nothing need be parsed.
        """
        before, after = self._before, self._after
        if not before:
            return 0
        start, fixed, first = len(before), len(before) + len(after), number
        most, pieces, is_plain, size = self._longest + fixed, self._pieces, PLAIN.fullmatch, 0
        for block in islice(blocks, number, None):
            if len(block) > most or not block.startswith(before) or not block.endswith(after):
                break
            piece = block[start : len(block) - len(after)]
            if not is_plain(piece):
                break
            pieces.append(piece)
            size += len(piece)
            number += 1
        self.events += number - first
        self.size += size
        return number - first

    def add(self, block: bytes, line: int) -> None:
        """Takes in the next block, line ends as LF."""
        if not block.startswith(DATA) or b"\n" in block or block == DONE:
            self._plain(block, line)
            return
        try:
            chunk = orjson.loads(block[6:])
            holder, key = _text_of(chunk)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._plain(block, line)
            return
        piece, filling = holder[key], chunk.pop("obfuscation", None)
        if not piece or ODD in piece:
            self._plain(block, line)
            return
        holder[key] = ""
        self.events += 1
        if chunk == self._like and key == self._key and len(piece) <= self._longest and self._texts >= FIRST:
            self._pieces.append(piece.encode())
            self.size += len(piece)
            return
        self._flush()
        self._like, self._holder, self._key, self._filling = chunk, holder, key, filling
        self._pieces = [piece.encode()]
        self._texts += 1
        self._longest = max(self._longest, len(piece))
        if self._texts >= FIRST:
            self._before, self._after = _around(block, key, piece)
        self._note(line)
        self.size += len(block)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken in yet."""
        return not self.events and not self.blocks and not self.too_long

    def end(self, tail: bytes = b"") -> bytes:
        """The thinned stream's bytes; `tail` is a block that was begun and never ended."""
        self._flush()
        return b"\n\n".join([*self.blocks, tail])

    def _plain(self, block: bytes, line: int) -> None:
        self._flush()
        if any(part.startswith(b"data") for part in block.split(b"\n")):
            self.events += 1
            self._note(line)
        self.blocks.append(block)
        self.size += len(block)

    def _note(self, line: int) -> None:
        self.indexes.append(self.events - 1)
        self.lines.append(line)

    def _flush(self) -> None:
        if self._like is not None:
            self._holder[self._key] = b"".join(self._pieces).decode()
            if self._filling is not None:
                self._like["obfuscation"] = self._filling
            self.blocks.append(DATA + orjson.dumps(self._like))
            self._like, self._before = None, b""


def _around(block: bytes, key: str, piece: str) -> tuple[bytes, bytes]:
    """What stands before and after a piece of text in its block; nothing where that cannot be told for certain."""
    name = f'"{key}":'.encode()
    if not piece.isascii() or block.count(name) != 1:
        return b"", b""
    before, _, rest = block.partition(name)
    opening = rest[: rest.find(b'"') + 1]
    if opening.strip() != b'"':
        return b"", b""
    text = piece.encode()
    start = len(before) + len(name) + len(opening)
    if not PLAIN.fullmatch(text) or block[start : start + len(text) + 1] != text + b'"':
        return b"", b""
    return block[:start], block[start + len(text) :]


def _text_of(chunk: Any) -> tuple[dict[str, Any], str]:
    """Where the only text of a chunk stands that adds nothing but text; raises where it is another kind of chunk."""
    (choice,) = chunk["choices"]
    if choice.get("logprobs") is not None or chunk.get("usage") is not None:
        raise ValueError
    delta = choice["delta"]
    ((key, value),) = delta.items()
    if not isinstance(value, str):  # arguments of calls are not among them: whether a piece comes twice counts there
        raise ValueError
    return delta, key


def read(source: Source) -> Iterator[Record]:
    """Gives the streams of a dump, each as an exchange whose request is not known."""
    thinned, begin, line, tail = Thinned(), 1, 1, b""
    for blocks in _blocks(source.stream):
        if isinstance(blocks, Cut):
            tail, line = blocks.begun, line + blocks.lines
            if blocks.too_long and not thinned.too_long:
                thinned.too_long = True
                yield Wrong(line, BOUNDED, f"is an event of more than {MOST // 1_000_000} MB, which is left out")
            continue
        number = 0
        while number < len(blocks):
            if alike := thinned.add_alike(blocks, number):
                number, line = number + alike, line + 2 * alike
                continue
            block = blocks[number].lstrip(b"\n")
            line += len(blocks[number]) - len(block)
            begin = line if thinned.is_empty else begin
            if block and thinned.size <= MOST:
                thinned.add(block, line)
            if thinned.size > MOST and not thinned.too_long:
                thinned.too_long = True
                yield Wrong(begin, BOUNDED, f"is a stream of more than {MOST // 1_000_000} MB, which is left out")
            if block.endswith(DONE) and block.removesuffix(DONE)[-1:] in (b"", b"\n"):
                yield from _recorded(source.name, begin, thinned)
                thinned = Thinned()
            number, line = number + 1, line + block.count(b"\n") + 2
    if not thinned.is_empty or tail:
        yield from _recorded(source.name, line if thinned.is_empty else begin, thinned, tail)


def _recorded(name: str, line: int, thinned: Thinned, tail: bytes = b"") -> Iterator[Recorded]:
    """The exchange of a stream; none where it was too long to be judged by its end."""
    if not thinned.too_long:
        response = Response(200, HEADERS, thinned.end(tail))
        exchange = Exchange(Origin(name, line), Request("POST", ENDPOINT, JSON_TYPE), response)
        yield Recorded(line, exchange, headers=False, request=False, stretches=thinned)


@dataclass(frozen=True, slots=True)
class Cut:
    """A block that is not whole: the last one, with no blank line after it, or one that is too long to be held."""

    begun: bytes
    lines: int = 0
    too_long: bool = False


def _blocks(stream: IO[bytes]) -> Iterator[list[bytes] | Cut]:
    """The blocks between blank lines, many at a time; a byte order mark stays with the first.

    A mark of the end is whole also where the last blank line was lost, as it is by copying.
    """
    rest, overflown = b"", False
    while data := stream.read(CHUNK):
        while data.endswith(b"\r") and (more := stream.read(1)):
            data += more
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *whole, rest = (rest + data).split(b"\n\n")
        if overflown and whole:
            yield Cut(b"", whole.pop(0).count(b"\n") + 2)
            overflown = False
        yield whole
        if len(rest) > MOST:
            yield Cut(b"", too_long=True)
            yield Cut(b"", rest[:-1].count(b"\n"))
            rest, overflown = rest[-1:], True
    last = rest.strip(b"\n")
    if last == DONE:
        yield [rest]
    elif last and not overflown:
        yield Cut(rest.lstrip(b"\n"))
