"""What `chatconform validate` costs beside reading: `python tests/benchmarks/validate.py [--megabytes N] [NAME ...]`.

Files of traffic of the sizes that go over the wire are written to a temporary folder. For each, a whole process of
`validate` is timed beside a whole process that only reads the same lines and parses them with orjson, turn by turn in
one run, so that both meet the same machine; the least processor time of each counts. The ratio is the promise.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

FLOOR = "import sys, orjson\nloads = orjson.loads\nfor line in open(sys.argv[1], 'rb'):\n    loads(line)\n"
TEXT = "the answer depends on what is asked and on how much of it has to be told in which words weather city day"
WORDS = tuple(TEXT.split())
MODELS = ("gpt-4o-mini-2024-07-18", "gpt-4.1-2025-04-14", "llama-3.3-70b-instruct")
TOOL: Final[dict[str, Any]] = {
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


def text(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def message(chance: random.Random) -> dict[str, Any]:
    said = {"role": "assistant", "content": text(chance, chance.randrange(40, 400)), "refusal": None, "annotations": []}
    if chance.random() < 0.2:
        call = {"name": "get_weather", "arguments": '{"city":"Bern","day":"today"}'}
        said |= {
            "content": None,
            "tool_calls": [{"id": f"call_{chance.randrange(10**12)}", "type": "function", "function": call}],
        }
    return said


def response(chance: random.Random) -> dict[str, Any]:
    said = message(chance)
    read, written = chance.randrange(20, 4000), chance.randrange(10, 800)
    details = {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0}
    return {
        "id": f"chatcmpl-{chance.randrange(10**18)}",
        "object": "chat.completion",
        "created": 1_767_225_600 + chance.randrange(10**6),
        "model": MODELS[0],
        "choices": [
            {
                "index": 0,
                "message": said,
                "logprobs": None,
                "finish_reason": "tool_calls" if "tool_calls" in said else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            "completion_tokens_details": {**details, "rejected_prediction_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
    }


def request(chance: random.Random) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": text(chance, 120)}]
    for _ in range(chance.randrange(1, 8)):
        messages.append({"role": "user", "content": text(chance, chance.randrange(10, 120))})
        messages.append({"role": "assistant", "content": text(chance, chance.randrange(20, 200))})
    messages.append({"role": "user", "content": text(chance, 40)})
    asked = {"model": "gpt-4o-mini", "messages": messages, "temperature": 0.7, "max_completion_tokens": 4096}
    if chance.random() < 0.6:
        names = ("get_weather", "get_time", "get_news", "get_map")[: chance.randrange(1, 5)]
        asked["tools"] = [{**TOOL, "function": {**TOOL["function"], "name": name}} for name in names]
    return asked


def exchange(chance: random.Random) -> dict[str, Any]:
    asked, answered = request(chance), response(chance)
    if "tools" not in asked:
        answered["choices"][0] |= {"message": {"role": "assistant", "content": text(chance, 80), "refusal": None}}
        answered["choices"][0]["finish_reason"] = "stop"
    headers = [["content-type", "application/json"], ["x-request-id", f"req_{chance.randrange(10**12)}"]]
    return {"request": {"json": asked}, "response": {"status": 200, "headers": headers, "json": answered}}


def broken(make: Callable[[random.Random], dict[str, Any]], share: float) -> Callable[[random.Random], dict[str, Any]]:
    """Makes bodies of which a share has a fault: a missing key, a wrong type, an unknown value."""

    def made(chance: random.Random) -> dict[str, Any]:
        body = make(chance)
        if chance.random() < share:
            if "messages" in body:
                fault = chance.randrange(3)
                if fault == 0:
                    body["temperature"] = "warm"
                elif fault == 1:
                    body["messages"][0] = {"role": "sytem", "content": "x"}
                else:
                    del body["model"]
            else:
                fault = chance.randrange(3)
                if fault == 0:
                    del body["choices"][0]["message"]["refusal"]
                elif fault == 1:
                    body["usage"]["total_tokens"] = "many"
                else:
                    body["choices"][0]["finish_reason"] = "eos"
        return body

    return made


def lines(make: Callable[[random.Random], dict[str, Any]]) -> Iterator[bytes]:
    chance = random.Random(1)
    some = [orjson.dumps(make(chance)) + b"\n" for _ in range(3000)]
    while True:
        yield from some


def stream(chance: random.Random) -> bytes:
    head = {
        "id": f"chatcmpl-{chance.randrange(10**18)}",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": MODELS[0],
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
    }

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + orjson.dumps({**head, "choices": [choice], "usage": None}) + b"\n\n"

    words = (chunk({"content": f" {chance.choice(WORDS)}"}) for _ in range(chance.randrange(50, 600)))
    opening = chunk({"role": "assistant", "content": "", "refusal": None})
    return b"".join([opening, *words, chunk({}, "stop"), b"data: [DONE]\n\n"])


def streams() -> Iterator[bytes]:
    chance = random.Random(1)
    some = [stream(chance) for _ in range(200)]
    while True:
        yield from some


CORPORA: dict[str, tuple[Callable[[], Iterator[bytes]], float]] = {
    "responses": (lambda: lines(response), 2.0),
    "requests": (lambda: lines(request), 2.0),
    "responses, 5 % bad": (lambda: lines(broken(response, 0.05)), 2.5),
    "requests, 5 % bad": (lambda: lines(broken(request, 0.05)), 2.5),
    "responses, all bad": (lambda: lines(broken(response, 1.0)), 8.0),
    "requests, all bad": (lambda: lines(broken(request, 1.0)), 8.0),
    "exchanges": (lambda: lines(exchange), 10.0),
    "streams": (streams, 0.0),
}


def write(path: Path, pieces: Iterator[bytes], megabytes: int) -> None:
    size = 0
    with path.open("wb") as file:
        for piece in pieces:
            size += file.write(piece)
            if size >= megabytes * 1_000_000:
                return


def cost(command: list[str]) -> tuple[float, float]:
    """The processor and the wall seconds of a process, which finds its modules compiled from the second time on."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CORPORA)}".replace("%", "%%"))
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, promised) in CORPORA.items():
            if args.names and name not in args.names:
                continue
            path = Path(folder, "traffic.sse" if name == "streams" else "traffic.jsonl")
            write(path, make(), args.megabytes)
            size = path.stat().st_size
            ours, floor = [sys.executable, "-m", "chatconform", "validate", "-q", os.fspath(path)], float("inf")
            judging = (float("inf"), float("inf"))
            for _ in range(args.rounds):
                if promised:
                    floor = min(floor, cost([sys.executable, "-c", FLOOR, os.fspath(path)])[0])
                judging = min(judging, cost(ours))
            path.unlink()
            if promised:
                ratio = judging[0] / floor
                failed |= ratio > promised
                told = f"{floor:6.2f} s parsed, {judging[0]:6.2f} s judged, ratio {ratio:5.2f} (promised {promised})"
            else:
                rate = size / judging[0] / 1e6
                failed |= rate < 60
                told = f"{judging[0]:6.2f} s judged, {rate:.0f} MB/s (promised 60)"
            print(f"{name:<20} {size / 1e6:5.0f} MB  {told}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
