"""Faults: the reference server with one thing wrong at a time, so that each rule can be seen to bite."""

from chatconform.reference.faults.catalogue import UnknownFaultError, crashes, faults, find
from chatconform.reference.faults.fault import Fault

__all__ = ["Fault", "UnknownFaultError", "crashes", "faults", "find"]
