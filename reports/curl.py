"""A request as a curl command that can be pasted into any POSIX shell: exact, and safe whatever its bytes are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.core.secrets import HIDDEN, is_secret, without_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Request

LARGEST: Final = 64 * 1024
"""Bodies beyond it are named, not shown: no terminal takes them, and no shell."""
OWN: Final = frozenset({"host", "content-length", "user-agent"})
"""Headers that curl makes by itself."""
ORIGIN: Final = re.compile(r"(https?://)([^/?#]*@)?([^/?#]+)", re.IGNORECASE)
PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def command(request: Request, base_url: str, *, key: str = "OPENAI_API_KEY", whole: bool = False) -> str:
    """The curl command for a request to the server under `base_url`.

    The value of a secret header is told as a shell variable: `key` names the one that holds the API key. A body beyond
    64 KiB is told as a file's name and a comment, unless the `whole` is wanted, for a script.
    """
    lines = [" ".join(["curl -sS -i", *_options(request), quoted(url_of(request, base_url))])]
    lines += [f"-H {_header(name, value, key)}" for name, value in _headers(request)]
    source = ""
    if len(request.body) > LARGEST and whole:
        source = f"{piped(request.body)} | "
        lines.append("--data-binary @-")
    elif len(request.body) > LARGEST:
        lines.append(f"--data-binary @request-body # {len(request.body)} bytes, too many to show")
    elif request.body and _is_plain(text := request.body.decode("utf-8", "surrogateescape")):
        lines.append(f"--data-raw {_single(text)}")
    elif request.body:
        source = f"{piped(request.body)} | "
        lines.append("--data-binary @-")
    return source + " \\\n  ".join(lines)


def _options(request: Request) -> Iterator[str]:
    if request.method == "HEAD":
        yield "--head"
    elif request.method != ("POST" if request.body else "GET"):
        yield f"-X {quoted(request.method)}"
    if "/." in request.target:
        yield "--path-as-is"
    if re.search(r"[\[\]{}]", request.target):
        yield "-g"
    if b'"stream":true' in request.body.replace(b" ", b""):
        yield "-N"


def url_of(request: Request, base_url: str) -> str:
    """The URL of a request, at the server under `base_url`."""
    origin = ORIGIN.match(base_url)
    return (f"{origin[1]}{origin[3]}" if origin else base_url.rstrip("/")) + request.target


def _headers(request: Request) -> Iterator[tuple[str, str | None]]:
    """The headers to name; None as a value for one that curl would add and the request does not have."""
    for name, value in request.headers:
        usual = name.lower() in OWN or (name.lower(), value) == ("accept-encoding", "identity")
        wrong_length = name.lower() == "content-length" and value != str(len(request.body))
        if not usual or wrong_length:
            yield name, value
    if request.body and "content-type" not in {name.lower() for name, _ in request.headers}:
        yield "Content-Type", None


def _header(name: str, value: str | None, key: str) -> str:
    """A header as the argument of `-H`: a secret's value as a shell variable."""
    if value is None:
        return quoted(f"{name}:")
    if not value:
        return quoted(f"{name};")
    scheme, variable = secret_of(name, value, key)
    if variable is None:
        return quoted(f"{name}: {scheme}")
    return with_variable(f"{name}: {scheme}", variable)


def secret_of(name: str, value: str, key: str) -> tuple[str, str | None]:
    """A header's value without its secret, and the variable that holds that; None where there is no secret."""
    told = without_secret(name, value)
    if not is_secret(name) or not told.endswith(HIDDEN) or not _is_plain(name):
        return told, None
    holds_key = name.lower() in {"authorization", "api-key", "x-api-key"}
    return told.removesuffix(HIDDEN), key if holds_key else _variable(name)


def with_variable(text: str, variable: str) -> str:
    """One shell word: a text and behind it the value of a variable."""
    return f'"{_doubled(text)}${variable}"'


def _variable(name: str) -> str:
    """A shell variable named after a header."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "SECRET"


def piped(body: bytes) -> str:
    """The command that writes these bytes, whatever they are: the shell has it built in, so no length is too much."""
    if body and _is_plain(text := body.decode("utf-8", "surrogateescape")):
        return f"printf %s {_single(text)}"
    return f"printf {_single(_octal(body))}"


def quoted(text: str) -> str:
    """One shell word."""
    if PLAIN.fullmatch(text):
        return text
    if _is_plain(text):
        return _single(text)
    return f'"$(printf {_single(_octal(text.encode("utf-8", "surrogatepass")))})"'


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _doubled(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)


def _is_plain(text: str) -> bool:
    """Whether a text can be shown as it is: no control, no invisible character, no byte that is not UTF-8."""
    return text.isprintable()


def _octal(data: bytes) -> str:
    """Bytes as a format of `printf`, in the escapes that POSIX knows."""
    text = "".join(
        "%%" if byte == 0x25 else "\\\\" if byte == 0x5C else chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
        for byte in data
    )
    return f"\\055{text[1:]}" if text.startswith("-") else text
