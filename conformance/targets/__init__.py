"""Targets: all the network there is. `server` asks a server over our own wire, so that any request can be made.

`app_target` asks an app in this process in the same way.
"""

from chatconform.targets.address import BadUrlError
from chatconform.targets.app import App
from chatconform.targets.bounds import Limits, Timeouts
from chatconform.targets.server import ServerTarget

__all__ = ["App", "BadUrlError", "Limits", "ServerTarget", "Timeouts"]
