"""Probes of the reference server, made once."""

from __future__ import annotations

from typing import Any

import pytest

from chatconform.run.probes import Probe, Probes

PLAIN: dict[str, Any] = {
    "model": "chatconform-reference",
    "messages": [{"role": "user", "content": "Say hello."}],
    "max_tokens": 16,
}


@pytest.fixture(scope="session")
def plain() -> dict[str, Any]:
    return PLAIN


@pytest.fixture(scope="session")
def probes(plain: dict[str, Any]) -> list[Probe]:
    """The first 500 of seed 0."""
    return list(Probes(plain["model"], plain, "max_tokens", 0)(500))
