"""Whether a request is valid: what is wrong with it, told by kind, by the published schema and by what it cannot say.

The law of this file: a request has a fault only where the published types, their prose or the API's documented
practice say so. Each fault is of one kind, and one rule speaks of each kind; what servers settle as they like (a bias
out of bounds, a null where the type has none) has a kind without a rule. A parameter that is new in the schema falls
under a kind by the keyword that it breaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.remembering import remembered
from chatconform.core.telling import tell
from chatconform.rules import asking, conversation, media
from chatconform.rules.conforming import is_schema
from chatconform.rules.plain import holds_plain_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.exchange import Exchange
    from chatconform.schemas import Violation

REQUEST: Final = "CreateChatCompletionRequest"


class Kind(StrEnum):
    """The kinds of faults, one for each rule on how they are refused."""

    MODEL = "a missing model"
    MESSAGES = "no messages"
    ROLE = "an unknown role"
    NO_CONTENT = "a message without content"
    PARTS = "wrong content parts"
    EMPTY_ASSISTANT = "an empty assistant message"
    TOOL_MESSAGE = "an incomplete tool message"
    ORPHAN = "a tool message without its call"
    UNANSWERED = "an unanswered tool call"
    MESSAGE = "a malformed message"
    TYPE = "a wrong type"
    NULL = "a null that the published type does not know"
    BOUNDS = "out of bounds"
    ENUM = "an unknown value"
    LOGIT_BIAS = "a wrong bias"
    STOP = "wrong stop sequences"
    NO_STOP = "empty stop sequences"
    TOP_LOGPROBS = "top_logprobs without logprobs"
    STREAM_OPTIONS = "stream_options without stream"
    METADATA = "too much metadata"
    MODALITIES = "modalities without their options"
    EXTRAS = "malformed extras"
    FORMAT_TYPE = "an unknown response format"
    FORMAT_SCHEMA = "a misplaced or wrong schema"
    TOOL_NAME = "a wrong tool name"
    TOOL = "a malformed tool"
    TOOL_CHOICE = "a wrong tool choice"
    NO_TOOLS = "a tool choice without tools"
    FUNCTIONS = "malformed functions"
    IMAGE = "a wrong image"
    AUDIO = "wrong sound"
    FILE = "a file part without a file"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request: its kind, its JSON Pointer in the request, and one line about it."""

    kind: Kind
    pointer: str
    message: str

    @property
    def told(self) -> str:
        """The fault with its place, for a sentence."""
        return f"`{self.pointer}` {self.message}" if self.pointer else self.message


@remembered
def faults_of(exchange: Exchange) -> tuple[Fault, ...]:
    """What is wrong with the JSON object that an exchange asks with.

    There is nothing where it asks with no object: that is the subject of other rules.
    """
    body = exchange.request.json
    return tuple(faults(body)) if isinstance(body, dict) and not holds_plain_request(exchange) else ()


def is_valid(body: Mapping[str, Any]) -> bool:
    """Whether a request has no fault."""
    return next(faults(body), None) is None


