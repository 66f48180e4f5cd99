"""The reference server: embedded, deterministic, correct by every rule; the control, and the base of the mutants."""

from chatconform.reference.server import ReferenceServer

__all__ = ["ReferenceServer"]
