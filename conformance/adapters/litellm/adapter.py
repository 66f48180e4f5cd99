"""An adapter of the chatconform protocol, version 1, for `litellm`, which calls any server of this endpoint."""

from __future__ import annotations

import json
import platform
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

WIRE, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand between the lines

import litellm  # noqa: E402
import openai  # noqa: E402

LOCK = threading.Lock()
FEATURES = ["stream", "tools", "custom_tools", "functions", "n", "logprobs", "audio", "retries", "timeout", "abort"]
FIELDS = [
    *("id", "model", "created", "usage", "role", "content", "refusal", "tool_calls", "tool_ids", "finish_reason"),
    *("logprobs", "audio", "annotations", "function_call", "reasoning"),
]
litellm.suppress_debug_info = True


def say(message: dict) -> None:
    with LOCK:
        WIRE.write(json.dumps(message) + "\n")
        WIRE.flush()


def error_of(error: Exception) -> dict:
    told = {"class": f"litellm.{type(error).__name__}", "message": str(error)}
    match error:
        case litellm.Timeout():
            return {"kind": "timeout", **told}
        case litellm.APIConnectionError():
            return {"kind": "connection", **told}
        case openai.APIStatusError():
            code = error.code if isinstance(error.code, str) else None
            return {"kind": "status", "status": error.status_code, "code": code, "body": error.body, **told}
        case openai.APIError():
            return {"kind": "api", **told}
        case _:
            return {"kind": "other", **told, "class": type(error).__name__}


def completion_of(told: dict) -> dict:
    for choice in told["choices"]:
        message = choice["message"]
        message.setdefault("refusal", (message.get("provider_specific_fields") or {}).get("refusal"))
    return told


def chat(op: dict) -> dict:
    request, options, began, chunks, first = dict(op["request"]), op["options"], time.monotonic(), [], None
    request["model"] = f"openai/{request['model']}"
    try:
        answer = litellm.completion(
            **request,
            api_base=op["base_url"],
            api_key=op["api_key"],
            timeout=options["timeout_s"],
            max_retries=options["max_retries"],
        )
        if not request.get("stream"):
            return {"ok": True, "completion": completion_of(answer.model_dump(mode="json"))}
        for chunk in answer:
            first = first or time.monotonic() - began
            chunks.append(chunk.model_dump(mode="json"))
            if len(chunks) == options["stop_after"]:
                break
    except Exception as error:
        return {"ok": False, "error": error_of(error), "partial": chunks}
    return {"ok": True, "chunks": chunks, "first_delta_s": first}


def main() -> None:
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    hello = {"protocol": 1, "client": "litellm", "version": version("litellm"), "runtime": runtime}
    say({"hello": {**hello, "features": FEATURES, "fields": FIELDS}})
    with ThreadPoolExecutor(16) as pool:
        for line in sys.stdin:
            op = json.loads(line)
            pool.submit(lambda op=op: say({"id": op["id"], **chat(op)}))


main()
