"""Every file of recordings as one test: bodies are valid, and exchanges keep every rule.

    pytest --pyargs chatconform.suites.test_recordings --chatconform-recordings tests/cassettes

In a project of your own, `from chatconform.suites.test_recordings import test_recording`; the files come from the same
option, or from `chatconform_recordings` in the ini file.
"""

from __future__ import annotations

from typing import Any


def test_recording(chatconform_recording: str, chatconform_wish: dict[str, Any]) -> None:
    """Nothing in the file breaks a rule that counts; skipped where the file holds no recording."""
    __tracebackhide__ = True
    from chatconform.suites.files import tell

    tell(chatconform_recording, **chatconform_wish)
