"""The fixtures of clients and recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatconform.frontends.pytest_plugin.baselines import baseline
from chatconform.frontends.pytest_plugin.items import take_in, wish
from chatconform.frontends.pytest_plugin.options import option
from chatconform.frontends.pytest_plugin.reporting import UNNAMED, gathered, shared_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.frontends.pytest_plugin.opened import Opened
    from chatconform.run.strict_server import StrictServer
    from chatconform.suites.clients import ClientUnderTest


@pytest.fixture(scope="session")
def chatconform_wish(pytestconfig: pytest.Config) -> dict[str, Any]:
    """What recordings are judged by: the options on rules, and what takes note of what was found."""
    found = gathered(pytestconfig).files.__setitem__
    return {**wish(pytestconfig), "baseline": baseline(pytestconfig), "found": found}


@pytest.fixture(scope="session")
def chatconform_client(pytestconfig: pytest.Config) -> Any:
    """What is driven through the scenarios: the command of `--chatconform-client`.

    Override it with a command of your own, as a line or in words, or with a function that takes a call of the adapter
    protocol and gives its reply.
    """
    command = option(pytestconfig, "client")
    if command is None:
        pytest.skip(f"{UNNAMED}: give --chatconform-client, or override the fixture chatconform_client")
    return command


@pytest.fixture
def chatconform_client_under_test(
    pytestconfig: pytest.Config, chatconform_client: Any, chatconform_opened: Opened
) -> ClientUnderTest:
    """The running client, asked scenario by scenario."""
    from chatconform.run.adapter import AdapterError
    from chatconform.suites.clients import ClientUnderTest

    def started() -> ClientUnderTest:
        take_in(pytestconfig)
        client = ClientUnderTest(chatconform_client, bool(option(pytestconfig, "strict")), baseline(pytestconfig))

        def ended() -> None:
            client.close()
            gathered(pytestconfig).clients.setdefault(_name(chatconform_client), []).append(client.result())

        chatconform_opened.at_the_end(ended)
        return client

    refused = chatconform_opened.get("refused", chatconform_client, list[str])
    if refused:
        pytest.skip(refused[0])
    try:
        return chatconform_opened.get("client", chatconform_client, started)
    except AdapterError as problem:
        refused.append(f"chatconform: {problem}")
    if shared_folder(pytestconfig) is None:
        pytest.exit(refused[0], returncode=pytest.ExitCode.USAGE_ERROR)
    pytest.fail(refused[0], pytrace=False)  # a process that only runs tests cannot end the run


@pytest.fixture
def chatconform_server(pytestconfig: pytest.Config) -> Iterator[StrictServer]:
    """A server to point a client at: `url`, `script(...)`, `requests`; the test fails if a request breaks a rule.

    It answers as the reference does, or by the script. `violations` can be cleared by a test that breaks rules on
    purpose. With `--chatconform-strict` a SHOULD counts as well.
    """
    from chatconform.run.strict_server import StrictServer

    take_in(pytestconfig)
    with StrictServer() as server:
        yield server
        broken = server.violations + (server.advice if option(pytestconfig, "strict") else [])
    if broken:
        pytest.fail("\n".join(["the client sent what the endpoint does not allow:", *map(str, broken)]), pytrace=False)


def _name(client: Any) -> str:
    """What a client is called in every process of a run."""
    if callable(client):
        return f"{getattr(client, '__module__', '')}.{getattr(client, '__qualname__', type(client).__qualname__)}"
    return client if isinstance(client, str) else " ".join(map(str, client))
