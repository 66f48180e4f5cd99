"""Valid requests: what every server has to take, one parameter and one form of message at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.accepting import demanding, refused
from chatconform.rules.demands import Demand
from chatconform.rules.plain import answers_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    "response.acceptance.null-is-unset",
    Level.MUST,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest: nullable parameters",
    when=demanding(Demand.NULLS),
    kept_where=answers_plainly,
)
def null_is_unset(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Null for a parameter whose type has null is accepted, as if it were not there.

    Typed clients in many languages send null for what was not set. Judged on valid requests with nulls: all at
    once, and fewer where that is refused.
    """
    return refused(Demand.NULLS, exchange)


@rule(
    "response.acceptance.sampling-parameters",
    Level.MUST,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.temperature, top_p, frequency_penalty, presence_penalty",
    when=demanding(Demand.SAMPLING),
    kept_where=answers_plainly,
)
def sampling_parameters(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`temperature`, `top_p` and the penalties are accepted up to their bounds, whole numbers and fractions alike.

    Zero is what every test suite asks for, and 0 and 1 without a point are what many languages write. Judged on
    valid requests at both ends; what a model is said not to support is inconclusive.
    """
    return refused(Demand.SAMPLING, exchange)


@rule(
    "response.acceptance.stop-sequences",
    Level.MUST,
    on=Part.RESPONSE,
    source="StopConfiguration",
    when=demanding(Demand.STOP),
    kept_where=answers_plainly,
)
def stop_sequences(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`stop` is accepted as one string and as a list of up to four.

    Both forms are common. Judged on valid requests with either form.
    """
    return refused(Demand.STOP, exchange)


@rule(
    "response.acceptance.seeds",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.seed",
    when=demanding(Demand.SEED),
    kept_where=answers_plainly,
)
def seeds(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`seed` is accepted over the whole range of 64 bits, below zero too.

    Seeds come from hashes and clocks. Judged on valid requests with seeds at the ends, at 0 and beyond 53 bits.
    """
    return refused(Demand.SEED, exchange)


@rule(
    "response.acceptance.logit-biases",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.logit_bias",
    when=demanding(Demand.BIAS),
    kept_where=answers_plainly,
)
def logit_biases(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`logit_bias` is accepted, empty too, with biases from -100 to 100.

    Judged on valid requests with an empty map and with one entry.
    """
    return refused(Demand.BIAS, exchange)


@rule(
    "response.acceptance.a-single-choice",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.n",
    when=demanding(Demand.SINGLE),
    kept_where=answers_plainly,
)
def a_single_choice(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`n` of 1 is accepted.

    Frameworks send it always. Judged on valid requests that ask for one choice.
    """
    return refused(Demand.SINGLE, exchange)


@rule(
    "response.acceptance.max-completion-tokens",
    Level.MUST,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.max_completion_tokens",
    when=demanding(Demand.LIMIT),
    kept_where=answers_plainly,
)
def max_completion_tokens(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`max_completion_tokens` is accepted.

    The official SDKs and newer clients limit by this name alone. Judged on valid requests with it; whether the
    limit is kept has a rule of its own.
    """
    return refused(Demand.LIMIT, exchange)


@rule(
    "response.acceptance.labels",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="Metadata; CreateChatCompletionRequest.safety_identifier, user, prompt_cache_key",
    when=demanding(Demand.LABELS),
    kept_where=answers_plainly,
)
def labels(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`metadata`, `user`, `safety_identifier` and `prompt_cache_key` are accepted up to their bounds.

    They change no answer; a server without use for them can leave them unread. Judged on valid requests with them.
    """
    return refused(Demand.LABELS, exchange)


@rule(
    "response.acceptance.text-format",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ResponseFormatText",
    when=demanding(Demand.TEXT_FORMAT),
    kept_where=answers_plainly,
)
def text_format(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `response_format` of `text` is accepted.

    It is what is so anyhow, and clients say it. Judged on valid requests with it.
    """
    return refused(Demand.TEXT_FORMAT, exchange)


@rule(
    "response.acceptance.developer-messages",
    Level.MUST,
    on=Part.RESPONSE,
    source="ChatCompletionRequestDeveloperMessage",
    when=demanding(Demand.DEVELOPER),
    kept_where=answers_plainly,
)
def developer_messages(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Messages of the role `developer` are accepted.

    Newer clients send their instructions so; chat templates that know only `system` fail on it, and the server has
    to translate. Judged on valid requests with such a message.
    """
    return refused(Demand.DEVELOPER, exchange)


@rule(
    "response.acceptance.empty-assistant-text",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestAssistantMessage.content",
    when=demanding(Demand.EMPTY_TEXT),
    kept_where=answers_plainly,
)
def empty_assistant_text(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """An assistant message with the empty string as content is accepted.

    A model may say nothing, and its message goes into the history. Judged on valid requests with such a message.
    """
    return refused(Demand.EMPTY_TEXT, exchange)