def faults(body: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a request's JSON object: first by the published schema, then by what it cannot say."""
    from chatconform.schemas import violations

    for violation in violations(REQUEST, body):
        kind = kind_of(violation, body)
        if kind in _LONELY and "/dependentSchemas/" in violation.schema_location:
            name, other = _LONELY[kind]
            yield Fault(kind, f"/{name}", f"is {tell(body.get(name))}, {other}")
        else:
            yield Fault(kind, violation.pointer, violation.message)
    messages = body.get("messages")
    for breach in conversation.orphans(messages):
        yield Fault(Kind.ORPHAN, breach.pointer, breach.message)
    for breach in conversation.unanswered(messages):
        if not breach.last:
            yield Fault(Kind.UNANSWERED, breach.pointer, breach.message)
    yield from _wrong_choices(body)
    yield from _wrong_formats(body)
    for pointer, part in asking.parts(body):
        if message := media.wrong_image(part):
            yield Fault(Kind.IMAGE, f"{pointer}/image_url/url", message)
        if message := media.wrong_audio(part):
            yield Fault(Kind.AUDIO, f"{pointer}/input_audio/data", message)
        match part:
            case {"type": "file", "file": dict(file)} if "file_id" not in file and "file_data" not in file:
                yield Fault(Kind.FILE, f"{pointer}/file", "has neither file_id nor file_data")


def _wrong_choices(body: Mapping[str, Any]) -> Iterator[Fault]:
    """A choice that forces what is not there."""
    tools = asking.offered(body)
    name = asking.named(body)
    if not body.get("tools"):
        if asking.required(body) or name is not None:
            yield Fault(Kind.NO_TOOLS, "/tool_choice", f"is {tell(body.get('tool_choice'))}, and no tools are offered")
    elif tools and name is not None and name not in tools:
        yield Fault(Kind.TOOL_CHOICE, "/tool_choice", f"names {tell(name)}, which is not among the tools")
    if asking.legacy_functions(body) and tools:
        yield Fault(Kind.FUNCTIONS, "/functions", "stands beside tools")


def _wrong_formats(body: Mapping[str, Any]) -> Iterator[Fault]:
    """A schema for the answer that stands in the wrong place, or that is no schema."""
    match body.get("response_format"):
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            if not is_schema(schema):
                yield Fault(Kind.FORMAT_SCHEMA, "/response_format/json_schema/schema", "is no valid JSON Schema")
        case {"type": "json_schema", "json_schema": {"name": str()} as form} if "schema" not in form:
            if form.keys() & {"type", "properties", "$defs", "anyOf"}:
                yield Fault(
                    Kind.FORMAT_SCHEMA, "/response_format/json_schema", "is a schema itself, not under `schema`"
                )


def kind_of(violation: Violation, body: Mapping[str, Any]) -> Kind:
    """The kind of a violation of the schema: by its place, and where the place has no kind, by its keyword."""
    top, *path = violation.pointer.split("/")[1:] or [""]
    if top == "messages":
        return _kind_in_messages(violation, path, body)
    for pair, kind in _PAIRS.items():
        if f"/dependentSchemas/{pair}/" in violation.schema_location:
            return kind
    if not top:
        return Kind.MESSAGES if "model" in body or "'messages'" in violation.message else Kind.MODEL
    if top == "tools" and path[-1:] == ["name"] and violation.keyword != "type":
        return Kind.TOOL_NAME
    if top == "stop" and violation.keyword == "minItems":
        return Kind.NO_STOP
    if violation.keyword == "type" and not path and body.get(top, "") is None:
        return Kind.NULL
    if top == "response_format":
        return (
            Kind.FORMAT_SCHEMA
            if path[:1] == ["json_schema"] or "'json_schema'" in violation.message
            else Kind.FORMAT_TYPE
        )
    return _BY_PARAMETER.get(top) or _BY_KEYWORD.get(violation.keyword, Kind.BOUNDS)


def _kind_in_messages(violation: Violation, path: list[str], body: Mapping[str, Any]) -> Kind:
    if not path:
        return Kind.MESSAGES
    message = body["messages"][int(path[0])]
    role = message.get("role") if isinstance(message, dict) else None
    missing = violation.message.partition("'")[2].partition("'")[0] if violation.keyword == "required" else None
    match path[1:], missing:
        case (["role"], _) | ([], "role"):
            return Kind.ROLE
        case (["tool_call_id"], _) | ([], "tool_call_id"):
            return Kind.TOOL_MESSAGE
        case ([], "content") | (["content"], _) if isinstance(message, dict) and message.get("content") is None:
            return Kind.EMPTY_ASSISTANT if role == "assistant" else Kind.NO_CONTENT
        case ["content", _, "image_url", *rest], _ if rest != ["detail"]:
            return Kind.IMAGE
        case ["content", _, "input_audio", *_], _:
            return Kind.AUDIO
        case ["content", *_], _:
            return Kind.PARTS
    return Kind.MESSAGE


_PAIRS: Final = {
    "top_logprobs": Kind.TOP_LOGPROBS,
    "stream_options": Kind.STREAM_OPTIONS,
    "modalities": Kind.MODALITIES,
}
_LONELY: Final = {
    Kind.TOP_LOGPROBS: ("top_logprobs", "and `logprobs` is not true"),
    Kind.STREAM_OPTIONS: ("stream_options", "and `stream` is not true"),
    Kind.MODALITIES: ("modalities", "and `audio` is missing or wrong"),
}
"""Parameters that need another one, and how it is told that they are alone."""
_BY_PARAMETER: Final = {
    "logit_bias": Kind.LOGIT_BIAS,
    "stop": Kind.STOP,
    "metadata": Kind.METADATA,
    "safety_identifier": Kind.METADATA,
    "modalities": Kind.MODALITIES,
    "audio": Kind.MODALITIES,
    "prediction": Kind.EXTRAS,
    "web_search_options": Kind.EXTRAS,
    "moderation": Kind.EXTRAS,
    "prompt_cache_options": Kind.EXTRAS,
    "tools": Kind.TOOL,
    "tool_choice": Kind.TOOL_CHOICE,
    "functions": Kind.FUNCTIONS,
    "function_call": Kind.FUNCTIONS,
}
_BY_KEYWORD: Final = {
    "type": Kind.TYPE,
    "enum": Kind.ENUM,
    "const": Kind.ENUM,
}
