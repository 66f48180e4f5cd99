"""The hook that the plugin offers to every `conftest.py` and plugin of pytest."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookspec
def pytest_chatconform_register(config: pytest.Config) -> Any:
    """Gives rules and cases of one's own: modules or packages of them, single ones, or any iterable of these.

    They become items, and are judged, reported and marked like the kit's. It is called once, before items are made.
    """
