"""What cannot be done is told in one sentence, with exit status 2, and never with a traceback."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

import pytest

from chatconform.run import reach


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(reach.time, "sleep", lambda _: None)


def refused(ran) -> str:
    """The one sentence of a refusal."""
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("chatconform: ")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 500
    return ran.err.removeprefix("chatconform: ").rstrip("\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["localhost:8000/v1"], "the URL has no scheme; write http:// or https:// before 'localhost:8000/v1'"),
        (["ftp://localhost/v1"], "the URL's scheme is 'ftp'; it must be http:// or https://"),
        (
            ["http://localhost:8000/v1/chat/completions"],
            "give the base URL, without /chat/completions: http://localhost:8000/v1",
        ),
        (["--only", "response.usge.total-is-the-sum"], "no rule matches 'response.usge.total-is-the-sum'"),
        (["--skip", "nothing.*"], "no rule matches 'nothing.*'"),
        (["--skip", "*"], "nothing is left to judge: the chosen rules were all skipped"),
        (["--profile", "azur"], "there is no profile 'azur'; choose from compatible, openai"),
        (["--report", "yaml"], "there is no report format 'yaml'; the formats are"),
        (["--report", "json="], "--report json= names no file; write json=FILE, or json alone for stdout"),
        (["--report", "json=/"], "the report cannot be written to /: it is a folder"),
        (["--report", "json=/no/such/folder/x.json"], "there is no folder /no/such/folder"),
        (["--report", "json", "--report", "junit=-"], "only one report can go to stdout"),
        (["--api-key-env", "NOT_SET"], "the environment variable NOT_SET is not set; it should hold the API key"),
        (["https://api.openai.com/v1"], "the environment variable OPENAI_API_KEY is not set"),
        (["-H", "no colon"], "-H wants a header as 'NAME: VALUE'"),
        (["http://localhost/v1", "-H", "Bad Name: x"], "'Bad Name' is no header name"),
    ],
)
def test_a_bad_argument_is_one_sentence(chatconform, arguments, sentence):
    assert sentence in refused(chatconform("check", *arguments))


def test_a_key_given_in_place_of_a_variables_name_is_not_told(chatconform):
    assert refused(chatconform("check", "--api-key-env", "sk-0123456789")) == (
        "--api-key-env wants the name of a variable, not a key"
    )


def test_an_empty_key_is_told(chatconform, monkeypatch):
    monkeypatch.setenv("EMPTY_KEY", " ")
    assert "the environment variable EMPTY_KEY is empty" in refused(chatconform("check", "--api-key-env", "EMPTY_KEY"))


def test_a_key_that_no_header_can_hold_is_told_without_it(chatconform, monkeypatch):
    monkeypatch.setenv("ODD_KEY", "sk-01234\n56789")
    sentence = refused(chatconform("check", "http://localhost:1/v1", "--api-key-env", "ODD_KEY"))
    assert sentence == "the API key holds a line break or another character that no header can hold"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name a command"),
        (["chek"], "there is no command 'chek'; did you mean 'check'?"),
        (["xyz"], "there is no command 'xyz'"),
        (["--frobnicate"], "there is no option --frobnicate"),
        (["--strict", "check"], "options stand after the command, as in `chatconform check --strict`"),
        (["check", "--frobnicate"], "there is no option --frobnicate; `chatconform check --help` tells what there is"),
        (["check", "--concurency=3"], "there is no option --concurency; did you mean --concurrency?"),
        (["check", "a", "b"], "one word too many: 'b'"),
        (["check", "--timeout", "soon"], "'soon' is no number of seconds between 0 and a day"),
        (["check", "--timeout", "-1"], "'-1' is no number of seconds"),
        (["check", "--timeout", "nan"], "'nan' is no number of seconds"),
        (["check", "--concurrency", "0"], "'0' is no number between 1 and 256"),
        (["check", "--seed", "x"], "'x' is no whole number"),
        (["explain"], "the following arguments are required: ID"),
        (["replay"], "the following arguments are required: REPORT"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_sentence(chatconform, arguments, sentence):
    assert sentence in refused(chatconform(*arguments))


def test_a_word_of_the_command_line_is_not_obeyed_by_the_terminal(chatconform):
    assert "\x1b" not in refused(chatconform("check", "--\x1b[31m" + "x" * 5000))


def test_nothing_is_sent_before_the_arguments_are_seen_to_be_right(chatconform, small):
    server = small.serve(lambda _: small.completion())
    for bad in (["--report", "yaml"], ["--only", "nothing"], ["--api-key-env", "NOT_SET"], ["-H", "x"]):
        refused(chatconform("check", server.url, *bad))
    assert server.seen == []


def test_a_dead_port(chatconform):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refused(chatconform("check", f"http://127.0.0.1:{port}/v1")).endswith(
        "cannot be reached: Connection refused"
    )


def test_a_server_that_never_answers(chatconform):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        sentence = refused(chatconform("check", url, "--timeout", "0.2"))
    assert sentence == f"{url} took the connection but no answer came within 0.2 s; --timeout waits longer"


def test_an_answer_in_html(chatconform, small):
    assert "answers with a web page (status 200)" in refused(
        chatconform("check", small.serve_all(lambda _: small.page()).url)
    )


def test_a_missing_v1(chatconform, small):
    def behave(seen):
        return small.models("a") if seen.path == "/v1/models" else small.error(404, "Not Found")

    url = small.serve_all(behave, path="").url
    assert refused(chatconform("check", url)) == f"{url} is not the API, but {url}/v1 seems to be; give that URL"


def test_a_model_that_does_not_exist(chatconform, small):
    def behave(seen):
        return small.models("tiny") if seen.method == "GET" else small.error(404, "The model 'tony' does not exist")

    sentence = refused(chatconform("check", small.serve_all(behave).url, "-m", "tony"))
    assert 'does not know the model "tony"' in sentence
    assert sentence.endswith('near: "tiny"')


def test_a_certificate_that_nobody_vouches_for(chatconform):
    trustme = pytest.importorskip("trustme")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                context.wrap_socket(listener.accept()[0], server_side=True)

        thread = threading.Thread(target=serve)
        thread.start()
        sentence = refused(chatconform("check", f"https://127.0.0.1:{listener.getsockname()[1]}/v1"))
        thread.join()
    assert "is not trusted" in sentence
    assert "--insecure" in sentence


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000, id="a million headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", id="a body cut short"),
        pytest.param(b"\x00\x01\x02\x03", id="no HTTP"),
        pytest.param(b"HTTP/1.1 999 \x1b[31m\r\n\r\n", id="an odd status"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_answer(chatconform, small, raw):
    assert "\x1b" not in refused(chatconform("check", small.serve_all(lambda _: small.instead("raw", raw)).url))


def test_an_id_that_nothing_has(chatconform):
    assert "near: response.usage.total-is-the-sum" in refused(chatconform("explain", "response.usage.total-is-sum"))
    assert "no rule, case, scenario, fault or capability matches 'zzz'" in refused(chatconform("list", "zzz"))
