"""What a proxy says in the place of a target that cannot be asked: an error object, as clients expect."""

from __future__ import annotations

from http import HTTPStatus

import orjson


class Refused(Exception):
    """A request that cannot be passed on: the status of the answer, its message and its code."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def refusal(refused: Refused) -> bytes:
    """The bytes of the answer."""
    told = {"message": f"chatconform proxy: {refused}", "type": "server_error", "param": None, "code": refused.code}
    body = orjson.dumps({"error": told})
    status = HTTPStatus(refused.status)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
