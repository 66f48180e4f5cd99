"""The command `chatconform`: one module a command, nothing but arguments in and exit status out."""

from chatconform.frontends.cli.entry import main

__all__ = ["main"]
