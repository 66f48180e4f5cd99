"""Dumps of server-sent events: streams one after the other, each ended by `[DONE]` or by the end of the file.

The law of this file: chunks that differ in a piece of text alone are told apart by nothing that a rule looks at. A
stretch of them is given as one chunk with the pieces joined, so that long streams take little time and little memory;
`Thinned.indexes` says where its chunks stood.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.exchange import EVENT_STREAM, Exchange, Origin, Request, Response
from chatconform.core.sse import BOM
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
    _like: Any = None
    _pieces: list[str] = field(default_factory=list)
    _holder: Any = None
    _key: str = ""
    _before: bytes = b""
    _after: bytes = b""

    def add(self, block: bytes, line: int) -> None:
        """Takes in the next block, line ends as LF."""
        if self._before and block.startswith(self._before) and block.endswith(self._after):
            # All but the piece is the same bytes: where the piece is plain, nothing need be parsed.
            piece = block[len(self._before) : len(block) - len(self._after)]
            if _is_plain(piece) and len(block) > len(self._before) + len(self._after):
                self.events += 1
                self._pieces.append(piece.decode())
                self.size += len(piece)
                return
        if not block.startswith(DATA) or b"\n" in block or block == DONE:
            self._plain(block, line)
            return
        try:
            chunk = orjson.loads(block[6:])
            holder, key = _text_of(chunk)
        except (orjson.JSONDecodeError, KeyError, TypeError, IndexError, ValueError):
            self._plain(block, line)
            return
        piece = holder[key]
        if not piece or ODD in piece:
            self._plain(block, line)
            return
        holder[key] = ""
        self.events += 1
        if self._like is not None and chunk == self._like and key == self._key:
            self._pieces.append(piece)
            self.size += len(piece)
            return
        self._flush()
        self._like, self._holder, self._key = chunk, holder, key
        self._pieces = [piece]
        self._before, self._after = _around(block, key, piece)
        self._note(line)
        self.size += len(block)

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
            self._holder[self._key] = "".join(self._pieces)
            self.blocks.append(DATA + orjson.dumps(self._like))
            self._like, self._before = None, b""


def _is_plain(piece: bytes) -> bool:
    """Whether bytes within a JSON string stand for themselves: ASCII that prints, no quote and no escape."""
    return piece.isascii() and b'"' not in piece and b"\\" not in piece and piece.decode("ascii").isprintable()


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
    if not _is_plain(text) or block[start : start + len(text) + 1] != text + b'"':
        return b"", b""
    return block[:start], block[start + len(text) :]


def _text_of(chunk: Any) -> tuple[dict[str, Any], str]:
    """Where the only text of a chunk stands that adds nothing but text; raises where it is another kind of chunk."""
    (choice,) = chunk["choices"]
    if choice.get("logprobs") is not None or chunk.get("usage") is not None:
        raise ValueError
    delta = choice["delta"]
    ((key, value),) = delta.items()
    if key == "tool_calls":
        (call,) = value
        if call.keys() != {"index", "function"} or call["function"].keys() != {"arguments"}:
            raise ValueError
        delta, key, value = call["function"], "arguments", call["function"]["arguments"]
    if not isinstance(value, str):
        raise ValueError
    if isinstance(chunk.get("obfuscation"), str):
        chunk["obfuscation"] = ""
    return delta, key


def read(source: Source) -> Iterator[Record]:
    """Gives the streams of a dump, each as an exchange whose request is not known."""
    thinned, begin, too_long, tail = Thinned(), 1, False, b""
    for line, block, is_whole in _blocks(source.stream):
        if not thinned.events and not thinned.blocks:
            begin = line
        if not is_whole:
            tail = block
        elif thinned.size <= MOST:
            thinned.add(block, line)
        elif not too_long:
            too_long = True
            yield Wrong(begin, BOUNDED, f"is a stream of more than {MOST // 1_000_000} MB; it is judged up to there")
        if block.endswith(DONE) and block.removesuffix(DONE)[-1:] in (b"", b"\n"):
            yield _recorded(source.name, begin, thinned, b"", too_long)
            thinned, too_long = Thinned(), False
    if thinned.events or thinned.blocks or tail:
        yield _recorded(source.name, begin, thinned, tail, too_long)


def _recorded(name: str, line: int, thinned: Thinned, tail: bytes, too_long: bool) -> Recorded:
    response = Response(200, HEADERS, thinned.end(tail), complete=not too_long)
    exchange = Exchange(Origin(name, line), Request("POST", ENDPOINT, JSON_TYPE), response)
    return Recorded(line, exchange, headers=False, request=False, stretches=thinned)


def _blocks(stream: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """The blocks between blank lines, each with its line, and whether it is whole.

    A mark of the end is whole also where the last blank line was lost, as it is by copying.
    """
    rest, line, begun = b"", 1, False
    while data := stream.read(CHUNK):
        if data.endswith(b"\r"):
            data += stream.read(1)
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not begun:
            data, begun = data.removeprefix(BOM), True
        *whole, rest = (rest + data).split(b"\n\n")
        for block in whole:
            kept = block.lstrip(b"\n") if block.startswith(b"\n") else block
            line += len(block) - len(kept)
            if kept:
                yield line, kept, True
            line += (kept.count(b"\n") if b"\n" in kept else 0) + 2
        if len(rest) > MOST:
            rest = rest[:MOST]
    if last := rest.strip(b"\n"):
        yield line + len(rest) - len(rest.lstrip(b"\n")), last, last == DONE
