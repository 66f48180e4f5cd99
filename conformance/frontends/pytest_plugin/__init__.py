"""The pytest plugin: options, marks and fixtures for the suites in `chatconform.suites`.

    pytest --pyargs chatconform.suites --chatconform-url http://localhost:8000/v1 --chatconform-model NAME

It is loaded by every pytest run where the kit is installed, so it imports nothing until a suite is collected.
"""

from chatconform.frontends.pytest_plugin.checking import (
    chatconform_fuzzed,
    chatconform_outcomes,
    chatconform_target,
    pytest_runtestloop,
    pytest_xdist_node_collection_finished,
)
from chatconform.frontends.pytest_plugin.fixtures import (
    chatconform_client,
    chatconform_client_under_test,
    chatconform_server,
    chatconform_wish,
)
from chatconform.frontends.pytest_plugin.items import (
    pytest_generate_tests,
    pytest_ignore_collect,
    pytest_sessionstart,
    pytest_unconfigure,
)
from chatconform.frontends.pytest_plugin.opened import chatconform_opened
from chatconform.frontends.pytest_plugin.options import pytest_addhooks, pytest_addoption, pytest_configure

__all__ = [
    "chatconform_client",
    "chatconform_client_under_test",
    "chatconform_fuzzed",
    "chatconform_opened",
    "chatconform_outcomes",
    "chatconform_server",
    "chatconform_target",
    "chatconform_wish",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_ignore_collect",
    "pytest_runtestloop",
    "pytest_sessionstart",
    "pytest_unconfigure",
    "pytest_xdist_node_collection_finished",
]
