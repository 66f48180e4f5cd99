"""What a verdict costs beside parsing: `python tests/benchmarks/validation.py`.

For bodies of the sizes that go over the wire, `violations` on the parsed value is timed beside `orjson.loads` of the
same bytes, turn by turn in one run, so that both meet the same machine. The ratio is the promise: at most 2.0.
`jsonschema` is timed as well, on fewer bodies, for comparison.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson

from chatconform.schemas import names, registry, validator, violations

PROMISED = 2.0
ROUNDS = 15
SECONDS_A_ROUND = 0.02

WORDS = "The answer depends on what is asked, and on how much of it has to be told in which words. "
USAGE = {"prompt_tokens": 812, "completion_tokens": 96, "total_tokens": 908}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city on a day.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "day": {"type": "string", "enum": ["today", "tomorrow"]}},
            "required": ["city", "day"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
CALL = {"id": "call_0", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Bern"}'}}
LOGPROB = {"token": "An", "logprob": -0.12, "bytes": [65, 110]}


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-9f8e7d6c5b4a",
        "object": "chat.completion.chunk",
        "created": 1767225600,
        "model": "gpt-4o-mini-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "usage": None,
        **more,
    }


def response(message: dict[str, Any], logprobs: Any = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-9f8e7d6c5b4a",
        "object": "chat.completion",
        "created": 1767225600,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
    }


def said(content: str | None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "refusal": None, "annotations": [], **more}


def request(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": list(messages), **more}


SYSTEM = {"role": "system", "content": WORDS * 6}
TURNS = [{"role": role, "content": WORDS * 3} for _ in range(10) for role in ("user", "assistant")]
TOKENS = [{**LOGPROB, "top_logprobs": [LOGPROB] * 5} for _ in range(40)]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 40_000, "detail": "low"}}

BODIES: dict[str, tuple[str, Any]] = {
    "chunk: text": ("CreateChatCompletionStreamResponse", chunk({"content": " answer"})),
    "chunk: tool call": (
        "CreateChatCompletionStreamResponse",
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"ci'}}]}),
    ),
    "chunk: usage": ("CreateChatCompletionStreamResponse", {**chunk({}), "choices": [], "usage": USAGE}),
    "response: short": ("CreateChatCompletionResponse", response(said("It is 21 degrees."))),
    "response: long": ("CreateChatCompletionResponse", response(said(WORDS * 20))),
    "response: tool calls": ("CreateChatCompletionResponse", response(said(None, tool_calls=[CALL] * 3))),
    "response: logprobs": (
        "CreateChatCompletionResponse",
        response(said(WORDS), {"content": TOKENS, "refusal": None}),
    ),
    "request: one question": (
        "CreateChatCompletionRequest",
        request(SYSTEM, {"role": "user", "content": WORDS}, temperature=0.7, max_completion_tokens=256, stream=True),
    ),
    "request: conversation": ("CreateChatCompletionRequest", request(SYSTEM, *TURNS, temperature=0.7)),
    "request: tools": (
        "CreateChatCompletionRequest",
        request(
            SYSTEM,
            {"role": "user", "content": WORDS},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_0", "content": WORDS},
            tools=[WEATHER] * 5,
            tool_choice="auto",
            stream=True,
            stream_options={"include_usage": True},
        ),
    ),
    "request: image": (
        "CreateChatCompletionRequest",
        request({"role": "user", "content": [{"type": "text", "text": WORDS}, IMAGE]}),
    ),
}


def seconds(work: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def measured(name: str, value: Any) -> tuple[int, float, float, float]:
    """The size in bytes, and the least seconds that parsing, `violations` and jsonschema took."""
    text = orjson.dumps(value)
    parsed = orjson.loads(text)
    slow = validator(name)
    assert violations(name, parsed) == []
    assert slow.is_valid(parsed)
    times = max(1, int(SECONDS_A_ROUND / seconds(lambda: orjson.loads(text), 100)))
    parsing, judging, slowly = float("inf"), float("inf"), float("inf")
    for _ in range(ROUNDS):
        parsing = min(parsing, seconds(lambda: orjson.loads(text), times))
        judging = min(judging, seconds(lambda: violations(name, parsed), times))
        slowly = min(slowly, seconds(lambda: slow.is_valid(parsed), max(1, times // 200)))
    return len(text), parsing, judging, slowly


def first_use() -> float:
    """The seconds that it takes to load all schemas, the registry and a judge of every type, once."""
    start = time.perf_counter()
    registry()
    for name in names():
        violations(name, None)
    return time.perf_counter() - start


def main() -> int:
    """Prints the table; the exit status is 1 when a ratio is above the one promised."""
    loading = first_use()
    results = {title: measured(name, json.loads(json.dumps(value))) for title, (name, value) in BODIES.items()}
    print(f"{'body':<24}{'bytes':>8}{'loads µs':>10}{'violations µs':>15}{'ratio':>7}{'jsonschema':>12}")
    for title, (size, parsing, judging, slowly) in results.items():
        ratios = f"{judging / parsing:>7.2f}{slowly / parsing:>12.0f}"
        print(f"{title:<24}{size:>8}{parsing * 1e6:>10.2f}{judging * 1e6:>15.2f}{ratios}")
    worst = max(judging / parsing for _, parsing, judging, _ in results.values())
    print(f"\nworst ratio {worst:.2f}, promised {PROMISED}; all schemas, registry and judges {loading * 1e3:.0f} ms")
    return int(worst > PROMISED)


if __name__ == "__main__":
    sys.exit(main())
