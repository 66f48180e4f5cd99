"""What a completion may tell beside the answer: of its published type, where it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import gives, kept
from chatconform.rules.plain import answers_plainly
from chatconform.rules.response.body import TYPE, carrier
from chatconform.rules.response.usage import COUNTS
from chatconform.rules.scope import claims_completion
from chatconform.schemas import is_valid, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

ON_TOP: Final = ("system_fingerprint", "service_tier", "metadata", "moderation")
IN_MESSAGE: Final = ("annotations", "audio")
BARE: Final[dict[str, Any]] = {"id": "", "object": "chat.completion", "created": 0, "model": ""}


@rule(
    "response.optional.keys-have-their-types",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse; ChatCompletionResponseMessage; CompletionUsage",
    when=claims_completion,
    published=Level.MUST,
    kept_where=answers_plainly,
)
def keys_have_their_types(exchange: Exchange) -> Iterator[Finding]:
    """What may be left out of a completion is of its published type where it is there.

    `system_fingerprint`, `service_tier`, `metadata`, `moderation`, `annotations`, `audio` and the details of the usage:
    typed clients fail on one of another type although nobody looks at it, and most of them fail on null where the type
    has none. Judged on every completion.
    """
    body = exchange.completion or {}
    if not is_valid(TYPE, body):
        for violation in violations(TYPE, _only_optional(body)):
            yield Finding(violation.pointer, violation.message, expected="the published type, or no such key")


def _only_optional(body: dict[str, Any]) -> dict[str, Any]:
    """A completion in which everything is in order but what this rule speaks about, in the same places."""
    bare: dict[str, Any] = {**BARE, **{key: body[key] for key in ON_TOP if key in body}}
    if isinstance(body.get("usage"), dict):
        details = {key: value for key, value in body["usage"].items() if key.endswith("_details")}
        bare["usage"] = dict.fromkeys(COUNTS, 0) | details
    found = body.get("choices")
    bare["choices"] = [_bare_choice(choice) for choice in found] if isinstance(found, list) else []
    return bare


def _bare_choice(choice: Any) -> dict[str, Any]:
    message = kept(choice, "message")
    said: dict[str, Any] = {key: message[key] for key in IN_MESSAGE if key in message}
    bare: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, **said}
    return {"index": 0, "message": bare, "logprobs": None, "finish_reason": "stop"}


@rule(
    "response.optional.service-tier-is-told",
    Level.SHOULD,
    on=Part.ANSWER,
    source="ServiceTier",
    when=every(gives("service_tier"), lambda exchange: isinstance(exchange.asked["service_tier"], str)),
)
def service_tier_is_told(exchange: Exchange) -> Iterator[Finding]:
    """An answer to a request with `service_tier` tells the tier that served it.

    Tiers differ in price, and the one that served may be another than was asked for. Judged on every answer to a
    request that names a tier.
    """
    if (exchange.answer or {}).get("service_tier") is None:
        pointer, _ = carrier(exchange) or ("", {})
        asked = tell(exchange.asked.get("service_tier"))
        yield Finding(pointer, f"no `service_tier` for the tier {asked}", expected="the tier that served")
