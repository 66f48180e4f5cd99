"""No rule raises, whatever an exchange holds: every specimen, with hostile values put anywhere into it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatconform.core.judge import judge, judge_series
from chatconform.core.recording import from_json
from chatconform.rules.catalogue import rules

FOLDER = Path(__file__).parents[1] / "specimens"
SPECIMENS = [
    orjson.loads(line) for file in sorted(FOLDER.glob("*.jsonl")) for line in file.read_bytes().splitlines() if line
]
DEEP = "stands for a deep value"
DEEP_TEXT = '{"a":[' * 450 + "]}" * 450
HUGE = "stands for an integer of 400 digits"
HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**63, -(2**63), 1.5, -0.0, 1e308, "", "a", "\x00", "\ufffd", "💥" * 50, "[DONE]"),
    *([], {}, [None], [[]], [{}], {"": None}, ["a", 1], {"index": 0}, {"index": "0"}, {"message": 5}, {"error": "x"}),
    *({"function": 5}, {"name": None, "arguments": {}}, {"content": [{"token": 5, "bytes": "x", "top_logprobs": 3}]}),
    DEEP,
    HUGE,
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything in a JSON value."""
    found = [path]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        found += places(item, (*path, key))
    return found


@st.composite
def spoiled(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value with up to three values in it replaced, or their keys taken away."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(value)))
        hostile = draw(st.sampled_from([*HOSTILE, ...]))
        if not path:
            value = value if hostile is ... else copy.deepcopy(hostile)
            continue
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        if hostile is ...:
            del holder[path[-1]]
        else:
            holder[path[-1]] = copy.deepcopy(hostile)
    return value


def written(value: Any) -> str:
    """A JSON value as text, with what a JSON writer refuses in its places: a deep value, and a huge integer."""
    return orjson.dumps(value).decode().replace(f'"{DEEP}"', DEEP_TEXT).replace(f'"{HUGE}"', "9" * 400)


@st.composite
def spoiled_records(draw: st.DrawFn, record: dict[str, Any]) -> dict[str, Any]:
    """A recorded exchange with what it asks, what it answers, or what is known about it spoiled."""
    record = copy.deepcopy(record)
    if draw(st.booleans()) and "json" in record["request"]:
        record["request"]["text"] = written(draw(spoiled(record["request"].pop("json"))))
    if draw(st.booleans()) and record.get("about"):
        about = draw(spoiled(record["about"]))
        record["about"] = about if isinstance(about, dict) else {}
    response = record.get("response", {})
    if "json" in response:
        response["text"] = written(draw(spoiled(response.pop("json"))))
    elif "data: {" in response.get("text", ""):
        head, start, tail = response["text"].partition("data: {")
        event, end, rest = tail.partition("\n\n")
        try:
            chunk = draw(spoiled(orjson.loads("{" + event)))
            response["text"] = head + start[:-1] + written(chunk) + end + rest
        except orjson.JSONDecodeError:
            pass
        cut = draw(st.integers(0, len(response["text"])))
        if draw(st.booleans()):
            response["text"] = response["text"][:cut] + draw(st.sampled_from(["", "\n", "data: 5\n\n", "\x00", "\r"]))
    return record


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_rule_raises_whatever_an_exchange_holds(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(SPECIMENS))
    series = [from_json(data.draw(spoiled_records(record))) for record in line.get("series", [line])]
    results = [*judge_series(series, rules()), *(result for one in series for result in judge(one, rules()))]
    assert not [(result.rule.id, result.reason) for result in results if result.kit_fault]
    told = [finding for result in results for finding in result.findings]
    assert all(finding.message.isprintable() and len(finding.message) < 1_500 for finding in told)
