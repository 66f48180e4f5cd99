"""An adapter of the chatconform protocol, version 1, for the `.stream()` helper of the official `openai` package."""

from __future__ import annotations

import json
import platform
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import openai

WIRE, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand between the lines
LOCK = threading.Lock()
FEATURES = [
    *("stream", "stream_only", "tools", "custom_tools", "functions", "n", "logprobs", "audio", "retries", "timeout"),
    "abort",
]
FIELDS = [
    *("id", "model", "created", "usage", "role", "content", "refusal", "tool_calls", "tool_ids", "finish_reason"),
    *("logprobs", "audio", "annotations", "function_call", "reasoning"),
]
CLIENTS: dict[tuple, openai.OpenAI] = {}


def say(message: dict) -> None:
    with LOCK:
        WIRE.write(json.dumps(message) + "\n")
        WIRE.flush()


def client_for(op: dict) -> openai.OpenAI:
    options = op["options"]
    key = (op["base_url"], options["timeout_s"], options["max_retries"])
    with LOCK:
        if key not in CLIENTS:
            CLIENTS[key] = openai.OpenAI(
                base_url=op["base_url"],
                api_key=op["api_key"],
                timeout=options["timeout_s"],
                max_retries=options["max_retries"],
            )
        return CLIENTS[key]


def error_of(error: Exception) -> dict:
    told = {"class": f"openai.{type(error).__name__}", "message": str(error)}
    match error:
        case openai.APITimeoutError():
            return {"kind": "timeout", **told}
        case openai.APIConnectionError():
            return {"kind": "connection", **told}
        case openai.APIStatusError():
            fields = {"status": error.status_code, "body": error.body, "request_id": error.request_id}
            return {"kind": "status", "code": error.code, "type": error.type, "param": error.param, **fields, **told}
        case openai.APIError():
            return {"kind": "api", "code": error.code, "body": error.body, **told}
        case json.JSONDecodeError() | UnicodeDecodeError():
            return {"kind": "decode", **told}
        case _:
            return {"kind": "other", **told, "class": type(error).__name__}


def chat(op: dict) -> dict:
    request, began, deltas, first = dict(op["request"]), time.monotonic(), 0, None
    known = {name: request.pop(name) for name in ("model", "messages")}
    del request["stream"]  # the helper sends it
    try:
        with client_for(op).chat.completions.stream(**known, extra_body=request) as events:
            for event in events:
                first = first or time.monotonic() - began
                deltas += event.type == "chunk"
                if deltas == op["options"]["stop_after"]:
                    return {"ok": True, "completion": events.current_completion_snapshot.to_dict(mode="json")}
            completion = events.get_final_completion().to_dict(mode="json")
    except Exception as error:
        return {"ok": False, "error": error_of(error)}
    return {"ok": True, "completion": completion, "first_delta_s": first}


def main() -> None:
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    hello = {"protocol": 1, "client": "openai-python .stream()", "version": openai.__version__, "runtime": runtime}
    say({"hello": {**hello, "features": FEATURES, "fields": FIELDS}})
    with ThreadPoolExecutor(16) as pool:
        for line in sys.stdin:
            op = json.loads(line)
            pool.submit(lambda op=op: say({"id": op["id"], **chat(op)}))


main()
