"""Which rules say nothing of a recording that lacks what they look at: the request, or the headers of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chatconform.core.rule import Rule

HEADERS: Final = frozenset({"response.http.request-id-is-told", "response.http.streams-are-not-cached"})
REQUEST: Final = frozenset(
    {
        "response.calls.finish-tells-of-them",
        "response.choices.are-as-many-as-asked",
        "response.choices.logprobs-key-is-there",
        "response.errors.message-gives-nothing-away",
        "response.likeliest.are-absent-unless-asked-for",
        "response.logprobs.are-absent-unless-asked-for",
        "response.logprobs.spell-the-text",
        "response.status.malformed-json-is-a-bad-request",
        "response.status.malformed-json-is-refused",
        "stream.chunks.index-names-a-choice",
        "stream.usage.is-absent-when-off",
    }
)


def without_headers(rule: Rule) -> bool:
    """Whether a rule looks at headers of the answer that a recording may not hold."""
    return rule.id in HEADERS


def without_request(rule: Rule) -> bool:
    """Whether a rule compares the answer with a request that is not known."""
    return rule.id in REQUEST or rule.id.startswith("request.")
