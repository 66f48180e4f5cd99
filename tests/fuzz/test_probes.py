"""What a fuzzed target is sent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from chatconform.reference.faults import Fault, crashes
from chatconform.reference.pipeline import CHAT, Hangup, Incoming, Service, pipeline
from chatconform.reference.server import MODEL
from chatconform.rules.validity import faults
from chatconform.run.probes import Probe, Probes


def test_a_probe_is_the_same_however_many_are_asked_for(probes: list[Probe], plain: dict[str, Any]) -> None:
    few = {(one.kind, one.number): one for one in Probes(plain["model"], plain, "max_tokens", 0)(60)}
    many = {(one.kind, one.number): one for one in probes}
    assert len(few) == 60
    assert few.keys() <= many.keys()
    assert all(many[key].ask.payload == one.ask.payload for key, one in few.items())


def test_another_seed_asks_something_else(probes: list[Probe], plain: dict[str, Any]) -> None:
    others = list(Probes(plain["model"], plain, "max_tokens", 1)(500))
    same = sum(one.ask.payload == other.ask.payload for one, other in zip(probes, others, strict=True))
    assert same < 250


def test_boundaries_come_first_and_half_is_generated(probes: list[Probe]) -> None:
    kinds = [probe.kind for probe in probes]
    assert set(kinds[:300]) == {"boundary"}
    assert Counter(kinds[300:]) == {"valid": 67, "invalid": 67, "wire": 66}


def test_requests_name_the_target_s_model_but_for_those_about_the_model(probes: list[Probe]) -> None:
    named = [one for one in probes if isinstance(one.body, dict) and one.body.get("model") != MODEL]
    assert named
    assert [one.point for one in named if "model" not in one.point and one.place != ""] == []


def test_valid_probes_are_valid(probes: list[Probe]) -> None:
    assert [list(faults(one.body)) for one in probes if one.kind == "valid" and any(faults(one.body))] == []


def test_invalid_probes_are_not_valid(probes: list[Probe]) -> None:
    broken = [one for one in probes if one.kind == "invalid" and one.place]
    assert [one.point for one in broken if isinstance(one.body, dict) and not any(faults(one.body))] == []


def test_nobody_is_made_to_fetch_anything(probes: list[Probe]) -> None:
    images = [
        part["image_url"]
        for one in probes
        if isinstance(one.body, dict) and isinstance(one.body.get("messages"), list)
        for message in one.body["messages"]
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for part in message["content"]
        if isinstance(part, dict) and isinstance(part.get("image_url"), dict)
    ]
    assert images
    assert [image["url"] for image in images if str(image.get("url")).startswith("http")] == []


def test_few_tokens_are_asked_for_unless_that_is_the_point(probes: list[Probe]) -> None:
    for one in probes:
        if one.kind == "valid":
            limits = [one.body[name] for name in ("max_tokens", "max_completion_tokens") if name in one.body]
            assert limits
            assert all(limit is not None and limit <= 16 for limit in limits), one.body


def test_the_first_boundaries_hold_every_valid_one_that_goes_with_others(probes: list[Probe]) -> None:
    points = " ".join(one.point for one in probes if one.kind == "boundary" and not one.place)
    for point in ("/n null", "/temperature null", "the value 'high'", "/stop ", "/tools/0/function/parameters"):
        assert point in points, point


def test_what_lies_about_its_length_leaves_its_connection(probes: list[Probe]) -> None:
    lies = [one for one in probes if one.lies]
    assert lies
    for one in lies:
        assert one.ask.headers["connection"] == "close"
        assert one.ask.leave_within is not None


@pytest.mark.parametrize("crash", crashes(), ids=lambda crash: crash.name)
def test_each_planted_crash_is_met_within_500_requests(crash: Fault, probes: list[Probe]) -> None:
    service = Service(crash.broken(pipeline((MODEL,), None)), (MODEL,))
    assert any(_falls(service, probe) for probe in probes)


@pytest.mark.parametrize("seed", [7, 9])
def test_each_planted_crash_is_met_within_500_requests_of_other_seeds(plain: dict[str, Any], seed: int) -> None:
    sent = list(Probes(plain["model"], plain, "max_tokens", seed)(500))
    broken = {crash.name: Service(crash.broken(pipeline((MODEL,), None)), (MODEL,)) for crash in crashes()}
    assert [name for name, service in broken.items() if not any(_falls(service, probe) for probe in sent)] == []


def _falls(service: Service, probe: Probe) -> bool:
    kind = {"content-type": "application/json", **probe.headers}["content-type"]
    try:
        reply = service.answer(Incoming("POST", CHAT, (("content-type", kind or ""),), probe.ask.payload))
    except Hangup:
        return True
    return reply.status >= 500


def test_the_right_server_falls_at_none(probes: list[Probe]) -> None:
    service = Service(pipeline((MODEL,), None), (MODEL,))
    assert [one.point for one in probes if _falls(service, one)] == []


def test_every_body_can_be_sent(probes: list[Probe]) -> None:
    assert all(isinstance(one.ask.payload, bytes) for one in probes)
    assert sum(isinstance(one.body, dict) and orjson.loads(one.ask.payload) == one.body for one in probes) > 300
