"""`chatconform client`: the client is named in one of two ways."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give either the adapter's command, after --, or the name of a bundled one with --adapter"),
        (["--adapter", "openai", "--", "true"], "give either the adapter's command"),
        (["--adapter", "opnai"], "no bundled adapter matches 'opnai'"),
    ],
)
def test_a_client_is_a_command_or_a_bundled_adapter(chatconform, arguments, sentence):
    ran = chatconform("client", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


def test_a_client_that_is_not_installed_is_told_as_that(chatconform, monkeypatch, tmp_path):
    stub = tmp_path / "python"
    stub.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'openai'\" >&2\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("CHATCONFORM_PYTHON", str(stub))
    ran = chatconform("client", "--adapter", "openai")
    assert (ran.status, ran.out) == (2, "")
    assert "No module named 'openai'" in ran.err
    remedy = "install what 'openai' drives: with pip beside chatconform (or $CHATCONFORM_PYTHON), with npm here"
    assert ran.err.endswith(f"; {remedy}\n")


def test_scenarios_are_listed_without_a_client(chatconform):
    ran = chatconform("client", "--list", "--only", "st.bom")
    assert ran.status == 0
    assert "st.bom" in ran.out
