"""Cassettes of VCR libraries, in YAML or JSON: vcrpy and pytest-recording, and the Ruby library.

The law of this file: YAML is read by the safe loader alone. A tag that would make an object or run code is told, and
nothing follows it; the other interactions are judged all the same.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from chatconform.core.exchange import Exchange, Origin, Request, Response
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.recordings.record import LARGEST, LeftOut, Recorded, Wrong
from chatconform.recordings.requirements import BOUNDED, FORM, HARMLESS, READABLE, WITH_BODIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source

LISTS: Final = ("interactions", "http_interactions")
TEXT_TAGS: Final = frozenset({"tag:yaml.org,2002:python/unicode", "tag:yaml.org,2002:python/str"})
"""Tags of older cassettes that say no more than that something is text."""
UNTRUE: Final = frozenset({"content-length", "transfer-encoding", "content-encoding"})


def read(source: Source) -> Iterator[Record]:
    """Gives the exchanges of a cassette, each with the line on which it begins."""
    text = source.stream.read(LARGEST + 1)
    if len(text) > LARGEST:
        yield Wrong(1, BOUNDED, f"is a cassette of more than {LARGEST // 1_000_000} MB")
        return
    value = parse(text)
    if value is NOT_JSON:
        yield from _yaml(text, source.name)
        return
    listed = _listed(value)
    if listed is None:
        yield Wrong(1, FORM, "is a cassette without a list of interactions")
    for one in listed or ():
        yield from _interaction(one, 1, source.name)


def _listed(value: Any) -> list[Any] | None:
    found = (value.get(name) for name in LISTS) if isinstance(value, dict) else iter(())
    return next((one for one in found if isinstance(one, list)), None)


def _yaml(text: bytes, name: str) -> Iterator[Record]:
    import yaml

    try:
        loader = _loader()(text)
        root = loader.get_single_node()
        lists = [
            value
            for key, value in (root.value if isinstance(root, yaml.MappingNode) else ())
            if isinstance(key, yaml.ScalarNode) and key.value in LISTS and isinstance(value, yaml.SequenceNode)
        ]
        if not lists:
            yield Wrong(1, FORM, "is a cassette without a list of interactions")
        for node in (node for one in lists for node in one.value):
            line = node.start_mark.line + 1
            loader.odd.clear()
            value = loader.construct_document(node)
            for at, tag in loader.odd:
                yield Wrong(at, HARMLESS, f"has the tag {tag[:120]}, which is not followed")
            if not loader.odd:
                yield from _interaction(value, line, name)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        why = getattr(problem, "problem", None) or str(problem)
        yield Wrong(mark.line + 1 if mark else 1, READABLE, f"is no YAML that can be read: {str(why)[:200]}")
    except RecursionError:
        yield Wrong(1, BOUNDED, "is nested too deeply")


def _loader() -> Any:
    """A safe loader that notes the tags which it does not follow."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # the base is there only when it runs
        """Notes odd tags with their lines in `odd`."""

        def __init__(self, text: bytes) -> None:
            super().__init__(text)
            self.odd: list[tuple[int, str]] = []

        def note(self, _suffix: str, node: Any) -> Any:
            tag = node.tag
            if tag in TEXT_TAGS and isinstance(node, yaml.ScalarNode):
                return node.value
            self.odd.append((node.start_mark.line + 1, tag))
            return None

    Loader.add_multi_constructor("", Loader.note)
    Loader.add_constructor(None, lambda loader, node: loader.note("", node))
    return Loader


def _interaction(value: Any, line: int, name: str) -> Iterator[Record]:
    match value:
        case {"request": {"uri": str(uri)} as request, "response": {"status": status} as response}:
            pass
        case _:
            yield Wrong(line, FORM, "is an interaction without a request (uri) or without a response (status)")
            return
    code = status.get("code") if isinstance(status, dict) else status
    if not isinstance(code, int) or not 100 <= code <= 999:
        yield Wrong(line, FORM, "has an answer whose status is no number between 100 and 999", "/response/status")
        return
    try:
        address = urlsplit(uri)
    except ValueError:
        yield Wrong(line, FORM, "has a uri that is none", "/request/uri")
        return
    if str(request.get("method")).upper() != "POST" or not address.path.rstrip("/").endswith("/chat/completions"):
        yield LeftOut(line, "interactions about something else")
        return
    asked, answered = _body(request), _body(response)
    if asked is None or answered is None:
        where = "request" if asked is None else "response"
        yield Wrong(line, WITH_BODIES, f"has no body that can be read in its {where}", f"/{where}/body")
        return
    try:
        answered = _unpacked(answered, _headers(response))
    except ValueError as problem:
        yield Wrong(line, READABLE, str(problem), "/response/body")
        return
    headers = tuple(pair for pair in _headers(response) if pair[0].lower() not in UNTRUE)
    sent = tuple(pair for pair in _headers(request) if pair[0].lower() not in UNTRUE)
    exchange = Exchange(
        Origin(name, line),
        Request("POST", address.path + (f"?{address.query}" if address.query else ""), sent, asked),
        Response(code, headers or (("content-type", "application/json"),), answered),
    )
    yield Recorded(line, exchange, headers=bool(headers))


def _headers(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    listed = message.get("headers")
    pairs = listed.items() if isinstance(listed, dict) else ()
    return tuple(
        (str(name), str(value))
        for name, values in pairs
        for value in (values if isinstance(values, list) else [values])
    )


def _body(message: dict[str, Any]) -> bytes | None:
    """The bytes of a body in any of the forms that cassettes have; None for what is none."""
    if "parsed_body" in message:
        try:
            return orjson.dumps(message["parsed_body"])
        except TypeError:
            return None
    match message.get("body"):
        case {"base64_string": str(text)} | {"encoding": "base64", "string": str(text)}:
            try:
                return base64.b64decode(text)
            except (binascii.Error, ValueError):
                return None
        case str(text) | {"string": str(text)}:
            return text.encode("utf-8", "surrogatepass")
        case bytes(data) | {"string": bytes(data)}:
            return data
        case None if "body" in message:
            return b""
    return None


def _unpacked(body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    """A body without the packing that its header tells of. Raises `ValueError` for one that cannot be undone."""
    coding = next((value.strip().lower() for name, value in headers if name.lower() == "content-encoding"), "identity")
    if coding in ("gzip", "x-gzip", "deflate") and body[:1] not in (b"{", b"[", b"d", b":"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            found = unpacker.decompress(body, LARGEST)
        except zlib.error as problem:
            raise ValueError(f"has a body whose {coding} data is damaged ({problem})") from None
        if unpacker.unconsumed_tail:
            raise ValueError(f"has a body that unpacks to more than {LARGEST // 1_000_000} MB")
        return found
    if coding not in ("identity", "gzip", "x-gzip", "deflate", "") and body[:1] not in (b"{", b"[", b"d", b":"):
        raise ValueError(f"has a body that is packed as {coding[:40]}, which is not read")
    return body
