"""Content codings undone as the bytes come in, within a bound: a kilobyte of gzip can hold a megabyte of zeros."""

from __future__ import annotations

import zlib
from typing import Final, Protocol

from chatconform.targets.bounds import WireError

GZIP: Final = frozenset({"gzip", "x-gzip"})
MOST_CODINGS: Final = 4


class Decoder(Protocol):
    """Undoes one coding."""

    def feed(self, data: bytes, most: int) -> bytes:
        """Decodes more bytes, to a little over `most` bytes. Raises `WireError` for what is not so coded."""

    def end(self) -> None:
        """Ends the body. Raises `WireError` where the coding says that more should follow."""


class _Inflating:
    """gzip and deflate."""

    def __init__(self, name: str) -> None:
        self._name = "gzip" if name in GZIP else "deflate"
        self._raw_tried = False
        self._inflater = zlib.decompressobj(31 if name in GZIP else 15)
        self._began = False

    def feed(self, data: bytes, most: int) -> bytes:
        out = bytearray()
        while data and len(out) <= most:
            if self._inflater.eof:
                if self._name == "deflate":
                    raise WireError("malformed", "bytes follow the end of the deflate-coded body")
                self._inflater = zlib.decompressobj(31)
            out += self._inflate(data, most + 1 - len(out))
            self._began = True
            data = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
        return bytes(out)

    def _inflate(self, data: bytes, most: int) -> bytes:
        try:
            return self._inflater.decompress(data, most)
        except zlib.error as error:
            if self._name == "deflate" and not self._began and not self._raw_tried:
                # Half the world sends deflate without its zlib header, and every client reads it.
                self._raw_tried = True
                self._inflater = zlib.decompressobj(-15)
                return self._inflate(data, most)
            raise WireError("malformed", f"the {self._name}-coded body is broken: {error}") from None

    def end(self) -> None:
        if self._began and not self._inflater.eof:
            raise WireError("malformed", f"the {self._name}-coded body is cut short")


def decoders(content_encoding: str) -> tuple[list[Decoder], str | None]:
    """What undoes a `Content-Encoding`, in order, and the name of a coding that we cannot undo (or None)."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name and name != "identity"]
    unknown = next((name for name in names if name not in GZIP and name != "deflate"), None)
    if unknown is not None:
        return [], unknown
    if len(names) > MOST_CODINGS:
        raise WireError("malformed", f"the body is coded {len(names)} times over")
    return [_Inflating(name) for name in reversed(names)], None
