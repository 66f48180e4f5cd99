"""Images, sound and files in a prompt: whether what is sent is what it says it is. Nothing is ever fetched."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chatconform.reference.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,", re.IGNORECASE)
IMAGES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
NOWHERE: Final = (".invalid", ".test", ".localhost", ".local", ".internal")


def check(part: Mapping[str, Any], where: str) -> None:
    """Raises a `Refusal` for a part whose image, sound or file cannot be read."""
    match part:
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            _image(url, f"{where}.image_url.url")
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(format)}}:
            _sound(data, format, f"{where}.input_audio.data")
        case {"type": "file", "file": dict(file)}:
            _file(file, f"{where}.file")


def _image(url: str, where: str) -> None:
    if url[:5].lower() == "data:":
        data = _bytes_of(url, where, "invalid_image_url")
        if not data.startswith(IMAGES) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
            raise invalid(where, "The image is none of PNG, JPEG, GIF and WebP.", "invalid_image_format")
        return
    if not _is_public(url):
        raise invalid(where, "The image's URL leads nowhere that this server could fetch it from.", "invalid_image_url")


def _is_public(url: str) -> bool:
    """Whether a URL could lead to an image on the public web; it is taken on trust then, for nothing is fetched."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme.lower() not in {"http", "https"} or "." not in host or host.endswith(NOWHERE):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return re.fullmatch(r"(?!-)[\w.-]+\.[^\W\d_][\w-]*\.?", host) is not None


def _sound(data: str, format: str, where: str) -> None:
    sound = _decoded(data, where, "invalid_audio")
    known = sound[:4] == b"RIFF" and sound[8:12] == b"WAVE"
    if format == "mp3":
        known = sound[:3] == b"ID3" or (len(sound) > 1 and sound[0] == 0xFF and sound[1] & 0xE0 == 0xE0)
    if not known:
        raise invalid(where, f"The sound is not in the format {format}.", "invalid_audio")


def _file(file: Mapping[str, Any], where: str) -> None:
    match file:
        case {"file_data": str(data)}:
            if data[:5].lower() == "data:":
                _bytes_of(data, f"{where}.file_data", "invalid_file")
            else:
                _decoded(data, f"{where}.file_data", "invalid_file")
        case {"file_id": str()}:
            raise invalid(f"{where}.file_id", "There is no file of that id.", "file_not_found")
        case _:
            raise invalid(where, "A file needs `file_data` or `file_id`.", "missing_required_parameter")


def _bytes_of(url: str, where: str, code: str) -> bytes:
    head = DATA_URL.match(url)
    if head is None:
        raise invalid(where, "A data URL has the form data:TYPE;base64,BYTES.", code)
    return _decoded(url[head.end() :], where, code)


def _decoded(text: str, where: str, code: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(where, "This is not valid base64.", code) from None
    if not data:
        raise invalid(where, "There are no bytes.", code)
    return data
