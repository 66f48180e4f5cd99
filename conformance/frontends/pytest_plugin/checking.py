"""The server that the suites check: which it is, how it is asked, and when.

The law of this file: a target is asked once in a run. Where several processes run the tests, the one that hands out the
tests asks, as it can end the run with one sentence; a target that only the tests know is asked by the first that needs
it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from chatconform.frontends.pytest_plugin.baselines import baseline
from chatconform.frontends.pytest_plugin.items import choice, chosen
from chatconform.frontends.pytest_plugin.options import option, profile
from chatconform.frontends.pytest_plugin.reporting import UNNAMED, gathered, process, shared_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.frontends.pytest_plugin.opened import Opened
    from chatconform.run.opening import Where
    from chatconform.suites.fuzzed import FuzzedServer
    from chatconform.suites.outcomes import Outcomes

CHECKED: Final = pytest.StashKey[list[tuple[Any, dict[str, Any]]]]()
APP: Final = pytest.StashKey[Any]()
SHARED_FILE: Final = "checked.sqlite"
ITEM: Final = re.compile(r"::test_rule\[(.+)\]$")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Checks the target before the first test, so that one that cannot be checked is one error and not many."""
    config = session.config
    is_shared = shared_folder(config) is not None or config.pluginmanager.hasplugin("dsession")
    if is_shared or config.option.collectonly or session.testsfailed:
        return
    if (rules := chosen(session)) and (target := _named_target(config)) is not None:
        _check_first(config, target, rules)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Checks the target once it is known which tests there are, before they are handed out to processes."""
    config: pytest.Config = node.config
    found = list(dict.fromkeys(match[1] for match in map(ITEM.search, ids) if match is not None))
    if not found or config.stash.get(CHECKED, None) or (target := _named_target(config)) is None:
        return
    if {*found} <= {rule.id for rule in choice(config)}:  # a nested conftest may bring more, which only the tests know
        _check_first(config, target, found)


@pytest.fixture(scope="session")
def chatconform_target(pytestconfig: pytest.Config) -> Any:
    """What is checked: the server of `--chatconform-url`, or the app of `--chatconform-app`.

    Override it to give one of your own: a base URL, an ASGI or WSGI app, a function that takes a `Request` and gives a
    `Response` or status, headers and body, or a `chatconform.App`, which says more of one of these.
    """
    target = _named_target(pytestconfig)
    if target is None:
        pytest.skip(
            f"{UNNAMED}: give --chatconform-url or --chatconform-app, or override the fixture chatconform_target"
        )
    return target


@pytest.fixture
def chatconform_outcomes(
    request: pytest.FixtureRequest, chatconform_target: Any, chatconform_opened: Opened
) -> Outcomes:
    """What a check of the target came to, for the rules whose tests were chosen; asked once, whoever runs the tests."""
    from chatconform.suites.outcomes import Outcomes, shared

    config, rules = request.config, chosen(request.session)

    def document() -> dict[str, Any]:
        return _checked(config, chatconform_target, rules)

    def outcomes() -> Outcomes:
        folder, place = shared_folder(config), _place(config, chatconform_target)
        if folder is None or place is None:
            return Outcomes(document())
        return Outcomes(shared(folder / SHARED_FILE, place, rules, document))

    return chatconform_opened.get("outcomes", chatconform_target, outcomes)


@pytest.fixture
def chatconform_fuzzed(
    pytestconfig: pytest.Config, chatconform_target: Any, chatconform_opened: Opened
) -> FuzzedServer:
    """The server that generated requests are sent to."""
    from chatconform.run.reach import CannotCheckError
    from chatconform.suites.fuzzed import FuzzedServer

    def opened() -> FuzzedServer:
        given = _settings(pytestconfig, chatconform_target)
        server = FuzzedServer(
            chatconform_target,
            rules=choice(pytestconfig),
            key_variable=_key_variable(pytestconfig),
            strict=bool(option(pytestconfig, "strict")),
            baseline=baseline(pytestconfig),
            **{name: given[name] for name in ("model", "api_key", "headers", "timeout", "seed", "insecure")},
        )
        chatconform_opened.at_the_end(server.close)
        return server

    try:
        return chatconform_opened.get("fuzzed", chatconform_target, opened)
    except CannotCheckError as problem:
        pytest.fail(f"chatconform: {problem}", pytrace=False)


def _named_target(config: pytest.Config) -> Where | None:
    """What the options name to check. Raises `pytest.UsageError` for two of them, and for an app that cannot be."""
    url, app = option(config, "url"), option(config, "app")
    if app is None:
        return None if url is None else str(url)
    if url is not None:
        raise pytest.UsageError("chatconform: give --chatconform-url or --chatconform-app, not both")
    if APP not in config.stash:
        from chatconform.run.opening import app_named
        from chatconform.run.reach import CannotCheckError

        try:
            config.stash[APP] = app_named(str(app))
        except CannotCheckError as problem:
            raise pytest.UsageError(f"chatconform: {problem}") from None
    named: Where = config.stash[APP]
    return named


def _place(config: pytest.Config, target: Where) -> str | None:
    """What a target is called in every process of a run; None for one that only this process sees."""
    from chatconform.run.opening import place_of

    return str(option(config, "app")) if target is config.stash.get(APP, None) else place_of(target)


def _check_first(config: pytest.Config, target: Where, rules: Sequence[str]) -> None:
    """Checks a target before any test. Raises `pytest.UsageError` where it cannot be checked."""
    from chatconform.run.reach import CannotCheckError
    from chatconform.suites.outcomes import shared

    try:
        document = _check(config, target, rules)
    except CannotCheckError as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None
    if (folder := shared_folder(config)) is not None and (place := _place(config, target)) is not None:
        shared(folder / SHARED_FILE, place, rules, lambda: document)


def _check(config: pytest.Config, target: Where, rules: Sequence[str]) -> dict[str, Any]:
    """What a check of a target came to, as plain JSON; each is checked once in a process."""
    done = config.stash.setdefault(CHECKED, [])
    for known, outcomes in done:
        if known is target or known == target:
            return outcomes
    from chatconform.suites.outcomes import checked, told

    known = baseline(config)
    result = checked(target, rules=rules, **_settings(config, target))
    result = known.applied(result) if known is not None else result
    gathered(config).servers[f"{process(config)}-{len(done)}"] = result
    document = told(result, key_variable=_key_variable(config), strict=bool(option(config, "strict")))
    done.append((target, document))
    return document


def _checked(config: pytest.Config, target: Where, rules: Sequence[str]) -> dict[str, Any]:
    """As `_check`, but what cannot be checked is told by the first test."""
    from chatconform.run.reach import CannotCheckError
    from chatconform.suites.outcomes import unchecked

    try:
        return _check(config, target, rules)
    except CannotCheckError as problem:
        return unchecked(str(problem), rules)


def _settings(config: pytest.Config, target: Where) -> dict[str, Any]:
    """How the target is asked. Raises `CannotCheckError` for what cannot be."""
    from argparse import ArgumentTypeError, Namespace

    from chatconform.frontends.cli import arguments
    from chatconform.run.reach import CannotCheckError

    url = target if isinstance(target, str) else None
    given = Namespace(url=url, api_key_env=option(config, "api-key-env"), header=option(config, "header") or [])
    most_seconds, most_requests = option(config, "max-time"), option(config, "max-requests")
    try:
        timeout = arguments.seconds(option(config, "timeout") or "60")
        concurrency = arguments.count(option(config, "concurrency") or "4")
        seed = int(option(config, "seed") or "0")
        max_time = arguments.seconds(most_seconds) if most_seconds is not None else None
        max_requests = arguments.many(most_requests) if most_requests is not None else None
    except (ArgumentTypeError, ValueError) as problem:
        raise CannotCheckError(str(problem)) from None
    return {
        "model": option(config, "model"),
        "api_key": arguments.api_key(given),
        "headers": arguments.headers(given.header),
        "profile": profile(config),
        "have": [name for text in option(config, "have") or [] for name in arguments.names(text)],
        "lack": [name for text in option(config, "lack") or [] for name in arguments.names(text)],
        "require": bool(option(config, "require")),
        "timeout": timeout,
        "concurrency": concurrency,
        "seed": seed,
        "max_time": max_time,
        "max_requests": max_requests,
        "insecure": bool(option(config, "insecure")),
    }


def _key_variable(config: pytest.Config) -> str:
    """The name of the variable that holds the key, as commands that are shown name it."""
    from chatconform.frontends.cli.arguments import OPENAI_KEY

    return option(config, "api-key-env") or OPENAI_KEY
