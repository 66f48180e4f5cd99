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


def test_scenarios_are_listed_without_a_client(chatconform):
    ran = chatconform("client", "--list", "--only", "st.bom")
    assert ran.status == 0
    assert "st.bom" in ran.out
