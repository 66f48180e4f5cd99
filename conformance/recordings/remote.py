"""Files that lie elsewhere: in object stores and other file systems, named by URIs such as `s3://bucket/folder`.

The law of this file: what a local file can do, a remote one can, read by the file systems of Arrow (or of fsspec, where
Arrow has none for the scheme); and a name never holds a secret.
"""

from __future__ import annotations

import fnmatch
import glob
import io
import re
from typing import Any, Final
from urllib.parse import urlsplit

REMOTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
WITHOUT_ARROW: Final = "reading it needs pyarrow, which the extra brings: pip install 'chatconform[ray]'"


class RemoteFile(io.RawIOBase):
    """A remote file that is open; `size` is None where nobody knows. Raises `OSError` alone."""

    def __init__(self, uri: str) -> None:
        system, path = _system(uri)
        try:
            self._file = system.open_input_file(path)
            self.size: int | None = self._file.size()
        except OSError:
            raise
        except Exception as problem:  # Arrow and each file system have errors of their own
            raise OSError(_short(problem)) from None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


def is_remote(name: str) -> bool:
    """Whether a name is a URI."""
    return REMOTE.match(name) is not None


def find_remote(name: str) -> tuple[list[str], bool]:
    """The files that a URI leads to: a file, every file below a folder but hidden ones, or what a glob matches.

    Also gives whether they were named one by one. Raises `OSError` for a URI that leads nowhere or cannot be followed.
    """
    try:
        from pyarrow.fs import FileSelector, FileType
    except ImportError:
        raise OSError(WITHOUT_ARROW) from None
    pattern: str | None = None
    begin = name
    if glob.has_magic(name):
        begin = name[: name.rfind("/", 0, next(re.finditer(r"[*?\[]", name)).start()) + 1]
        pattern = _system(name)[1]
    system, path = _system(begin)
    try:
        (about,) = system.get_file_info([path])
        if about.type is FileType.File:
            return [name], True
        if about.type is FileType.NotFound:
            raise OSError("there is no such file")
        below = system.get_file_info(FileSelector(path, recursive=True))
    except OSError:
        raise
    except Exception as problem:  # Arrow and each file system have errors of their own
        raise OSError(_short(problem)) from None
    root = path.rstrip("/")
    found = sorted((one.path for one in below if one.type is FileType.File), key=_in_order)
    if pattern is None:
        found = [one for one in found if "/." not in one[len(root) :]]
    else:
        found = [one for one in found if fnmatch.fnmatchcase(one, pattern)]
    if not found:
        raise OSError("there is no file in this folder" if pattern is None else "no file matches")
    return [begin.rstrip("/") + one[len(root) :] for one in found], pattern is not None


def _in_order(path: str) -> list[tuple[bool, str]]:
    """Sorts the files of a folder before those of the folders in it, as local ones come."""
    *folders, name = path.split("/")
    return [*((True, folder) for folder in folders), (False, name)]


def without_credentials(uri: str) -> str:
    """A URI as it may be told."""
    scheme, colon, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{colon}{authority.rpartition('@')[2]}{slash}{path}"


def _system(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it. Raises `OSError`."""
    parts = urlsplit(uri)
    if parts.username or parts.password:
        raise OSError("the name holds credentials; give them by the environment, as the file system takes them")
    try:
        from pyarrow.fs import FileSystem, FSSpecHandler, PyFileSystem

        system, path = FileSystem.from_uri(uri)
    except ImportError:
        raise OSError(WITHOUT_ARROW) from None
    except OSError:
        raise
    except Exception as problem:  # Arrow knows no such scheme
        try:
            from fsspec.core import url_to_fs

            spec, path = url_to_fs(uri)
        except Exception:
            raise OSError(_short(problem)) from None
        system = PyFileSystem(FSSpecHandler(spec))
    return system, path


def _short(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:200] or type(problem).__name__
