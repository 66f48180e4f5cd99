"""Files opened as they are: packed or not, by their content and not by their names, and read within bounds.

The law of this file: unpacking never takes more memory than a reader asked for, and a file that ends too early or is
damaged is told by `Damaged`, after everything up to there was given.
"""

from __future__ import annotations

import io
import os
import sys
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Final, cast

from chatconform.recordings.remote import RemoteFile, is_remote

if TYPE_CHECKING:
    from collections.abc import Callable

STDIN: Final = "-"
HEAD: Final = 256 * 1024
"""Bytes by which the form of a file is found out."""
CHUNK: Final = 1024 * 1024
FED: Final = 2048
"""Bytes that are unpacked at once: what they can grow to is bounded, too."""
BOMB: Final = 4 * 1024 * 1024 * 1024
MOST_UNFOLDED: Final = 1000
"""What unpacks to more than so many bytes, and to more than so many times its size, is read no further."""
GZIP, BZIP2, ZSTANDARD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"
OTHERS: Final = {
    b"PK\x03\x04": "a zip archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite database",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"%PDF": "a PDF",
}


class DamagedError(Exception):
    """Says that a file cannot be read further, and why, in words that follow its name."""


class Source:
    """A file that is open: its name as it is told, its first bytes, and the stream of its unpacked bytes.

    `packed` names the packing, `size` counts the bytes as they lie on the disk (None where nobody knows), and
    `read_so_far` tells how many of them were read.
    """

    def __init__(self, name: str, file: IO[bytes], stretch: int | None = None) -> None:
        self.name = name
        self._file = file
        self.size = _size(file)
        self.packed = _packing(_peeked(file, 6)) if stretch is None else None
        stream = _UNPACKED[self.packed](file) if self.packed else file
        self._guarded = _Guarded(stream, self.packed, self._packed_bytes, stretch)
        self.stream = io.BufferedReader(self._guarded, CHUNK)
        self.head = self._peek_head()

    def _peek_head(self) -> bytes:
        try:
            return self.stream.peek(HEAD)[:HEAD]
        except DamagedError:
            return b""

    @property
    def read_so_far(self) -> int:
        """How many bytes of the file, as it lies on the disk, were read."""
        return self._packed_bytes() if self.packed else self._guarded.given

    @property
    def unpacked(self) -> int:
        """How many bytes were read, as they are without the packing."""
        return self._guarded.given

    def _packed_bytes(self) -> int:
        try:
            return self._file.tell()
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Closes the file; stdin stays open."""
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(path: str) -> Source:
    """Opens a file, or stdin for `-`. Raises `OSError` for one that cannot be opened."""
    if path == STDIN:
        return _stdin(sys.stdin.buffer)
    file = opened(path, CHUNK)
    try:
        return Source(path, file)
    except BaseException:
        file.close()
        raise


@lru_cache(maxsize=1)
def _stdin(file: IO[bytes]) -> Source:
    """Stdin, opened once: what was looked at of it cannot be read a second time."""
    return Source("<stdin>", file)


def opened(path: str, buffering: int) -> IO[bytes]:
    """A file by its path or URI, open at its first byte. Raises `OSError` for one that cannot be opened."""
    if is_remote(path):
        remote = RemoteFile(path)
        return cast("IO[bytes]", io.BufferedReader(remote, buffering) if buffering else remote)
    return open(path, "rb", buffering=buffering)  # noqa: PTH123  # the size of the buffer matters


def open_stretch(path: str, offset: int, length: int) -> Source:
    """Opens a stretch of a file that is not packed. Raises `OSError`."""
    file = opened(path, 0)
    file.seek(offset)
    return Source(path, file, length)


def from_bytes(name: str, data: bytes) -> Source:
    """A source of bytes that are at hand."""
    return Source(name, io.BytesIO(data))


def foreign(head: bytes) -> str | None:
    """What a file is that holds no text, by its first bytes; None for what may be text."""
    for magic, name in OTHERS.items():
        if head.startswith(magic):
            return name
    return "binary data" if b"\0" in head else None


class _Guarded(io.RawIOBase):
    """A stream whose reading raises nothing but `DamagedError`, and that ends after a stretch where one is given."""

    def __init__(self, stream: IO[bytes], packing: str | None, packed: Callable[[], int], stretch: int | None) -> None:
        self._stream = stream
        self._packing = packing
        self._packed = packed
        self._stretch = stretch
        self.given = 0
        self._damage: DamagedError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        wanted = len(view) if self._stretch is None else min(len(view), self._stretch - self.given)
        if self._damage is None:
            self._damage = self._bomb()
        if self._damage is not None:  # what is damaged stays so, whoever looked at it first
            raise self._damage
        try:
            data = self._stream.read(wanted)
        except EOFError:
            self._damage = DamagedError(f"ends in the middle of its {self._packing} data: it was cut")
            raise self._damage from None
        except Exception as problem:  # each packing has errors of its own
            what = f"its {self._packing} data is damaged" if self._packing else "it cannot be read"
            self._damage = DamagedError(f"cannot be read further: {what} ({problem})")
            raise self._damage from None
        view[: len(data)] = data
        self.given += len(data)
        return len(data)

    def _bomb(self) -> DamagedError | None:
        if self._packing and self.given > BOMB and self.given > MOST_UNFOLDED * self._packed():
            return DamagedError(f"unpacks to over {MOST_UNFOLDED:,} times its size: it was made to exhaust its reader")
        return None


class _Zstandard:
    """Zstandard frames, one after the other, as a stream that knows when it was cut."""

    def __init__(self, file: IO[bytes]) -> None:
        from zstandard import ZstdDecompressor

        self._file = file
        self._new = ZstdDecompressor().decompressobj
        self._frame = self._new()
        self._begun = False
        self._rest = b""
        self._ready = b""

    def read(self, size: int) -> bytes:
        while not self._ready:
            data = self._rest or self._file.read(FED)
            self._rest = b""
            if not data:
                if self._begun:
                    raise EOFError
                return b""
            self._begun = True
            self._ready = self._frame.decompress(data)
            if self._frame.eof:
                self._rest, self._frame, self._begun = self._frame.unused_data, self._new(), False
        given, self._ready = self._ready[:size], self._ready[size:]
        return given


def _gzip(file: IO[bytes]) -> IO[bytes]:
    import gzip

    return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))


def _bzip2(file: IO[bytes]) -> IO[bytes]:
    import bz2

    return cast("IO[bytes]", bz2.BZ2File(file))


_UNPACKED: Final[dict[str, Callable[[IO[bytes]], IO[bytes]]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "zstd": lambda file: cast("IO[bytes]", _Zstandard(file)),
}


def _packing(begin: bytes) -> str | None:
    for magic, name in ((GZIP, "gzip"), (BZIP2, "bzip2"), (ZSTANDARD, "zstd")):
        if begin.startswith(magic):
            return name
    return None


def _peeked(file: IO[bytes], count: int) -> bytes:
    if isinstance(file, io.BufferedReader):
        return file.peek(count)[:count]
    begin = file.read(count)
    file.seek(0)
    return begin


def _size(file: IO[bytes]) -> int | None:
    if isinstance(remote := getattr(file, "raw", file), RemoteFile):
        return remote.size
    try:
        info = os.fstat(file.fileno())
    except (OSError, ValueError):
        return None
    import stat

    return info.st_size if stat.S_ISREG(info.st_mode) else None
