"""Targets: all the network there is. `server` asks a server over our own wire, so that any request can be made."""

from chatconform.targets.address import BadUrlError
from chatconform.targets.bounds import Limits, Timeouts
from chatconform.targets.server import ServerTarget

__all__ = ["BadUrlError", "Limits", "ServerTarget", "Timeouts"]
