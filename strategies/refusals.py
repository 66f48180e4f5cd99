"""What the strategies refuse, and why: each error says what is wrong, where, and what to do."""

from chatconform.schemas.fault import UnusableSchema


class Unsatisfiable(UnusableSchema):
    """Says that no value can meet a schema, and which of its constraints contradict each other."""


class ImpossibleNarrowing(ValueError):
    """Says that arguments exclude each other, so that nothing is left to generate."""


class NothingToBreak(ValueError):
    """Says that every value meets a schema, so that no invalid one exists."""


__all__ = ["ImpossibleNarrowing", "NothingToBreak", "Unsatisfiable", "UnusableSchema"]
