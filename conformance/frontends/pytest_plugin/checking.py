"""The server that the suites check: which it is, how it is asked, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from chatconform.frontends.pytest_plugin.items import choice, chosen
from chatconform.frontends.pytest_plugin.options import option, profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.suites.fuzzed import FuzzedServer
    from chatconform.suites.outcomes import Outcomes

CHECKED: Final = pytest.StashKey[dict[str, Any]]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Checks the target before the first test, so that one that cannot be checked is one error and not many."""
    config = session.config
    url = option(config, "url")
    is_worker = hasattr(config, "workerinput")
    if url is None or is_worker or config.option.collectonly or session.testsfailed or not chosen(session):
        return
    from chatconform.run.reach import CannotCheckError

    try:
        _check(session, url)
    except CannotCheckError as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None


@pytest.fixture(scope="session")
def chatconform_target(pytestconfig: pytest.Config) -> str:
    """The base URL of the server to check: that of `--chatconform-url`. Override it to start a server of your own."""
    url = option(pytestconfig, "url")
    if url is None:
        pytest.skip("no target: give --chatconform-url, or override the fixture chatconform_target")
    return str(url)


@pytest.fixture(scope="session")
def chatconform_outcomes(
    request: pytest.FixtureRequest, chatconform_target: str, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    """What a check of the target came to, for the rules whose tests were chosen; asked once, whoever runs the tests."""
    from chatconform.suites.outcomes import Outcomes, shared

    def document() -> dict[str, Any]:
        return _checked(request.session, chatconform_target)

    workerinput: dict[str, Any] | None = getattr(request.config, "workerinput", None)
    if workerinput is None:
        return Outcomes(document())
    file = tmp_path_factory.getbasetemp().parent / f"chatconform-{workerinput['testrunuid']}.sqlite"
    return shared(file, chatconform_target, document)


@pytest.fixture(scope="session")
def chatconform_fuzzed(pytestconfig: pytest.Config, chatconform_target: str) -> Iterator[FuzzedServer]:
    """The server that generated requests are sent to."""
    from chatconform.run.reach import CannotCheckError
    from chatconform.suites.fuzzed import FuzzedServer

    try:
        given = _settings(pytestconfig, chatconform_target)
        for name in ("profile", "concurrency"):
            del given[name]
        server = FuzzedServer(chatconform_target, rules=choice(pytestconfig), **given)
    except (CannotCheckError, ValueError) as problem:
        pytest.fail(f"chatconform: {problem}", pytrace=False)
    yield server
    server.close()


def _check(session: pytest.Session, url: str) -> dict[str, Any]:
    """What a check of the server at `url` came to, as plain JSON; each URL is checked once in a process."""
    checked = session.config.stash.setdefault(CHECKED, {})
    if url not in checked:
        from chatconform.suites.outcomes import told

        checked[url] = told(url, rules=chosen(session), **_settings(session.config, url))
    outcomes: dict[str, Any] = checked[url]
    return outcomes


def _checked(session: pytest.Session, url: str) -> dict[str, Any]:
    """As `_check`, but what cannot be checked is told by the first test."""
    from chatconform.run.reach import CannotCheckError
    from chatconform.suites.outcomes import unchecked

    try:
        return _check(session, url)
    except CannotCheckError as problem:
        return unchecked(str(problem), chosen(session))


def _settings(config: pytest.Config, url: str) -> dict[str, Any]:
    """How the target is asked. Raises `CannotCheckError` for what cannot be."""
    from argparse import ArgumentTypeError, Namespace

    from chatconform.frontends.cli import arguments
    from chatconform.run.reach import CannotCheckError

    given = Namespace(url=url, api_key_env=option(config, "api-key-env"), header=option(config, "header") or [])
    try:
        timeout = arguments.seconds(option(config, "timeout") or "60")
        concurrency = arguments.count(option(config, "concurrency") or "4")
        seed = int(option(config, "seed") or "0")
    except (ArgumentTypeError, ValueError) as problem:
        raise CannotCheckError(str(problem)) from None
    return {
        "model": option(config, "model"),
        "api_key": arguments.api_key(given),
        "key_variable": arguments.key_variable(given),
        "headers": arguments.headers(given.header),
        "profile": profile(config),
        "timeout": timeout,
        "concurrency": concurrency,
        "seed": seed,
        "insecure": bool(option(config, "insecure")),
        "strict": bool(option(config, "strict")),
    }
