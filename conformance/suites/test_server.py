"""The rules that a server is held to, each as one test whose id is the rule's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from chatconform.suites.outcomes import Outcomes


def test_rule(chatconform_rule: str, chatconform_outcomes: Outcomes, request: pytest.FixtureRequest) -> None:
    """The target keeps the rule; skipped where that cannot be said, and expected to fail where it need not."""
    request.node.user_properties += chatconform_outcomes.facts(chatconform_rule)
    chatconform_outcomes.tell(chatconform_rule)
