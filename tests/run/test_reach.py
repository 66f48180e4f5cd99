"""Whatever is in the way of a check is one sentence that says what to do."""

from __future__ import annotations

import socket

import pytest

from chatconform.run import reach
from chatconform.run.reach import CannotCheckError
from chatconform.run.server import check


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(reach.time, "sleep", lambda _: None)


def why(url: str, **options) -> str:
    with pytest.raises(CannotCheckError) as raised:
        check(url, **{"timeout": 2.0, "only": ["response.body"], **options})
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def test_a_url_without_a_scheme():
    assert why("localhost:8000/v1") == ("the URL has no scheme; write http:// or https:// before 'localhost:8000/v1'")


def test_a_url_of_the_endpoint_itself():
    assert why("http://localhost:8000/v1/chat/completions/") == (
        "give the base URL, without /chat/completions: http://localhost:8000/v1"
    )


@pytest.mark.parametrize(
    "url", ["", "http://", "http://host:99999/v1", "ftp://host/v1", "http://ho st/v1", "http://h/v1?a=1"]
)
def test_what_is_no_url(url):
    assert "URL" in why(url)


def test_a_dead_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert why(f"http://127.0.0.1:{port}/v1") == (
        f"http://127.0.0.1:{port}/v1 cannot be checked: 127.0.0.1:{port} cannot be reached: Connection refused"
    )


def test_a_name_that_does_not_resolve():
    assert "cannot be resolved" in why("http://no-such-host.invalid/v1")


def test_a_server_that_never_answers():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        assert why(url, timeout=0.2) == (
            f"{url} took the connection but no answer came within 0.2 s; --timeout waits longer"
        )


def test_a_server_that_does_not_speak_http(small):
    server = small.serve_all(lambda _: small.instead("raw", b"SSH-2.0-OpenSSH_9.6\r\n"))
    assert "no HTTP/1.1 response: it begins with" in why(server.url)


def test_https_of_a_plain_server(small):
    server = small.serve(lambda _: small.completion())
    assert "TLS" in why(server.url.replace("http:", "https:"))


def test_a_missing_v1_is_told(small):
    def behave(seen):
        if seen.path == "/v1/models":
            return small.models("small")
        return small.completion() if seen.path == "/v1/chat/completions" else small.error(404, "Not Found")

    server = small.serve_all(behave, path="")
    expected = f"{server.url} is not the API, but {server.url}/v1 seems to be; give that URL"
    assert why(server.url) == expected
    assert why(server.url, model="small") == expected


def test_a_missing_v1_is_told_where_pages_are_served(small):
    def behave(seen):
        return small.completion() if seen.path == "/v1/chat/completions" else small.page()

    server = small.serve_all(behave, path="")
    assert why(server.url, model="small").endswith("/v1 seems to be; give that URL")


def test_an_answer_in_html(small):
    server = small.serve_all(lambda _: small.page())
    assert why(server.url) == (
        f"{server.url} answers with a web page (status 200); is it the base URL of the API, "
        "as in http://localhost:8000/v1?"
    )


def test_a_redirect_is_not_followed_and_is_told(small):
    server = small.serve_all(lambda _: small.answer(308, None, Location="https://elsewhere.example/v1"))
    assert why(server.url) == (
        f'{server.url} redirects to "https://elsewhere.example/v1" (status 308), and redirects are not followed; '
        "give the URL that answers by itself"
    )
    assert len(server.seen) == 1


def test_a_key_that_is_wanted_or_refused(small):
    server = small.serve_all(lambda _: small.error(401, "No key, no answer."))
    assert why(server.url) == (
        f'{server.url} wants a key (status 401: "No key, no answer."); '
        "name the environment variable that holds it with --api-key-env"
    )
    assert (
        why(server.url, api_key="sk-0123456789") == f'{server.url} refuses the key (status 401: "No key, no answer.")'
    )


def test_a_key_that_the_target_sends_back_is_not_told(small):
    server = small.serve_all(lambda _: small.error(401, "Bad key sk-0123456789abcdef, sorry. " * 9))
    assert "0123456789" not in why(server.url, api_key="sk-0123456789abcdef")


def test_several_models_are_listed(small):
    server = small.serve_all(lambda _: small.models(*(f"m{n}" for n in range(9))))
    assert why(server.url) == (
        f'{server.url} offers 9 models; name one with --model: "m0", "m1", "m2", "m3", "m4", "m5" and 3 more'
    )


def test_no_models_are_listed(small):
    assert why(small.serve_all(lambda _: small.models()).url).endswith("lists no models; name one with --model")
    unlisted = small.serve_all(lambda _: small.error(404, "Nope"))
    assert why(unlisted.url) == (
        f'{unlisted.url} does not list its models (GET /models status 404: "Nope"); name one with --model'
    )


@pytest.mark.parametrize("status", [400, 404])
def test_a_model_that_does_not_exist_is_told_with_near_ones(small, status):
    def behave(seen):
        if seen.method == "GET":
            return small.models("gpt-tiny", "gpt-small", "other")
        return small.error(status, f"The model `{seen.body['model']}` does not exist.")

    server = small.serve_all(behave)
    assert why(server.url, model="gpt-smal") == (
        f'{server.url} does not know the model "gpt-smal" (status {status}: "The model `gpt-smal` does not exist."); '
        'near: "gpt-small"'
    )
    assert 'it offers: "gpt-tiny", "gpt-small", "other"' in why(server.url, model="zzz")


def test_an_error_to_the_plainest_request(small):
    server = small.serve(lambda _: small.error(500, "Out of memory."))
    assert why(server.url) == (f'{server.url} does not answer even the plainest request (status 500: "Out of memory.")')
    refusing = small.serve(lambda _: small.error(422, "No."))
    assert why(refusing.url) == f'{refusing.url} refuses even the plainest request (status 422: "No.")'


def test_what_a_target_says_is_escaped_and_bounded(small):
    server = small.serve(lambda _: small.error(500, "\x1b[31mred\u202e" + "x" * 10_000))
    message = why(server.url)
    assert "\x1b" not in message
    assert "\u202e" not in message


def test_a_target_that_is_busy_at_first_is_waited_for(small):
    def behave(seen):
        return small.completion() if seen.number > 2 else small.error(503)

    result = check(small.serve_all(behave).url, model="small", only=["response.body"], timeout=2.0)
    assert result.outcomes


def test_a_target_that_is_busy_for_long_is_told(small):
    assert "says not now (status 429" in why(small.serve(lambda _: small.error(429, "Slow down.")).url)


@pytest.mark.parametrize(("refused", "limit"), [((), "max_tokens"), (("max_tokens",), "max_completion_tokens")])
def test_the_name_of_the_limit_that_the_target_takes_is_found(small, refused, limit):
    def behave(seen):
        return small.error(400, "unsupported") if set(refused) & set(seen.body) else small.completion()

    server = small.serve(behave)
    result = check(server.url, only=["response.body"], timeout=2.0)
    assert result.target.model == "small"
    assert limit in server.seen[1 + len(refused)].body
