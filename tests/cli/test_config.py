"""Settings: a file, then variables, then the command line; and whatever is wrong with them is told with its place."""

from __future__ import annotations

import argparse
import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatconform.frontends.cli.config import look_through, parsed
from chatconform.frontends.cli.config_file import ConfigError, ConfigFile, find
from chatconform.frontends.cli.entry import COMMANDS, CONFIGURED, parser_of
from chatconform.frontends.cli.settings import ONCE, SECRET
from chatconform.frontends.cli.settings import settings as settings_of

URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: the root of an empty project."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, name: str = "chatconform.toml") -> None:
    Path(name).write_text(text, encoding="utf-8")


def arguments(command: str, *words: str) -> argparse.Namespace:
    return parsed(command, parser_of(command), words)


def refusal(command: str = "check", *words: str) -> str:
    with pytest.raises(ConfigError) as caught:
        arguments(command, *words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_settings_the_defaults_are_those_of_the_command() -> None:
    for name in CONFIGURED:
        needed = {"client": [], "check": []}.get(name, ["--upstream", URL] if name == "proxy" else ["x"])
        own = parser_of(name)
        assert vars(arguments(name, *needed)) == vars(own.parse_args(needed))


def test_each_layer_wins_over_the_weaker_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [arguments("check").seed]
    write("seed = 1")
    seen.append(arguments("check").seed)
    write("seed = 1\n[check]\nseed = 2")
    seen.append(arguments("check").seed)
    write(f"seed = 1\n[check]\nseed = 2\n[target.here]\nurl = '{URL}'\nseed = 3")
    seen.append(arguments("check", "here").seed)
    monkeypatch.setenv("CHATCONFORM_SEED", "4")
    seen.append(arguments("check", "here").seed)
    seen.append(arguments("check", "here", "--seed", "5").seed)
    assert seen == [0, 1, 2, 3, 4, 5]


def test_a_table_is_for_its_command_and_what_stands_above_for_all_that_have_it() -> None:
    write('timeout = 5\nprofile = "openai"\n[client]\ntimeout = 6')
    assert arguments("check").timeout == 5.0
    assert arguments("client").timeout == 6.0
    assert arguments("validate", "x").profile == "openai"


def test_a_stronger_list_replaces_a_weaker_one(monkeypatch: pytest.MonkeyPatch) -> None:
    write('only = ["a", "b"]\nlack = ["n", "tools,seed"]')
    assert arguments("check").only == ["a", "b"]
    assert arguments("check").lack == ["n", "tools", "seed"]
    assert arguments("check", "--only", "c").only == ["c"]
    monkeypatch.setenv("CHATCONFORM_ONLY", "d\n e \n")
    assert arguments("check").only == ["d", "e"]


def test_a_flag_can_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    write("strict = true")
    assert arguments("check").strict
    assert not arguments("check", "--no-strict").strict
    monkeypatch.setenv("CHATCONFORM_STRICT", "0")
    assert not arguments("check").strict
    assert arguments("check", "--strict").strict


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATCONFORM_MODEL", "")
    assert arguments("check").model is None


def test_a_target_is_checked_by_its_name() -> None:
    write(f'''
        [target.staging]
        url = "{URL}"
        model = "m"
        header = ["X-Team: a"]
        lack = ["vision"]
        [target.other]
        url = "http://other/v1"
    ''')
    args = arguments("check", "staging")
    assert (args.url, args.model, args.header, args.lack) == (URL, "m", ["X-Team: a"], ["vision"])
    other = arguments("check", "other")
    assert (other.url, other.model, other.header) == ("http://other/v1", None, [])
    assert arguments("check", URL).model is None
    assert arguments("check").url is None
    assert arguments("replay", "r.json", "--url", "staging").header == ["X-Team: a"]
    assert arguments("proxy", "--upstream", "staging").upstream == URL


def test_a_target_can_be_named_by_a_weaker_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    write(f'[check]\nurl = "staging"\n[target.staging]\nurl = "{URL}"\nmodel = "m"\n[target.b]\nurl = "http://b"')
    assert (arguments("check").url, arguments("check").model) == (URL, "m")
    monkeypatch.setenv("CHATCONFORM_URL", "b")
    assert (arguments("check").url, arguments("check").model) == ("http://b", None)
    assert arguments("check", "http://c").url == "http://c"


def test_an_argument_that_has_to_be_given_may_be_given_by_the_settings(chatconform: Any) -> None:
    assert "are required: FILE" in chatconform("validate").err
    write('[validate]\npaths = ["logs"]')
    assert arguments("validate").paths == ["logs"]
    assert arguments("validate", "other").paths == ["other"]


def test_of_two_that_exclude_each_other_the_stronger_counts() -> None:
    write('[client]\nadapter = "openai"')
    assert arguments("client").adapter == "openai"
    args = arguments("client", "--", "python", "a.py")
    assert (args.adapter, args.command) == (None, ["python", "a.py"])


def test_a_string_may_name_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "me")
    monkeypatch.setenv("PORT", "81")
    write('header = ["X: ${WHO}", "Y: $${WHO} $WHO"]\n[target.a]\nurl = "http://h:${PORT}/v1"')
    args = arguments("check", "a")
    assert (args.url, args.header) == ("http://h:81/v1", ["X: me", "Y: ${WHO} $WHO"])


