"""Refusals: what is answered in place of a completion, in the published error's shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

INVALID: Final = "invalid_request_error"
LONGEST_MESSAGE: Final = 500


class Refusal(Exception):
    """A request that is not served: the status, and the four keys of the error object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str = INVALID,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
        self.param = param
        self.code = code
        self.type = type
        self.headers = dict(headers or {})

    @property
    def wire(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def invalid(param: str | None, message: str, code: str | None = "invalid_value") -> Refusal:
    """The refusal of a request whose parameter at `param` is wrong."""
    return Refusal(400, message, param=param, code=code)


def unsupported(param: str, what: str) -> Refusal:
    """The refusal of something valid that this server cannot do."""
    return Refusal(400, f"{what} is not supported by this server.", param=param, code="unsupported_parameter")


def path(pointer: str, value: Any) -> str | None:
    """A JSON Pointer into a value the way that error objects name fields: `/messages/0/role` is `messages[0].role`."""
    told = ""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            told += f"[{name}]"
            value = value[int(name)] if name.isdecimal() and int(name) < len(value) else None
        else:
            told += f".{name}" if told else name
            value = value.get(name) if isinstance(value, dict) else None
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", told[:200]) or None
