"""Strategies: everything that can be sent, received and broken, from any JSON Schema and ready-made for this endpoint.

Each strategy is hypothesis'; what is deterministic (`boundaries`, `wire_cases`) does not import it.
"""

from chatconform.strategies.boundaries import Boundary, boundaries
from chatconform.strategies.breakage import Invalid
from chatconform.strategies.from_schema import from_schema
from chatconform.strategies.ready import (
    completions,
    content_parts,
    conversations,
    errors,
    invalid,
    invalid_requests,
    messages,
    requests,
    streams,
    tool_choices,
    tools,
    values,
)
from chatconform.strategies.recipes.streaming import Stream
from chatconform.strategies.refusals import ImpossibleNarrowing, NothingToBreak, Unsatisfiable, UnusableSchema
from chatconform.strategies.wire import Wire, wire_bodies, wire_cases

__all__ = [
    "Boundary",
    "ImpossibleNarrowing",
    "Invalid",
    "NothingToBreak",
    "Stream",
    "Unsatisfiable",
    "UnusableSchema",
    "Wire",
    "boundaries",
    "completions",
    "content_parts",
    "conversations",
    "errors",
    "from_schema",
    "invalid",
    "invalid_requests",
    "messages",
    "requests",
    "streams",
    "tool_choices",
    "tools",
    "values",
    "wire_bodies",
    "wire_cases",
]