def test_only_the_variables_that_are_used_have_to_be_set() -> None:
    write(f'[target.a]\nurl = "{URL}"\nheader = ["X: ${{NOT_SET}}"]\n[target.b]\nurl = "{URL}"')
    assert arguments("check", "b").url == URL
    assert refusal("check", "a") == "chatconform.toml:3: the variable NOT_SET is not set"


def test_every_option_can_be_set_but_for_what_is_said_once() -> None:
    for name in CONFIGURED:
        parser = parser_of(name)
        options = {option.removeprefix("--") for option in parser.options() if option.startswith("--")}
        assert options - ONCE - SECRET - {"url"} <= settings_of(parser).keys() <= options | {"url", "paths", "command"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('modle = "x"', "1: there is no key 'modle'; did you mean 'model'?"),
        ('api_key_env = "X"', "1: there is no key 'api_key_env'; did you mean 'api-key-env'?"),
        ("zzz = 1", "1: there is no key 'zzz'"),
        ("\n[chek]\na = 1", "2: there is no key 'chek'; did you mean 'check'?"),
        ("[check]\n# sed\nsed = 1", "3: there is no key 'sed' in [check]; did you mean 'seed'?"),
        ("[check]\ndry-run = true", "2: there is no key 'dry-run' in [check]"),
        ('[check]\ntimeout = "soon"', "2: timeout in [check] wants a number, and this is a string"),
        ("[check]\ntimeout = -4", "2: timeout in [check] is wrong: '-4' is no number of seconds between 0 and a day"),
        ("concurrency = 1.5", "1: concurrency is wrong: '1.5' is no number between 1 and 256"),
        ("strict = 1", "1: strict wants true or false, and this is a number"),
        ("seed = true", "1: seed wants a number, and this is true or false"),
        ("model = 3", "1: model wants a string, and this is a number"),
        ("model = 2026-01-01", "1: model wants a string, and this is a date or time"),
        ('only = "x"', "1: only wants an array of strings, and this is a string"),
        ('only = [\n "x",\n 3,\n]', "1: only wants an array of strings, and this is an array of something else"),
        ('[validate]\nengine = "rya"', "2: engine in [validate] is wrong: 'rya' is none of local, ray"),
        ("check = 3", "1: check is a table: write [check]"),
        ("target = 3", "1: target is a table: write [target.NAME]"),
        ('[target]\nurl = "x"', "2: a target is a table: write [target.NAME]"),
        ("[target.a]\nmodel = 'x'", "1: [target.a] has no url"),
        ("[target.a]\nurl = 'x'\nheaders = []", "3: there is no key 'headers' in [target.a]; did you mean 'header'?"),
        ("[target.a]\nurl = 'x'\njobs = 3", "3: there is no key 'jobs' in [target.a]"),
        ("[target.a]\nurl = 3", "2: url in [target.a] wants a string, and this is a number"),
        ("header = ['x']", "1: a header is written as 'NAME: VALUE'"),
        ("a = = 1", "1: this is no TOML: Invalid value"),
        ("a = 1\na = 2", "2: this is no TOML: Cannot overwrite a value"),
        ("a = '", "1: this is no TOML: "),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(text: str, sentence: str) -> None:
    write(text)
    assert refusal().startswith(f"chatconform.toml:{sentence}")
    assert refusal("validate", "x") == refusal()


@pytest.mark.parametrize(
    "text",
    [
        'api-key = "sk-0123456789"',
        'key = "sk-0123456789"',
        '[target.a]\nurl = "x"\napi_key = "sk-0123456789"',
        'header = ["Authorization: Bearer sk-0123456789"]',
        'header = ["x-api-key: sk-0123456789"]',
        'model = ["sk-0123456789"]',
        '"sk-0123456789',
    ],
)
def test_a_key_in_a_file_is_refused_and_not_told(text: str) -> None:
    write(text)
    assert "sk-0" not in refusal()


def test_a_header_with_a_key_may_take_it_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sk-0123456789")
    write('header = ["Authorization: Bearer ${KEY}"]')
    assert arguments("check").header == ["Authorization: Bearer sk-0123456789"]


def test_a_file_that_cannot_be_read_is_told() -> None:
    Path("chatconform.toml").write_bytes(b"# fine\n\xff")
    assert refusal() == "chatconform.toml:2: this is no UTF-8; write the settings in UTF-8"
    write("a = " + "[" * 100_000)
    assert "chatconform.toml" in refusal()
    write("#" * 2_000_000)
    assert refusal() == "chatconform.toml is larger than a megabyte: that is no file of settings"
    Path("chatconform.toml").unlink()
    Path("chatconform.toml").mkdir()
    assert refusal() == "chatconform.toml cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SEED", "x", "the variable CHATCONFORM_SEED is wrong: 'x' is no whole number"),
        ("STRICT", "maybe", "the variable CHATCONFORM_STRICT wants 1 or 0, and this is 'maybe'"),
        ("CONCURRENCY", "0", "the variable CHATCONFORM_CONCURRENCY is wrong: '0' is no number between 1 and 256"),
        ("CONFIG", "none.toml", "CHATCONFORM_CONFIG: there is no file none.toml"),
    ],
)
def test_what_is_wrong_in_a_variable_is_told(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CHATCONFORM_{name}", value)
    assert refusal().startswith(sentence)


def test_the_table_of_pyproject_serves_as_well() -> None:
    write('[project]\nname = "chatconform-user"\n\n[tool.chatconform.check]\nseed = 7', "pyproject.toml")
    assert arguments("check").seed == 7
    write("[tool.chatconform]\n\n[tool.chatconform.check]\nsed = 1", "pyproject.toml")
    assert refusal() == "pyproject.toml:4: there is no key 'sed' in [tool.chatconform.check]; did you mean 'seed'?"
    write("[tool]\nchatconform = 3", "pyproject.toml")
    assert refusal() == "pyproject.toml:2: [tool.chatconform] is no table"


def test_settings_in_both_files_are_one_too_many() -> None:
    write("seed = 1")
    write('[project]\nname = "chatconform-user"', "pyproject.toml")
    assert arguments("check").seed == 1
    write("[tool.chatconform]", "pyproject.toml")
    assert refusal() == "pyproject.toml:1: settings are here and in chatconform.toml; keep one of the two"


def test_a_pyproject_that_does_not_speak_of_us_may_be_as_it_likes() -> None:
    write("this is no TOML", "pyproject.toml")
    assert arguments("check").seed == 0


def test_settings_are_found_above_but_not_above_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    write("seed = 1")
    monkeypatch.chdir(inner)
    assert arguments("check").seed == 1
    write("[project]", "../pyproject.toml")
    assert arguments("check").seed == 1
    write("seed = 2", "../chatconform.toml")
    assert arguments("check").seed == 2
    (inner / ".git").mkdir()
    assert arguments("check").seed == 0


def test_outside_a_project_only_the_working_directory_is_looked_at(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = project / "a"
    inner.mkdir()
    (project / ".git").rmdir()
    write("seed = 1")
    monkeypatch.chdir(inner)
    assert arguments("check").seed == 0
    write("[project]", "../pyproject.toml")
    assert arguments("check").seed == 1


def test_files_are_looked_for_from_the_folder_of_the_settings(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a").mkdir()
    write(
        'baseline = "known.txt"\nreport = ["json=r.json"]\n'
        '[validate]\npaths = ["logs/", "-", "s3://logs/a.jsonl", "/var/log/a.jsonl"]\n'
        '[client]\nplugin = ["own_rules.py"]'
    )
    assert arguments("validate").paths == ["logs/", "-", "s3://logs/a.jsonl", "/var/log/a.jsonl"]
    monkeypatch.chdir(project / "a")
    args = arguments("validate")
    assert args.paths == ["../logs/", "-", "s3://logs/a.jsonl", "/var/log/a.jsonl"]
    assert (args.baseline, args.report) == ("../known.txt", ["json=r.json"])
    assert arguments("validate", "logs", "--baseline", "known.txt").baseline == "known.txt"
    assert refusal("client").startswith("../chatconform.toml:6: plugin is wrong: the plugin ../own_rules.py cannot be")


def test_code_is_loaded_for_the_command_that_uses_it_and_no_other() -> None:
    write("raise SystemExit('loaded')", "rules.py")
    write('[check]\nplugin = ["rules.py"]')
    assert arguments("validate", "x").plugin == []
    write('[check]\nplugin = ["none.py"]')
    assert refusal("check") == (
        "chatconform.toml:2: plugin is wrong: the plugin none.py cannot be loaded: there is no such file"
    )


def test_an_app_may_be_set_and_a_url_of_the_command_line_wins() -> None:
    write('[check]\napp = "server:app"')
    assert arguments("check").app == "server:app"
    args = arguments("check", URL)
    assert (args.url, args.app) == (URL, None)


def test_a_named_file_is_used_instead_of_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    write("seed = 1")
    write("seed = 2", "two.toml")
    write("seed = 3", "three.toml")
    monkeypatch.setenv("CHATCONFORM_CONFIG", "two.toml")
    assert arguments("check").seed == 2
    assert arguments("check", "--config", "three.toml").seed == 3
    assert refusal("check", "--config", "four.toml") == "--config: there is no file four.toml"
    write("[project]", "pyproject.toml")
    assert refusal("check", "--config", "pyproject.toml") == "--config: pyproject.toml has no table [tool.chatconform]"


def test_a_name_that_no_target_has_is_told_with_near_ones() -> None:
    write(f'[target.staging]\nurl = "{URL}"')
    assert refusal("check", "stagin") == "chatconform.toml has no target 'stagin'; did you mean 'staging'?"
    assert refusal("check", "x").endswith("has no target 'x'; there are staging; a URL begins with http://")


@pytest.mark.parametrize("text", [None, "seed = 1"])
def test_a_name_where_there_are_no_targets_is_neither_a_url_nor_a_target(text: str | None) -> None:
    if text is not None:
        write(text)
    said = "the URL has no scheme; write http:// or https:// before 'staging', or make it the name of a target in"
    assert refusal("check", "staging") == f"{said} chatconform.toml"
    assert arguments("check", "localhost:8000").url == "localhost:8000"


def test_broken_settings_stop_only_the_commands_that_use_them(chatconform: Any) -> None:
    write("modle = 1")
    refused = chatconform("check", "--list")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == "chatconform: chatconform.toml:1: there is no key 'modle'; did you mean 'model'?\n"
    for words in (["check", "--help"], ["generate", "Message", "-n", "1"], ["schema"], ["--version"]):
        assert chatconform(*words).status == 0
    assert {"generate", "schema", "init"} < {*COMMANDS} - {*CONFIGURED}


def test_help_tells_the_defaults_of_the_command_whatever_is_set(chatconform: Any) -> None:
    write("concurrency = 9")
    told = chatconform("check", "--help").out
    assert "(default 4)" in told
    assert "--config FILE" in told
    assert "--no-strict" not in told


def test_a_verbose_run_tells_whose_settings_it_uses(chatconform: Any) -> None:
    write('only = ["response.usage"]')
    assert "chatconform: settings of chatconform.toml\n" in chatconform("check", "--list", "-v").err
    assert chatconform("check", "--list").err == ""


def test_a_working_directory_that_is_gone_has_no_settings(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = project / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find(None) is None


LINES = ["seed = 1", "# a comment", "", "strict = true", 'only = [\n  "a", # sed\n  "b",\n]', "timeout=3.5"]
WRONG = ["sed = 1", "sed = [\n1,\n2]", 'sed = """\na = 1\n"""']


@given(st.lists(st.sampled_from(LINES), max_size=6, unique=True), st.sampled_from(WRONG))
def test_the_line_of_a_wrong_key_is_the_line_that_it_is_on(before: list[str], wrong: str) -> None:
    text = "\n".join([*before, wrong, 'quiet = true # sed = 1\n[check]\nsed = "x"'])
    file = ConfigFile("f.toml", text, (), tomllib.loads(text))
    line = text.split("\n").index(wrong.split("\n")[0]) + 1
    with pytest.raises(ConfigError, match=f"^f.toml:{line}: there is no key 'sed'; "):
        look_through(file)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*settings_of(parser_of("check")), *CONFIGURED, "target"]) | st.text(max_size=8)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_a_file_says_is_understood_or_refused(table: dict[str, Any]) -> None:
    file = ConfigFile("f.toml", json.dumps(table), (), table)
    with suppress(ConfigError):
        look_through(file)
