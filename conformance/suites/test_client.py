"""Every scenario as one test: a client, driven through an adapter, makes what it must of what a server sends it.

    pytest --pyargs chatconform.suites.test_client --chatconform-client "python my_adapter.py"

In a project of your own, `from chatconform.suites.test_client import test_scenario` and override the fixture
`chatconform_client`: a command, or a function that takes a call of the adapter protocol and gives its reply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.suites.clients import ClientUnderTest


def test_scenario(
    chatconform_scenario: str,
    chatconform_client_under_test: ClientUnderTest,
    record_property: Callable[[str, object], None],
) -> None:
    """The client passes the scenario, and sends only what the endpoint allows."""
    __tracebackhide__ = True
    for name, value in chatconform_client_under_test.facts(chatconform_scenario):
        record_property(name, value)
    chatconform_client_under_test.tell(chatconform_scenario)
