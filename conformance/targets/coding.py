"""Content codings undone as the bytes come in, within a bound: a kilobyte of gzip can hold a megabyte of zeros."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Final

from chatconform.targets.bounds import WireError

GZIP: Final = frozenset({"gzip", "x-gzip"})
MOST_CODINGS: Final = 4


class Decoder:
    """Undoes gzip or deflate; `problem` tells why no more can be undone."""

    def __init__(self, name: str) -> None:
        self._name = "gzip" if name in GZIP else "deflate"
        self._inflater = zlib.decompressobj(31 if name in GZIP else 15)
        self._began = False
        self.problem: WireError | None = None

    def feed(self, data: bytes, most: int) -> bytes:
        """Decodes more bytes, to one byte more than `most` at the most: then there is more than is wanted."""
        out = bytearray()
        while data and len(out) <= most and self.problem is None:
            if self._inflater.eof:
                if self._name == "deflate":
                    self.problem = WireError("malformed", "bytes follow the end of the deflate-coded body")
                    break
                self._inflater = zlib.decompressobj(31)  # a further member of the gzip file
            out += self._inflate(data, most + 1 - len(out))
            self._began = True
            data = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
        return bytes(out)

    def end(self) -> None:
        """Ends the body; it may be empty, but not end in the middle."""
        if self._began and not self._inflater.eof and self.problem is None:
            self.problem = WireError("malformed", f"the {self._name}-coded body is cut short")

    def _inflate(self, data: bytes, most: int) -> bytes:
        before = self._inflater.copy()
        try:
            return self._inflater.decompress(data, most)
        except zlib.error as error:
            if self._name == "deflate" and not self._began:
                # Half the world sends deflate without its zlib header, and every client reads it.
                self._began = True
                self._inflater = zlib.decompressobj(-15)
                return self._inflate(data, most)
            self.problem = WireError("malformed", f"the {self._name}-coded body is broken: {error}")
            return _salvaged(before, data, most)


def _salvaged(inflater: zlib._Decompress, data: bytes, most: int) -> bytes:
    """What a broken body holds up to its breakage."""
    out = bytearray()
    with suppress(zlib.error):
        for place in range(len(data)):
            out += inflater.decompress(data[place : place + 1], most + 1 - len(out))
            if len(out) >= most:
                break
    return bytes(out)


def decoders(content_encoding: str) -> tuple[list[Decoder], str | None]:
    """What undoes a `Content-Encoding`, in order, and the name of a coding that we cannot undo (or None)."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name and name != "identity"]
    unknown = next((name for name in names if name not in GZIP and name != "deflate"), None)
    if unknown is not None:
        return [], unknown
    if len(names) > MOST_CODINGS:
        raise WireError("malformed", f"the body is coded {len(names)} times over")
    return [Decoder(name) for name in reversed(names)], None
