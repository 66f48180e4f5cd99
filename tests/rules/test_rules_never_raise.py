"""Whatever a target sends, a rule finds something or nothing: it never breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatconform.core.judge import judge, judge_series
from chatconform.core.recording import from_json
from chatconform.rules.catalogue import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange

FOLDER = Path(__file__).parents[1] / "specimens"
LINES = [
    orjson.loads(line) for file in sorted(FOLDER.glob("*.jsonl")) for line in file.read_bytes().splitlines() if line
]
EXCHANGES = [line for line in LINES if "series" not in line and len(str(line)) < 20_000]
SERIES = [line["series"] for line in LINES if "series" in line and len(str(line)) < 40_000]


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(200):
        value = [value]
    return value


HOSTILE = st.one_of(
    st.sampled_from(
        [None, True, False, 0, -1, 1, 2**63, 10**400, -(10**400), 1.5, 1e308, "", "None", "0", "\x00", "🙂"]
    ),
    st.sampled_from([[], {}, [None], [[]], [{}], {"": None}, {"message": []}, {"content": {}}, ["stop"], deep()]),
    st.builds(
        list, st.tuples(st.dictionaries(st.sampled_from(["index", "id", "type", "function", "delta"]), st.none()))
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))


def changed(value: Any, path: tuple[Any, ...], new: Any, drop: bool) -> Any:
    if not path:
        return new
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if drop and not rest:
        del copy[first]
    else:
        copy[first] = changed(value[first], tuple(rest), new, drop)
    return copy


@st.composite
def mutations(draw: st.DrawFn, value: Any) -> str:
    """A JSON text of the value with one place in it replaced or left out."""
    path = draw(st.sampled_from(list(places(value))))
    return json.dumps(changed(value, path, draw(HOSTILE), draw(st.booleans())))


def as_text(part: dict[str, Any], text: str) -> dict[str, Any]:
    kept = {key: item for key, item in part.items() if key != "json"}
    return {"headers": [["content-type", "application/json"]], **kept, "text": text}


@st.composite
def mutated(draw: st.DrawFn, record: dict[str, Any]) -> dict[str, Any]:
    """A recorded exchange with one place of its request or of its answer changed."""
    record = dict(record)
    response = record.get("response")
    if response and "json" in response and draw(st.integers(0, 3)):
        record["response"] = as_text(response, draw(mutations(response["json"])))
    elif response and "data: {" in str(response.get("text")) and draw(st.integers(0, 3)):
        events = response["text"].split("\n\n")
        chosen = draw(st.sampled_from([n for n, event in enumerate(events) if event.startswith("data: {")]))
        try:
            events[chosen] = f"data: {draw(mutations(json.loads(events[chosen][6:])))}"
        except ValueError:
            events[chosen] = "data: "
        kept = {"headers": [["content-type", "text/event-stream"]], **response}
        record["response"] = {**kept, "text": "\n\n".join(events)}
    elif "json" in record["request"]:
        record["request"] = as_text(record["request"], draw(mutations(record["request"]["json"])))
    return record


def exchange(record: dict[str, Any]) -> Exchange:
    return from_json({key: value for key, value in record.items() if key not in ("specimen", "note")})


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_no_rule_breaks_on_an_exchange(data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(EXCHANGES).flatmap(mutated))
    for result in judge(exchange(record), rules()):
        assert not result.kit_fault, result.reason
        for finding in result.findings:
            assert len(finding.message) < 1_500
            assert finding.message.isprintable(), finding


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_no_rule_breaks_on_a_series(data: st.DataObject) -> None:
    records = list(data.draw(st.sampled_from(SERIES)))
    chosen = data.draw(st.integers(0, len(records) - 1))
    records[chosen] = data.draw(mutated(records[chosen]))
    for result in judge_series([exchange(record) for record in records], rules()):
        assert not result.kit_fault, result.reason
