"""The pytest plugin: options, marks and fixtures for the suites in `chatconform.suites`.

    pytest --pyargs chatconform.suites --chatconform-url http://localhost:8000/v1 --chatconform-model NAME

It is loaded by every pytest run where the kit is installed, so it imports nothing until a suite is collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatconform.core.rule import Rule
    from chatconform.run.strict_server import StrictServer
    from chatconform.suites.clients import ClientUnderTest
    from chatconform.suites.fuzzed import FuzzedServer
    from chatconform.suites.outcomes import Outcomes

RULE: Final = "chatconform_rule"
"""The argument of a test that is to be run once for each chosen rule."""
SCENARIO: Final = "chatconform_scenario"
"""The argument of a test that is to be run once for each scenario."""
RECORDING: Final = "chatconform_recording"
"""The argument of a test that is to be run once for each file of recordings."""

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


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses a choice of rules that cannot be made, before anything is collected."""
    if option(session.config, "recordings"):
        _wish(session.config)
    elif any(option(session.config, name) for name in ("only", "skip", "profile")):
        _choice(session.config)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a suite out of a run that names nothing for it, but something for another one.

    Fuzzing has to be asked for. A file of one's own that imports a suite is always collected.
    """
    if collection_path.parent.name != "suites" or collection_path.parent.parent.name != "chatconform":
        return None
    if collection_path.name == "test_server_fuzz.py" and not option(config, "fuzz"):
        return True
    given = {
        "test_client.py": option(config, "client"),
        "test_server.py": option(config, "url"),
        "test_server_fuzz.py": option(config, "url"),
        "test_recordings.py": option(config, "recordings"),
    }
    others = [value for name, value in given.items() if name != collection_path.name]
    return True if collection_path.name in given and not given[collection_path.name] and any(others) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes `chatconform_rule` once for each chosen rule, with the rule's id as its own."""
    if SCENARIO in metafunc.fixturenames:
        from chatconform.scenarios.catalogue import scenarios

        metafunc.parametrize(SCENARIO, [pytest.param(scenario.id, id=scenario.id) for scenario in scenarios()])
    if RECORDING in metafunc.fixturenames:
        metafunc.parametrize(RECORDING, _recordings(metafunc.config))
    if RULE not in metafunc.fixturenames:
        return
    metafunc.parametrize(
        RULE, [pytest.param(rule.id, id=rule.id, marks=_marks(rule)) for rule in _choice(metafunc.config)]
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Checks the target before the first test, so that one that cannot be checked is one error and not many."""
    config = session.config
    url = option(config, "url")
    is_worker = hasattr(config, "workerinput")
    if url is None or is_worker or config.option.collectonly or session.testsfailed or not _chosen(session):
        return
    from chatconform.run.reach import CannotCheckError

    try:
        _check(session, url)
    except CannotCheckError as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None


@pytest.fixture(scope="session")
def chatconform_wish(pytestconfig: pytest.Config) -> dict[str, Any]:
    """What recordings are judged by: the options on rules."""
    return _wish(pytestconfig)


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
        server = FuzzedServer(chatconform_target, rules=_choice(pytestconfig), **given)
    except (CannotCheckError, ValueError) as problem:
        pytest.fail(f"chatconform: {problem}", pytrace=False)
    yield server
    server.close()


@pytest.fixture(scope="session")
def chatconform_client(pytestconfig: pytest.Config) -> Any:
    """What is driven through the scenarios: the command of `--chatconform-client`.

    Override it with a command of your own, as a line or in words, or with a function that takes a call of the adapter
    protocol and gives its reply.
    """
    command = option(pytestconfig, "client")
    if command is None:
        pytest.skip("no client: give --chatconform-client, or override the fixture chatconform_client")
    return command


@pytest.fixture(scope="session")
def chatconform_client_under_test(pytestconfig: pytest.Config, chatconform_client: Any) -> Iterator[ClientUnderTest]:
    """The running client, asked scenario by scenario."""
    from chatconform.run.adapter import AdapterError
    from chatconform.suites.clients import ClientUnderTest

    try:
        client = ClientUnderTest(chatconform_client, bool(option(pytestconfig, "strict")))
    except AdapterError as problem:
        pytest.exit(f"chatconform: {problem}", returncode=pytest.ExitCode.USAGE_ERROR)
    yield client
    client.close()


@pytest.fixture
def chatconform_server(pytestconfig: pytest.Config) -> Iterator[StrictServer]:
    """A server to point a client at: `url`, `script(...)`, `requests`; the test fails if a request breaks a rule.

    It answers as the reference does, or by the script. `violations` can be cleared by a test that breaks rules on
    purpose. With `--chatconform-strict` a SHOULD counts as well.
    """
    from chatconform.run.strict_server import StrictServer

    with StrictServer() as server:
        yield server
        broken = server.violations + (server.advice if option(pytestconfig, "strict") else [])
    if broken:
        pytest.fail("\n".join(["the client sent what the endpoint does not allow:", *map(str, broken)]), pytrace=False)


def option(config: pytest.Config, name: str) -> Any:
    """An option of the command line or, failing that, of the ini file; None where neither gives it."""
    given = config.getoption(f"--chatconform-{name}")
    return given if given is not None else config.getini(f"chatconform_{name.replace('-', '_')}") or None


CHECKED: Final = pytest.StashKey[dict[str, Any]]()


def _check(session: pytest.Session, url: str) -> dict[str, Any]:
    """What a check of the server at `url` came to, as plain JSON; each URL is checked once in a process."""
    checked = session.config.stash.setdefault(CHECKED, {})
    if url not in checked:
        from chatconform.suites.outcomes import told

        checked[url] = told(url, rules=_chosen(session), **_settings(session.config, url))
    outcomes: dict[str, Any] = checked[url]
    return outcomes


def _checked(session: pytest.Session, url: str) -> dict[str, Any]:
    """As `_check`, but what cannot be checked is told by the first test."""
    from chatconform.run.reach import CannotCheckError
    from chatconform.suites.outcomes import unchecked

    try:
        return _check(session, url)
    except CannotCheckError as problem:
        return unchecked(str(problem), _chosen(session))


def _wish(config: pytest.Config) -> dict[str, Any]:
    """How recordings are judged. Raises `pytest.UsageError` for ids or a profile that there are not."""
    from chatconform.core.naming import UnknownIdError
    from chatconform.run.reach import CannotCheckError
    from chatconform.run.recordings import wish_of

    only, skip = option(config, "only") or [], option(config, "skip") or []
    try:
        wish_of(None, only, skip, _profile(config), False)
    except (CannotCheckError, UnknownIdError) as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None
    return {"only": only, "skip": skip, "profile": _profile(config), "strict": bool(option(config, "strict"))}


def _recordings(config: pytest.Config) -> list[Any]:
    """The files of recordings as parameters. Raises `pytest.UsageError` for a name that leads nowhere."""
    from chatconform.recordings.formats import is_recording
    from chatconform.recordings.paths import find

    names = option(config, "recordings")
    if not names:
        return [pytest.param("", marks=pytest.mark.skip(reason="no recordings: give --chatconform-recordings"))]
    found = find(names)
    if found.missing:
        raise pytest.UsageError(f"chatconform: {'; '.join(found.missing)}")
    return [pytest.param(path, id=path) for path in found.files if path in found.named or is_recording(path)]


def _choice(config: pytest.Config) -> tuple[Rule, ...]:
    """The rules to judge by. Raises `pytest.UsageError` for ids or a profile that there are not."""
    from chatconform.core.naming import UnknownIdError
    from chatconform.run.choice import choose
    from chatconform.run.reach import CannotCheckError

    try:
        return choose(option(config, "only") or (), option(config, "skip") or (), _profile(config)).rules
    except (CannotCheckError, UnknownIdError) as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None


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
        "profile": _profile(config),
        "timeout": timeout,
        "concurrency": concurrency,
        "seed": seed,
        "insecure": bool(option(config, "insecure")),
        "strict": bool(option(config, "strict")),
    }


def _profile(config: pytest.Config) -> str:
    return str(option(config, "profile") or "compatible")


def _chosen(session: pytest.Session) -> list[str]:
    """The ids of the rules whose tests are to be run."""
    specs = (getattr(item, "callspec", None) for item in session.items)
    return list(dict.fromkeys(spec.params[RULE] for spec in specs if spec is not None and RULE in spec.params))


def _marks(rule: Rule) -> list[pytest.MarkDecorator]:
    marks = [getattr(pytest.mark, f"chatconform_{rule.level.lower()}")]
    return [*marks, pytest.mark.chatconform_capability(rule.needs.name)] if rule.needs is not None else marks
