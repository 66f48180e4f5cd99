"""What a generated value costs: `python tests/benchmarks/generation.py`.

Everything is measured in one run and in CPU seconds. `requests()` is held against what hypothesis can do at best (one
draw an example) and, where they are installed, against hypothesis-jsonschema and schemathesis on the same schema.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from chatconform.schemas import bundle
from chatconform.strategies import (
    boundaries,
    completions,
    conversations,
    from_schema,
    invalid_requests,
    requests,
    streams,
)

REQUEST = "CreateChatCompletionRequest"
THREE = (REQUEST, "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse")
RECORDS = 30_000


def examples_a_second(strategy: st.SearchStrategy[Any], count: int, *, quiet: bool = False) -> float:
    """Runs a test that does nothing; with `quiet`, health checks are silenced for those who fail them."""
    silenced = list(HealthCheck) if quiet else []

    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=silenced)
    @given(strategy)
    def nothing(_: Any) -> None: ...

    started = time.process_time()
    nothing()
    return count / (time.process_time() - started)


def others() -> dict[str, Callable[[], tuple[st.SearchStrategy[Any], int]]]:
    """What else makes values from JSON Schemas, on the form of the schema that suits it best."""
    schema = bundle(REQUEST, one_of=True)

    def hypothesis_jsonschema() -> tuple[st.SearchStrategy[Any], int]:
        return import_module("hypothesis_jsonschema").from_schema(schema), 20

    def schemathesis() -> tuple[st.SearchStrategy[Any], int]:
        text = json.dumps({k: v for k, v in schema.items() if k != "$defs"}).replace(
            "#/$defs/", "#/components/schemas/"
        )
        parts = json.dumps(schema["$defs"]).replace("#/$defs/", "#/components/schemas/")
        media = {"application/json": {"schema": json.loads(text)}}
        operation = {"requestBody": {"required": True, "content": media}, "responses": {"200": {"description": "ok"}}}
        document = {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/chat/completions": {"post": operation}},
            "components": {"schemas": json.loads(parts)},
        }
        loaded = import_module("schemathesis").openapi.from_dict(document)
        return loaded["/chat/completions"]["POST"].as_strategy(), 60

    return {"hypothesis-jsonschema": hypothesis_jsonschema, "schemathesis": schemathesis}


def tell_hypothesis() -> None:
    """Prints the examples a second of each strategy, and of the others."""
    floor = examples_a_second(st.integers(), 1500)
    print(f"{'examples a CPU second':<44}{'':>9}  of the best possible")
    print(f"{'one draw (the best hypothesis can do)':<44}{floor:>9,.0f}")
    ours = {
        "requests()": requests(),
        "conversations()": conversations(),
        "completions()": completions(),
        "streams()": streams(),
        "invalid_requests()": invalid_requests(),
        "from_schema(the request)": from_schema(bundle(REQUEST)),
    }
    for name, strategy in ours.items():
        examples_a_second(strategy, 40)
        rate = examples_a_second(strategy, 600)
        print(f"{name:<44}{rate:>9,.0f}  {rate / floor:.2f}")
    for name, make in others().items():
        try:
            strategy, count = make()
            rate = examples_a_second(strategy, count, quiet=True)
        except ImportError:
            print(f"{name:<44}        -  not installed")
        except Exception as problem:
            print(f"{name:<44}        -  {type(problem).__name__}: {str(problem)[:60]}")
        else:
            print(f"{name:<44}{rate:>9,.1f}  {rate / floor:.4f}")


def tell_shrinking() -> None:
    """Prints how small an image with fine detail becomes, and after how many calls."""
    for seed in range(3):
        calls = 0

        def has_fine_image(body: dict[str, Any]) -> bool:
            nonlocal calls
            calls += 1
            contents = [message.get("content") for message in body["messages"]]
            parts = [part for content in contents if isinstance(content, list) for part in content]
            return any(part.get("type") == "image_url" and part["image_url"].get("detail") == "high" for part in parts)

        quiet = settings(max_examples=5000, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        found = find(requests(), has_fine_image, settings=quiet, random=random.Random(seed))
        print(f"an image with fine detail shrinks to {len(json.dumps(found))} bytes within {calls} calls")


def cpu_of(*arguments: str) -> float:
    """The CPU seconds of a whole process."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tell_bulk() -> None:
    """Prints the records a second of whole processes, and what the boundary cases take."""
    for name in THREE:
        rate = RECORDS / cpu_of("-m", "chatconform", "generate", name, "-n", str(RECORDS))
        print(f"generate {name:<35}{rate:>9,.0f} records a CPU second, start-up and check included")
    rate = RECORDS / 10 / cpu_of("-m", "chatconform", "generate", REQUEST, "-n", str(RECORDS // 10), "--invalid")
    print(f"{'generate --invalid ' + REQUEST:<44}{rate:>9,.0f} records a CPU second")
    program = "import chatconform.strategies as s, time; t = time.process_time();"
    program += f"n = sum(len(s.boundaries(name)) for name in {THREE!r});"
    program += "print(n, 'boundary cases in', round(1000 * (time.process_time() - t)), 'ms')"
    subprocess.run([sys.executable, "-c", program], check=True)


if __name__ == "__main__":
    assert boundaries(REQUEST)
    tell_hypothesis()
    tell_shrinking()
    tell_bulk()
