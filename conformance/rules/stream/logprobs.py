"""Rules on the log probabilities of a stream, as chunks carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.rules.capabilities import LOGPROBS
from chatconform.rules.stream.parts import additions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange


@rule(
    "stream.logprobs.has-both-keys",
    Level.INFO,
    on=Part.STREAM,
    published=Level.MUST,
    needs=LOGPROBS,
    source="CreateChatCompletionStreamResponse.choices.logprobs",
    when=lambda exchange: any(isinstance(one.value.get("logprobs"), dict) for one in additions(exchange)),
)
def has_both_keys(exchange: Exchange) -> Iterator[Finding]:
    """The log probabilities in a chunk have both `content` and `refusal`, null where there is nothing to say.

    The published type requires both; clients generated from it refuse the chunk, while the official SDKs do not care.
    Judged on every chunk that carries log probabilities.
    """
    for one in additions(exchange):
        logprobs = one.value.get("logprobs")
        if isinstance(logprobs, dict):
            for key in ("content", "refusal"):
                if key not in logprobs:
                    yield Finding(f"{one.pointer}/logprobs", f"lacks `{key}`", "a list or null")
