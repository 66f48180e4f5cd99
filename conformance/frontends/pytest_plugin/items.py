"""Which tests there are: one for each chosen rule, scenario and file of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from chatconform.frontends.pytest_plugin import baselines
from chatconform.frontends.pytest_plugin.options import option, profile
from chatconform.frontends.pytest_plugin.reporting import UNNAMED

if TYPE_CHECKING:
    from pathlib import Path

    from chatconform.core.capability import Capability
    from chatconform.core.rule import Rule

RULE: Final = "chatconform_rule"
"""The argument of a test that is to be run once for each chosen rule."""
SCENARIO: Final = "chatconform_scenario"
"""The argument of a test that is to be run once for each scenario."""
RECORDING: Final = "chatconform_recording"
"""The argument of a test that is to be run once for each file of recordings."""
TAKEN: Final = pytest.StashKey[dict[str, str]]()
"""What was registered, by who brought it: the name of the plugin that it became."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses what cannot be chosen or registered before anything is collected."""
    config = session.config
    registering = config.pluginmanager.hook.pytest_chatconform_register.get_hookimpls()
    if option(config, "recordings"):
        wish(config)
    elif registering or any(option(config, name) for name in ("only", "skip", "profile", "plugin")):
        choice(config)
    if option(config, "baseline"):
        take_in(config)
        baselines.baseline(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Lets go of what was registered for this run."""
    for name in config.stash.get(TAKEN, {}).values():
        from chatconform.rules.plugins import forget

        forget(name)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a suite out of a run that names nothing for it, but something for another one.

    Fuzzing has to be asked for. A file of one's own that imports a suite is always collected.
    """
    if collection_path.parent.name != "suites" or collection_path.parent.parent.name != "chatconform":
        return None
    if collection_path.name == "test_server_fuzz.py" and not option(config, "fuzz"):
        return True
    server = option(config, "url") or option(config, "app")
    given = {
        "test_client.py": option(config, "client"),
        "test_server.py": server,
        "test_server_fuzz.py": server,
        "test_recordings.py": option(config, "recordings"),
    }
    others = [value for name, value in given.items() if name != collection_path.name]
    return True if collection_path.name in given and not given[collection_path.name] and any(others) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes `chatconform_rule` once for each chosen rule, with the rule's id as its own."""
    if SCENARIO in metafunc.fixturenames:
        from chatconform.scenarios.catalogue import scenarios

        metafunc.parametrize(
            SCENARIO,
            [
                pytest.param(
                    one.id,
                    id=one.id,
                    marks=[*_marks(one.id, one.grade), *baselines.marks(metafunc.config, "client", one.id, one.grade)],
                )
                for one in scenarios()
            ],
        )
    if RECORDING in metafunc.fixturenames:
        metafunc.parametrize(RECORDING, _recordings(metafunc.config))
    if RULE not in metafunc.fixturenames:
        return
    chosen = choice(metafunc.config)
    metafunc.parametrize(
        RULE,
        [
            pytest.param(
                one.id,
                id=one.id,
                marks=[
                    *_marks(one.id, one.level, one.needs),
                    *baselines.marks(metafunc.config, "check", one.id, one.level),
                ],
            )
            for one in chosen
        ],
    )


def take_in(config: pytest.Config) -> None:
    """Registers the rules and cases that this run's own files bring, those that have not been yet.

    Raises `pytest.UsageError` with one sentence for what cannot be taken in.
    """
    from chatconform.core.naming import PluginError
    from chatconform.rules.plugins import load, register

    taken = config.stash.setdefault(TAKEN, {})
    try:
        for name in option(config, "plugin") or []:
            taken[name] = load(name).name
        for offer in config.pluginmanager.hook.pytest_chatconform_register.get_hookimpls():
            if offer.plugin_name not in taken:
                given = {"config": config} if "config" in offer.argnames else {}
                brought = offer.function(**given)
                name = getattr(offer.plugin, "__file__", None) or offer.plugin_name
                taken[offer.plugin_name] = register(brought, name).name
    except PluginError as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None


def wish(config: pytest.Config) -> dict[str, Any]:
    """How recordings are judged. Raises `pytest.UsageError` for ids or a profile that there are not."""
    from chatconform.core.naming import UnknownIdError
    from chatconform.run.reach import CannotCheckError
    from chatconform.run.recordings import wish_of

    take_in(config)
    only, skip = option(config, "only") or [], option(config, "skip") or []
    try:
        wish_of(None, only, skip, profile(config), False)
    except (CannotCheckError, UnknownIdError) as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None
    return {"only": only, "skip": skip, "profile": profile(config), "strict": bool(option(config, "strict"))}


def _recordings(config: pytest.Config) -> list[Any]:
    """The files of recordings as parameters. Raises `pytest.UsageError` for a name that leads nowhere."""
    from chatconform.recordings.formats import is_recording
    from chatconform.recordings.paths import find

    names = option(config, "recordings")
    if not names:
        return [pytest.param("", marks=pytest.mark.skip(reason=f"{UNNAMED}: give --chatconform-recordings"))]
    found = find(names)
    if found.missing:
        raise pytest.UsageError(f"chatconform: {'; '.join(found.missing)}")
    return [pytest.param(path, id=path) for path in found.files if path in found.named or is_recording(path)]


def choice(config: pytest.Config) -> tuple[Rule, ...]:
    """The rules to judge by. Raises `pytest.UsageError` for ids or a profile that there are not."""
    from chatconform.core.naming import UnknownIdError
    from chatconform.run.choice import choose
    from chatconform.run.reach import CannotCheckError

    take_in(config)
    try:
        return choose(option(config, "only") or (), option(config, "skip") or (), profile(config)).rules
    except (CannotCheckError, UnknownIdError) as problem:
        raise pytest.UsageError(f"chatconform: {problem}") from None


def chosen(session: pytest.Session) -> list[str]:
    """The ids of the rules whose tests are to be run."""
    specs = (getattr(item, "callspec", None) for item in session.items)
    return list(dict.fromkeys(spec.params[RULE] for spec in specs if spec is not None and RULE in spec.params))


def _marks(name: str, level: str, needs: Capability | None = None) -> list[pytest.MarkDecorator]:
    """The marks of what has an id: its level, the areas that it lies in, and the capability that it needs."""
    words = name.split(".")
    areas = [".".join(words[:count]) for count in range(1, len(words))]
    marks = [getattr(pytest.mark, f"chatconform_{level.lower()}")]
    marks += [pytest.mark.chatconform_area(name=area) for area in areas]
    return [*marks, pytest.mark.chatconform_capability(name=needs.name)] if needs is not None else marks
