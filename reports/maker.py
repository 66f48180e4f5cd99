"""What made a report, as every JSON document of the kit tells it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from chatconform.schemas.edition import EDITION


def maker() -> dict[str, Any]:
    """The kit and its version, and which published API its schemas follow, since when."""
    return {
        "name": "chatconform",
        "version": version("chatconform"),
        "schemas": {"version": EDITION.version, "date": EDITION.date},
    }
