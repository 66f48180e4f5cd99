"""Faults: errors that a status tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.scenario import Attempt, End, Expected, Grade, Scenario, ToldError
from chatconform.scenarios.writing import answer, call, error_body, head, stream_call, whole

if TYPE_CHECKING:
    from chatconform.core.scenario import Call

HTML = b"<!doctype html><html><body><h1>%d</h1><p>nginx</p></body></html>"
TOLD = "There is something wrong here."


def failing(
    id: str,
    grade: Grade,
    purpose: str,
    status: int,
    body: Any = None,
    *,
    media_type: str = "application/json",
    code: str | None = None,
    message: str | None = TOLD,
    asked: Call | None = None,
    needs: tuple[str, ...] = (),
) -> Scenario:
    """A scenario whose every attempt is answered with an error status, by default asked without retries."""
    told = error_body(TOLD, code=code) if body is None else body
    error = ToldError(("status",), status, code, message)
    attempt = answer(told, status, media_type=media_type)
    return whole(id, grade, purpose, attempt=attempt, expected=Expected(error=error), asked=asked, needs=needs)


def told_by_status(id: str, purpose: str, status: int, type: str, code: str) -> Scenario:
    """A published error: its status, code and message reach the caller; retries are allowed, and do not help here."""
    told = error_body(TOLD, type=type, code=code)
    return failing(id, Grade.MUST, purpose, status, told, code=code, asked=call(max_retries=2))


LIST_BODY = [{"error": {"code": 400, "message": TOLD, "status": "INVALID_ARGUMENT"}}]
DETAIL = {"detail": [{"loc": ["body", "messages"], "msg": TOLD, "type": "missing"}]}
INT_CODE = {"object": "error", "message": TOLD, "type": "BadRequestError", "param": None, "code": 400}

SCENARIOS = [
    told_by_status("f.400", "The request is refused.", 400, "invalid_request_error", "invalid_value"),
    told_by_status("f.401", "The key is refused.", 401, "invalid_request_error", "invalid_api_key"),
    told_by_status(
        "f.403", "The country is refused.", 403, "request_forbidden", "unsupported_country_region_territory"
    ),
    told_by_status("f.404", "There is no such model.", 404, "invalid_request_error", "model_not_found"),
    failing("f.422", Grade.MUST, "The error has the shape that FastAPI gives it.", 422, DETAIL, message=None),
    failing(
        "f.413-html",
        Grade.SHOULD,
        "A proxy refuses the size of the request with a page.",
        413,
        HTML % 413,
        media_type="text/html",
        message=None,
    ),
    failing(
        "f.400-text",
        Grade.MUST,
        "The error is plain text.",
        400,
        b"bad request",
        media_type="text/plain",
        message=None,
    ),
    failing("f.400-empty", Grade.MUST, "The error has no body.", 400, b"", message=None),
    failing("f.400-error-string", Grade.SHOULD, "The error is a string in its envelope.", 400, {"error": TOLD}),
    failing("f.400-list-body", Grade.SHOULD, "The error stands in a list and its code is a number.", 400, LIST_BODY),
    failing("f.400-code-int", Grade.SHOULD, "The error has no envelope and its code is a number.", 400, INT_CODE),
    failing(
        "f.400-invalid-json",
        Grade.SHOULD,
        "The error says that it is JSON and is none.",
        400,
        b'{"error": {"message": "cut',
        message=None,
    ),
    failing(
        "f.502-html",
        Grade.MUST,
        "A proxy tells with a page that the server is gone.",
        502,
        HTML % 502,
        media_type="text/html",
        message=None,
    ),
    failing("f.500-empty", Grade.MUST, "The server fails without a word.", 500, b"", message=None),
    failing(
        "f.stream-400",
        Grade.MUST,
        "A request for a stream is refused.",
        400,
        asked=stream_call(),
        needs=("stream",),
    ),
    Scenario(
        "f.refused",
        Grade.MUST,
        "Nothing listens at the address.",
        (call(),),
        (),
        Expected(error=ToldError(("connection",)), requests=(0, 0)),
        blocked_by=("ns.plain",),
    ),
    whole(
        "f.timeout",
        Grade.MUST,
        "The server never answers: the client's time limit ends the call.",
        attempt=Attempt((), End.HOLD, 8.0),
        asked=call(timeout_s=1.0),
        expected=Expected(error=ToldError(("timeout",)), within=3.0),
        needs=("timeout",),
    ),
    whole(
        "f.timeout-body",
        Grade.MUST,
        "The head and half of the body come, then nothing for four seconds: the client's time limit ends the call.",
        attempt=Attempt(
            (
                head(200, ("content-type", "application/json"), ("content-length", "500")),
                b'{"id": "chatcmpl-abc123",',
            ),
            End.HOLD,
            4.0,
        ),
        asked=call(timeout_s=1.0),
        expected=Expected(error=ToldError(("timeout",)), within=6.0),
        needs=("timeout",),
    ),
]
