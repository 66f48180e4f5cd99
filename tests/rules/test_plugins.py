"""What a plugin brings is taken in whole, or refused with one sentence that names it, the place and the remedy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatconform import Case, Exchange, Finding, Level, Part, PluginError, Rule, case, rule
from chatconform.cases.catalogue import cases, those_for
from chatconform.core.exchange import Origin, Request, Response
from chatconform.core.judge import judge
from chatconform.rules import plugins
from chatconform.rules.catalogue import find, rules, select
from chatconform.rules.specimens import specimens

MODULE = '''
from chatconform import Finding, Level, Part, case, rule
from chatconform.rules.response.usage import total_is_the_sum

@rule("acme.first", Level.MUST, on=Part.RESPONSE, source="s")
def first(exchange):
    """One."""
    yield Finding("", "no")

@case("acme.ask", exercises=["acme.first"])
def ask(situation):
    """Asks."""
    yield situation.chat()
'''


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What a test loads is gone after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugins, "_added", {})
    before, path = {*sys.modules}, [*sys.path]
    yield
    sys.path[:] = path
    for name in {*sys.modules} - before:
        if name.startswith("acme"):
            del sys.modules[name]


def a_rule(id: str = "acme.first", text: str = "One.", check: Any = None) -> Rule:
    def made(_: Exchange) -> Any:
        yield Finding("", "no")

    check = check or made
    check.__doc__ = text
    return rule(id, Level.MUST, on=Part.RESPONSE, source="s")(check)


def a_case(id: str = "acme.ask") -> Case:
    return case(id, exercises=["acme.*"])(lambda situation: iter([situation.chat()]))  # type: ignore[arg-type, return-value]


def test_a_module_brings_its_rules_and_cases_and_none_of_the_kits(tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(MODULE)
    before = rules(), cases()
    plugin = plugins.load("acme_rules")
    assert [one.id for one in plugin.things] == ["acme.first", "acme.ask"]
    assert rules() == (*before[0], *plugin.rules)
    assert cases() == (*before[1], *plugin.cases)
    assert find("acme.first") is plugin.rules[0]
    assert select(["acme"]) == plugin.rules
    assert those_for(plugin.rules) == plugin.cases
    assert plugins.brought_by(find("acme.first")) is plugin
    assert plugins.brought_by(before[0][0]) is None
    assert plugins.place_of(plugin.rules[0]) == f"{tmp_path / 'acme_rules.py'}:5"
    assert plugins.load("acme_rules") is plugin
    plugins.forget("acme_rules")
    assert (rules(), cases()) == before


def test_a_package_brings_what_is_in_all_of_its_modules(tmp_path: Path) -> None:
    (tmp_path / "acme_all" / "inner").mkdir(parents=True)
    (tmp_path / "acme_all" / "__init__.py").write_text("from acme_all.inner.more import first")
    (tmp_path / "acme_all" / "__main__.py").write_text("raise SystemExit")
    (tmp_path / "acme_all" / "inner" / "__init__.py").touch()
    (tmp_path / "acme_all" / "inner" / "more.py").write_text(MODULE)
    assert [one.id for one in plugins.load("acme_all").things] == ["acme.first", "acme.ask"]


def test_a_file_is_loaded_by_its_path_and_finds_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "acme_file.py").write_text(MODULE + "\nimport acme_neighbour\n")
    (tmp_path / "deep" / "acme_neighbour.py").touch()
    assert [one.id for one in plugins.load("deep/acme_file.py").rules] == ["acme.first"]


def test_one_module_brought_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(MODULE)
    plugins.load("acme_rules")
    plugins.load("acme_rules.py")
    assert len(select(["acme"])) == 1


def test_single_things_and_any_number_of_them_can_be_registered() -> None:
    one, another, asked = a_rule(), a_rule("acme.other"), a_case()
    assert plugins.register(one, "a").things == (one,)
    assert plugins.register([[another], iter([asked])], "b").things == (another, asked)


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        (lambda: [], "the plugin mine brings no rule and no case"),
        (lambda: 3, "brings a value of the type int"),
        (lambda: None, "brings a value of the type NoneType"),
        (lambda: "acme", "brings a text"),
        (lambda: a_rule("Acme First"), "the rule 'Acme First' of mine (.*test_plugins.py:.*) has an id that is none"),
        (lambda: a_rule("acme"), "has an id that is none"),
        (lambda: a_case("acme.Ask"), "the case 'acme.Ask' of mine .* has an id that is none"),
        (lambda: a_rule("schema.mine"), "begins as those of records do"),
        (lambda: a_rule(text=""), "the rule 'acme.first' of mine .* has no docstring"),
        (lambda: [a_rule(), a_rule()], "the rule 'acme.first' of mine .* has the id of another one, .* of mine"),
        (lambda: [a_case(), a_case()], "the case 'acme.ask' of mine .* has the id of another one"),
    ],
)
def test_what_cannot_be_taken_in_is_one_sentence(brought: Any, said: str) -> None:
    with pytest.raises(PluginError, match=f"(?s){said}") as raised:
        plugins.register(brought(), "mine")
    assert "\n" not in str(raised.value)
    assert plugins.plugins() == ()


def test_two_plugins_with_the_same_id_name_both() -> None:
    plugins.register(a_rule(), "one")
    with pytest.raises(PluginError) as raised:
        plugins.register(a_rule(), "two")
    told = str(raised.value)
    assert "of one (" in told
    assert "of two (" in told
    assert told.count("test_plugins.py:") == 2
    assert told.endswith("give one of them another id, or leave one plugin out")


def test_an_id_of_the_kit_cannot_be_brought() -> None:
    plugins.register([a_rule("response.usage.total-is-the-sum")], "mine")
    with pytest.raises(PluginError, match=r"of mine .* has the id of one of chatconform's own; give it another id"):
        rules()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("acme_missing", None, "No module named 'acme_missing'.*; give a module that can be imported from here"),
        ("acme_missing.py", None, "there is no such file"),
        ("acme_bad", "1/0", "ZeroDivisionError: division by zero"),
        ("acme_bad.py", "def", "SyntaxError"),
        ("acme_bad.py", "raise SystemExit(0)", "SystemExit: 0"),
        ("json.py", "", "another module is called json; rename the file"),
        ("acme_empty", "", "brings no rule and no case"),
    ],
)
def test_what_cannot_be_loaded_is_one_sentence(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / f"{name.removesuffix('.py')}.py").write_text(text)
    with pytest.raises(PluginError, match=f"the plugin {name} .*{said}") as raised:
        plugins.load(name)
    assert "\n" not in str(raised.value)


def test_a_package_with_a_broken_module_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "acme_half").mkdir()
    (tmp_path / "acme_half" / "__init__.py").touch()
    (tmp_path / "acme_half" / "bad.py").write_text("import acme_nowhere")
    with pytest.raises(PluginError, match=r"acme_half\.bad does not import \(ModuleNotFoundError"):
        plugins.load("acme_half")


def test_for_a_rule_that_no_case_is_made_for_every_case_is_played() -> None:
    mine = a_rule()
    assert those_for([mine]) == ()
    plugins.register(mine, "mine")
    assert those_for([mine]) == cases()
    plugins.register(a_case(), "more")
    assert [one.id for one in those_for([mine])] == ["acme.ask"]


def test_a_check_that_raises_is_a_bug_of_its_maker_and_never_of_the_target() -> None:
    def broken(_: Exchange) -> Any:
        raise ZeroDivisionError("oops")

    exchange = Exchange(Origin("x"), Request("POST", "/"), Response(200))
    for check in (broken, lambda _: None):
        (result,) = judge(exchange, [a_rule(check=check)])
        assert result.kit_fault
        assert (result.reason or "").endswith(f", a bug of {__name__}; please report it")


def test_specimens_of_a_plugin_stand_beside_its_rule(tmp_path: Path) -> None:
    (tmp_path / "acme_rules.py").write_text(MODULE)
    (tmp_path / "specimens").mkdir()
    (tmp_path / "specimens" / "acme.first.jsonl").write_text('{"specimen": "breaks", "request": {}, "response": {}}')
    plugins.load("acme_rules")
    assert [one.kind for one in specimens("acme.first")] == ["breaks"]
