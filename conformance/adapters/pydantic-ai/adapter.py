"""An adapter of the chatconform protocol, version 1, for `pydantic-ai`: its chat model, asked directly."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import time
from importlib.metadata import version

WIRE, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand between the lines

import openai  # noqa: E402
from pydantic_ai import direct, exceptions  # noqa: E402
from pydantic_ai import messages as parts  # noqa: E402
from pydantic_ai.models import ModelRequestParameters  # noqa: E402
from pydantic_ai.models.openai import OpenAIChatModel  # noqa: E402
from pydantic_ai.providers.openai import OpenAIProvider  # noqa: E402
from pydantic_ai.tools import ToolDefinition  # noqa: E402

CLIENTS: dict[tuple, OpenAIChatModel] = {}
FEATURES = ["stream", "tools", "retries", "timeout", "abort"]
FIELDS = ["id", "model", "usage", "content", "tool_calls", "tool_ids", "finish_reason", "reasoning"]
SETTINGS = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "logit_bias", "max_tokens")


class Unsupported(Exception):
    """The client has no words for this."""


def say(message: dict) -> None:
    WIRE.write(json.dumps(message) + "\n")
    WIRE.flush()


def model_for(op: dict) -> OpenAIChatModel:
    options, name = op["options"], op["request"]["model"]
    key = (op["base_url"], name, options["timeout_s"], options["max_retries"])
    if key not in CLIENTS:
        client = openai.AsyncOpenAI(
            base_url=op["base_url"],
            api_key=op["api_key"],
            timeout=options["timeout_s"],
            max_retries=options["max_retries"],
        )
        CLIENTS[key] = OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client))
    return CLIENTS[key]


def content_of(content) -> str | list:
    """A user's content in pydantic-ai's parts."""
    if isinstance(content, str):
        return content
    told = []
    for part in content:
        if part["type"] == "text":
            told.append(part["text"])
        elif part["type"] == "image_url":
            told.append(parts.ImageUrl(url=part["image_url"]["url"]))
        else:
            sound = part["input_audio"]
            url = f"data:audio/{sound['format']};base64,{sound['data']}"
            told.append(parts.BinaryContent.from_data_uri(url))
    return told


def history_of(messages: list) -> list:
    """A conversation in pydantic-ai's messages."""
    history, names = [], {}
    for message in messages:
        if message.get("name"):
            raise Unsupported("names of participants")
        match message["role"]:
            case "system":
                history.append(parts.ModelRequest(parts=[parts.SystemPromptPart(message["content"])]))
            case "user":
                history.append(parts.ModelRequest(parts=[parts.UserPromptPart(content_of(message["content"]))]))
            case "assistant":
                told = [parts.TextPart(message["content"])] if message["content"] else []
                for call in message.get("tool_calls") or []:
                    names[call["id"]] = call["function"]["name"]
                    told.append(parts.ToolCallPart(names[call["id"]], call["function"]["arguments"], call["id"]))
                history.append(parts.ModelResponse(parts=told))
            case "tool":
                call_id = message["tool_call_id"]
                told = parts.ToolReturnPart(names[call_id], message["content"], call_id)
                history.append(parts.ModelRequest(parts=[told]))
            case role:
                raise Unsupported(f"the role {role}")
    return history


def arguments_of(request: dict) -> dict:
    """A request as the arguments of a call: what pydantic-ai has no name for goes into `extra_body`."""
    tools = [
        ToolDefinition(
            name=tool["function"]["name"],
            description=tool["function"].get("description"),
            parameters_json_schema=tool["function"].get("parameters", {"type": "object", "properties": {}}),
            strict=tool["function"].get("strict"),
        )
        for tool in request.pop("tools", [])
    ]
    settings = {name: request.pop(name) for name in SETTINGS if name in request}
    choice = request.pop("tool_choice", None)
    if choice is not None:
        settings["tool_choice"] = choice if isinstance(choice, str) else [choice["function"]["name"]]
    if "parallel_tool_calls" in request:
        settings["parallel_tool_calls"] = request.pop("parallel_tool_calls")
    return {
        "model_settings": {**settings, "extra_body": request} if request else settings,
        "model_request_parameters": ModelRequestParameters(function_tools=tools),
    }


def completion_of(response: parts.ModelResponse) -> dict:
    texts = [part.content for part in response.parts if isinstance(part, parts.TextPart)]
    thoughts = [part.content for part in response.parts if isinstance(part, parts.ThinkingPart)]
    calls = [
        {
            "id": part.tool_call_id,
            "type": "function",
            "function": {"name": part.tool_name, "arguments": part.args_as_json_str() if part.args else ""},
        }
        for part in response.parts
        if isinstance(part, parts.ToolCallPart)
    ]
    message = {"role": "assistant", "content": "".join(texts) if texts else None, "tool_calls": calls}
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    raw = (response.provider_details or {}).get("finish_reason", response.finish_reason)
    usage = response.usage
    return {
        "id": response.provider_response_id,
        "model": response.model_name,
        "choices": [{"index": 0, "message": message, "finish_reason": raw}],
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
    }


def error_of(error: BaseException) -> dict:
    told = {"class": f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}", "message": str(error)}
    cause = error.__cause__
    match error:
        case exceptions.ModelHTTPError():
            return {"kind": "status", "status": error.status_code, "body": error.body, **told}
        case openai.APITimeoutError() | TimeoutError():
            return {"kind": "timeout", **told}
        case exceptions.ModelAPIError():
            timed_out = isinstance(cause, openai.APITimeoutError)
            return {"kind": "timeout" if timed_out else "connection", **told}
        case openai.APIConnectionError():
            return {"kind": "connection", **told}
        case openai.APIError():
            return {"kind": "api", "code": error.code, "body": error.body, **told}
        case exceptions.UnexpectedModelBehavior() | json.JSONDecodeError() | UnicodeDecodeError():
            return {"kind": "decode", **told}
        case _:
            return {"kind": "other", **told}


async def chat(op: dict) -> dict:
    request, began, first = dict(op["request"]), time.monotonic(), None
    messages, streams, _ = request.pop("messages"), request.pop("stream", False), request.pop("model")
    request.pop("stream_options", None)  # pydantic-ai always asks for the usage
    try:
        history, arguments, model = history_of(messages), arguments_of(request), model_for(op)
        if not streams:
            return {"ok": True, "completion": completion_of(await direct.model_request(model, history, **arguments))}
        async with direct.model_request_stream(model, history, **arguments) as answer:
            count = 0
            async for _ in answer:
                count += 1
                first = first or time.monotonic() - began
                if count == op["options"]["stop_after"]:
                    break
        completion = completion_of(answer.get())
    except Unsupported as what:
        return {"unsupported": str(what)}
    except Exception as error:
        return {"ok": False, "error": error_of(error)}
    return {"ok": True, "completion": completion, "first_delta_s": first}


async def answer_to(op: dict) -> None:
    say({"id": op["id"], **await chat(op)})


async def main() -> None:
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    hello = {"protocol": 1, "client": "pydantic-ai", "version": version("pydantic-ai-slim"), "runtime": runtime}
    say({"hello": {**hello, "features": FEATURES, "fields": FIELDS}})
    async with asyncio.TaskGroup() as calls:
        while line := await asyncio.to_thread(sys.stdin.readline):
            calls.create_task(answer_to(json.loads(line)))


asyncio.run(main())
