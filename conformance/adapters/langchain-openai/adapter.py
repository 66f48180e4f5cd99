"""An adapter of the chatconform protocol, version 1, for `ChatOpenAI` of `langchain-openai`."""

from __future__ import annotations

import inspect
import json
import platform
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

WIRE, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand between the lines

import openai  # noqa: E402
from langchain_openai import ChatOpenAI  # noqa: E402

LOCK = threading.Lock()
KNOWN = inspect.signature(openai.resources.chat.Completions.create).parameters.keys() - {"metadata"}  # LangChain's own
CLIENTS: dict[tuple, ChatOpenAI] = {}
FEATURES = ["stream", "tools", "functions", "logprobs", "audio", "retries", "timeout", "abort"]
FIELDS = [
    *("id", "model", "usage", "content", "refusal", "tool_calls", "tool_ids", "finish_reason", "logprobs", "audio"),
    "function_call",
]


def say(message: dict) -> None:
    with LOCK:
        WIRE.write(json.dumps(message) + "\n")
        WIRE.flush()


def client_for(op: dict) -> ChatOpenAI:
    options, model = op["options"], op["request"]["model"]
    key = (op["base_url"], model, options["timeout_s"], options["max_retries"])
    with LOCK:
        if key not in CLIENTS:
            CLIENTS[key] = ChatOpenAI(
                model=model,
                base_url=op["base_url"],
                api_key=op["api_key"],
                timeout=options["timeout_s"],
                max_retries=options["max_retries"],
            )
        return CLIENTS[key]


def error_of(error: Exception) -> dict:
    told = {"class": f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}", "message": str(error)}
    match error:
        case openai.APITimeoutError() | TimeoutError():
            return {"kind": "timeout", **told}
        case openai.APIConnectionError():
            return {"kind": "connection", **told}
        case openai.APIStatusError():
            return {"kind": "status", "status": error.status_code, "code": error.code, "body": error.body, **told}
        case openai.APIError():
            return {"kind": "api", "code": error.code, "body": error.body, **told}
        case json.JSONDecodeError() | UnicodeDecodeError():
            return {"kind": "decode", **told}
        case _:
            return {"kind": "other", **told}


def completion_of(message) -> dict:
    """What a message of LangChain's holds, in the shape of a completion."""
    more, metadata, usage = message.additional_kwargs, message.response_metadata, message.usage_metadata
    calls = [(call, json.dumps(call["args"])) for call in message.tool_calls]
    calls += [(call, call["args"]) for call in message.invalid_tool_calls]  # arguments that are no JSON, as they came
    told = {"role": "assistant", "content": message.content, "refusal": more.get("refusal")}
    told |= {"audio": more.get("audio"), "function_call": more.get("function_call")}
    if calls:
        told["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": arguments}}
            for call, arguments in calls
        ]
    choice = {"index": 0, "message": told, "finish_reason": metadata.get("finish_reason")}
    return {
        "id": metadata.get("id"),
        "model": metadata.get("model_name"),
        "choices": [{**choice, "logprobs": metadata.get("logprobs")}],
        "usage": usage
        and {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["total_tokens"],
        },
    }


def chat(op: dict) -> dict:
    request, began, first, whole = dict(op["request"]), time.monotonic(), None, None
    messages, streams, _ = request.pop("messages"), request.pop("stream", False), request.pop("model")
    if others := {name: request.pop(name) for name in request.keys() - KNOWN}:
        request["extra_body"] = others
    try:
        client = client_for(op)
        if not streams:
            return {"ok": True, "completion": completion_of(client.invoke(messages, **request))}
        for number, chunk in enumerate(client.stream(messages, **request), 1):
            first = first or time.monotonic() - began
            whole = chunk if whole is None else whole + chunk
            if number == op["options"]["stop_after"]:
                break
        completion = {"choices": []} if whole is None else completion_of(whole)
    except Exception as error:
        return {"ok": False, "error": error_of(error)}
    return {"ok": True, "completion": completion, "first_delta_s": first}


def main() -> None:
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    hello = {"protocol": 1, "client": "langchain-openai", "version": version("langchain-openai"), "runtime": runtime}
    say({"hello": {**hello, "features": FEATURES, "fields": FIELDS}})
    with ThreadPoolExecutor(16) as pool:
        for line in sys.stdin:
            op = json.loads(line)
            pool.submit(lambda op=op: say({"id": op["id"], **chat(op)}))


main()
