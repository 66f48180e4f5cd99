"""An adapter of the chatconform protocol, version 1, for the code that tutorials show: `requests` and `iter_lines`.

It is not how to read a stream. It is how many programs do, and what it fails is what they fail.
"""

from __future__ import annotations

import json
import platform
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

WIRE, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand between the lines
LOCK = threading.Lock()
FEATURES = ["stream", "tools", "custom_tools", "functions", "n", "logprobs", "audio", "timeout", "abort"]
FIELDS = [
    *("id", "model", "created", "usage", "role", "content", "refusal", "tool_calls", "tool_ids", "finish_reason"),
    *("logprobs", "audio", "annotations", "function_call", "reasoning"),
]


def say(message: dict) -> None:
    with LOCK:
        WIRE.write(json.dumps(message) + "\n")
        WIRE.flush()


def post(op: dict) -> requests.Response:
    return requests.post(
        f"{op['base_url']}/chat/completions",
        headers={"Authorization": f"Bearer {op['api_key']}"},
        json=op["request"],
        stream=op["request"].get("stream", False),
        timeout=op["options"]["timeout_s"],
    )


def chunks_of(response: requests.Response):
    for line in response.iter_lines(decode_unicode=True):
        if line and line.startswith("data: "):
            data = line[len("data: ") :]
            if data == "[DONE]":
                break
            yield json.loads(data)


def error_of(error: Exception) -> dict:
    told = {"class": type(error).__name__, "message": str(error)}
    match error:
        case requests.HTTPError():
            return {"kind": "status", "status": error.response.status_code, "body": error.response.text, **told}
        case requests.Timeout():
            return {"kind": "timeout", **told}
        case requests.JSONDecodeError() | json.JSONDecodeError() | UnicodeDecodeError():
            return {"kind": "decode", **told}
        case requests.RequestException():
            return {"kind": "connection", **told}
        case _:
            return {"kind": "other", **told}


def chat(op: dict) -> dict:
    began, chunks, first = time.monotonic(), [], None
    try:
        response = post(op)
        response.raise_for_status()
        if not op["request"].get("stream"):
            completion = response.json()
            completion["choices"][0]["message"]  # what the tutorial prints
            return {"ok": True, "completion": completion}
        with response:
            for chunk in chunks_of(response):
                first = first or time.monotonic() - began
                chunks.append(chunk)
                if len(chunks) == op["options"]["stop_after"]:
                    break
    except Exception as error:
        return {"ok": False, "error": error_of(error), "partial": chunks}
    return {"ok": True, "chunks": chunks, "first_delta_s": first}


def main() -> None:
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    hello = {"protocol": 1, "client": "requests", "version": requests.__version__, "runtime": runtime}
    say({"hello": {**hello, "features": FEATURES, "fields": FIELDS}})
    with ThreadPoolExecutor(16) as pool:
        for line in sys.stdin:
            op = json.loads(line)
            pool.submit(lambda op=op: say({"id": op["id"], **chat(op)}))


main()
