"""Schemas: one JSON Schema a type, named as the API names it, and the functions that judge values by them."""

from chatconform.schemas.bundles import bundle
from chatconform.schemas.fault import UnusableSchema
from chatconform.schemas.registry import BASE, UnknownType, names, registry, schema
from chatconform.schemas.validator import is_valid, validator, violations, violations_of
from chatconform.schemas.violation import Violation

__all__ = [
    "BASE",
    "UnknownType",
    "UnusableSchema",
    "Violation",
    "bundle",
    "is_valid",
    "names",
    "registry",
    "schema",
    "validator",
    "violations",
    "violations_of",
]
