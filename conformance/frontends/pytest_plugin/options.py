"""The options of the plugin, the marks of its tests, and what an option was given.

The law of this file: nothing is imported that costs anything, as every pytest run loads it.
"""

from __future__ import annotations

import os
from typing import Any, Final

import pytest

OPTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("url", "string", "base URL of the server that the suites check, such as http://localhost:8000/v1"),
    ("app", "string", "the app that they check in this process instead, such as my_server.main:app (ASGI or WSGI)"),
    ("model", "string", "the model to name (found out where the target lists just one)"),
    ("api-key-env", "string", "the environment variable that holds the API key"),
    ("header", "linelist", "a header to send with each request, as 'NAME: VALUE' (repeatable)"),
    ("only", "linelist", "judge only the rules of this id or glob (repeatable)"),
    ("skip", "linelist", "judge none of the rules of this id or glob (repeatable)"),
    ("plugin", "linelist", "a module or file that brings rules and cases of your own (repeatable)"),
    ("profile", "string", "what the target promises: compatible (the default) or openai"),
    ("have", "linelist", "capabilities that the target may not refuse, as in n,tools (repeatable)"),
    ("lack", "linelist", "capabilities that it is not judged by (repeatable)"),
    ("require", "bool", "it may refuse no capability that it does not lack"),
    ("strict", "bool", "a SHOULD that fails fails its test; without it, it is an expected failure"),
    ("baseline", "string", "known failures, a line each: their tests are expected to fail, strictly"),
    ("timeout", "string", "the longest silence in seconds (60)"),
    ("concurrency", "string", "requests in flight at once (4)"),
    ("seed", "string", "where chance comes from (0)"),
    ("max-time", "string", "end the check after so many seconds"),
    ("max-requests", "string", "make no more than so many requests in all"),
    ("insecure", "bool", "do not check the TLS certificate"),
    ("fuzz", "bool", "run test_server_fuzz, too: generated requests, as many as hypothesis is set to draw"),
    ("client", "string", "the command of an adapter: drives the client behind it through every scenario"),
    ("recordings", "linelist", "a file, folder or glob of recordings: each file is a test (repeatable)"),
    ("report", "linelist", "a report to write, as FORMAT=FILE: json, junit, html, markdown, sarif (repeatable)"),
)
MARKS: Final = {
    "chatconform_must": "the test of a rule or scenario that must be kept",
    "chatconform_should": "the test of a rule or scenario that should be kept: fails only with --chatconform-strict",
    "chatconform_info": "the test of a rule that is only told, and never fails",
    "chatconform_policy": "the test of a scenario about retries and timeouts: fails only with --chatconform-strict",
    "chatconform_strict": "the test of a scenario that is legal and unfair, and never fails",
    "chatconform_hostile": "the test of a scenario that may end in any way but a hang",
    "chatconform_area(name)": "the test of what an area holds, as in -m 'chatconform_area(name=\"response.usage\")'",
    "chatconform_capability(name)": "the test of a rule about something that a server may refuse",
}
NO: Final = frozenset({"", "0", "false", "no", "off"})
"""What an environment variable says that does not want what it is for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options: `--chatconform-url` is also `chatconform_url` in an ini file, and `CHATCONFORM_URL`."""
    group = parser.getgroup("chatconform", "conformance of POST /chat/completions")
    for name, kind, text in OPTIONS:
        action = {"string": "store", "linelist": "append", "bool": "store_true"}[kind]
        metavar = {} if kind == "bool" else {"metavar": name.upper().replace("-", "_")}
        group.addoption(f"--chatconform-{name}", action=action, default=None, help=text, **metavar)
        parser.addini(f"chatconform_{name.replace('-', '_')}", text, type=kind, default=None)  # type: ignore[arg-type]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Offers the hook by which rules and cases are registered."""
    from chatconform.frontends.pytest_plugin import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marks, and what looks at the run as a whole."""
    from chatconform.frontends.pytest_plugin.reporting import Reporting

    config.pluginmanager.register(Reporting(config), "chatconform-reporting")
    for mark, text in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {text}")


def option(config: pytest.Config, name: str) -> Any:
    """What the command line says, failing that the environment, failing that the ini file; None where nothing does."""
    given = config.getoption(f"--chatconform-{name}")
    if given is None:
        given = _variable(name)
    return given if given is not None else config.getini(f"chatconform_{name.replace('-', '_')}") or None


def _variable(name: str) -> Any:
    """What the variable of an option says, as for the command line of the kit: a list has a line for each value."""
    text = os.environ.get(f"CHATCONFORM_{name.upper().replace('-', '_')}")
    if text is None:
        return None
    kind = next(kind for own, kind, _ in OPTIONS if own == name)
    if kind == "bool":
        return text.strip().lower() not in NO
    if kind == "linelist":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    return text.strip() or None


def profile(config: pytest.Config) -> str:
    """What the target promises."""
    return str(option(config, "profile") or "compatible")
