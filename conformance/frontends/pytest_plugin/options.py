"""The options of the plugin, the marks of its tests, and what an option was given.

The law of this file: nothing is imported that costs anything, as every pytest run loads it.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

OPTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("url", "string", "base URL of the server that the suites check, such as http://localhost:8000/v1"),
    ("model", "string", "the model to name (found out where the target lists just one)"),
    ("api-key-env", "string", "the environment variable that holds the API key"),
    ("header", "linelist", "a header to send with each request, as 'NAME: VALUE' (repeatable)"),
    ("only", "linelist", "judge only the rules of this id or glob (repeatable)"),
    ("skip", "linelist", "judge none of the rules of this id or glob (repeatable)"),
    ("profile", "string", "what the target promises: compatible (the default) or openai"),
    ("strict", "bool", "a SHOULD that fails fails its test; without it, it is an expected failure"),
    ("timeout", "string", "the longest silence in seconds (60)"),
    ("concurrency", "string", "requests in flight at once (4)"),
    ("seed", "string", "where chance comes from (0)"),
    ("insecure", "bool", "do not check the TLS certificate"),
    ("fuzz", "bool", "run test_server_fuzz, too: generated requests, as many as hypothesis is set to draw"),
    ("client", "string", "the command of an adapter: drives the client behind it through every scenario"),
    ("recordings", "linelist", "a file, folder or glob of recordings: each file is a test (repeatable)"),
)
MARKS: Final = {
    "chatconform_must": "the test of a rule that a server must keep",
    "chatconform_should": "the test of a rule that a server should keep: fails only with --chatconform-strict",
    "chatconform_info": "the test of a rule that is only told, and never fails",
    "chatconform_capability(name)": "the test of a rule about something that a server may refuse",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options, each also as an ini option: `--chatconform-url` is `chatconform_url` in a file."""
    group = parser.getgroup("chatconform", "conformance of POST /chat/completions")
    for name, kind, text in OPTIONS:
        action = {"string": "store", "linelist": "append", "bool": "store_true"}[kind]
        metavar = {} if kind == "bool" else {"metavar": name.upper().replace("-", "_")}
        group.addoption(f"--chatconform-{name}", action=action, default=None, help=text, **metavar)
        parser.addini(f"chatconform_{name.replace('-', '_')}", text, type=kind, default=None)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marks."""
    for mark, text in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {text}")


def option(config: pytest.Config, name: str) -> Any:
    """An option of the command line or, failing that, of the ini file; None where neither gives it."""
    given = config.getoption(f"--chatconform-{name}")
    return given if given is not None else config.getini(f"chatconform_{name.replace('-', '_')}") or None


def profile(config: pytest.Config) -> str:
    """What the target promises."""
    return str(option(config, "profile") or "compatible")
