"""chatconform: the conformance kit for `POST /chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatconform.core.ask import Ask as Ask
    from chatconform.core.baseline import BaselineError as BaselineError
    from chatconform.core.case import Case as Case
    from chatconform.core.case import Situation as Situation
    from chatconform.core.case import case as case
    from chatconform.core.exchange import Exchange as Exchange
    from chatconform.core.exchange import Request as Request
    from chatconform.core.exchange import Response as Response
    from chatconform.core.naming import PluginError as PluginError
    from chatconform.core.naming import UnknownIdError as UnknownIdError
    from chatconform.core.rule import Finding as Finding
    from chatconform.core.rule import Inconclusive as Inconclusive
    from chatconform.core.rule import Level as Level
    from chatconform.core.rule import Part as Part
    from chatconform.core.rule import Rule as Rule
    from chatconform.core.rule import rule as rule
    from chatconform.core.run_result import RunResult as RunResult
    from chatconform.core.scenario_result import ClientRunResult as ClientRunResult
    from chatconform.core.validation_result import ValidationResult as ValidationResult
    from chatconform.run.adapter import AdapterError as AdapterError
    from chatconform.run.assertions import assert_conversation as assert_conversation
    from chatconform.run.assertions import assert_request as assert_request
    from chatconform.run.assertions import assert_response as assert_response
    from chatconform.run.assertions import assert_stream as assert_stream
    from chatconform.run.client_checking import check_client as check_client
    from chatconform.run.proving import assert_rule as assert_rule
    from chatconform.run.reach import CannotCheckError as CannotCheckError
    from chatconform.run.recordings import validate as validate
    from chatconform.run.server import check as check
    from chatconform.targets.app import App as App

    __version__: str

__all__ = [
    "AdapterError",
    "App",
    "Ask",
    "BaselineError",
    "CannotCheckError",
    "Case",
    "ClientRunResult",
    "Exchange",
    "Finding",
    "Inconclusive",
    "Level",
    "Part",
    "PluginError",
    "Request",
    "Response",
    "Rule",
    "RunResult",
    "Situation",
    "UnknownIdError",
    "ValidationResult",
    "__version__",
    "assert_conversation",
    "assert_request",
    "assert_response",
    "assert_rule",
    "assert_stream",
    "case",
    "check",
    "check_client",
    "rule",
    "validate",
]

_HOMES = {
    "AdapterError": "chatconform.run.adapter",
    "BaselineError": "chatconform.core.baseline",
    "App": "chatconform.targets.app",
    "Ask": "chatconform.core.ask",
    "CannotCheckError": "chatconform.run.reach",
    "Case": "chatconform.core.case",
    "ClientRunResult": "chatconform.core.scenario_result",
    "Exchange": "chatconform.core.exchange",
    "Finding": "chatconform.core.rule",
    "Inconclusive": "chatconform.core.rule",
    "Level": "chatconform.core.rule",
    "Part": "chatconform.core.rule",
    "PluginError": "chatconform.core.naming",
    "Request": "chatconform.core.exchange",
    "Response": "chatconform.core.exchange",
    "Rule": "chatconform.core.rule",
    "RunResult": "chatconform.core.run_result",
    "Situation": "chatconform.core.case",
    "UnknownIdError": "chatconform.core.naming",
    "ValidationResult": "chatconform.core.validation_result",
    "assert_conversation": "chatconform.run.assertions",
    "assert_request": "chatconform.run.assertions",
    "assert_response": "chatconform.run.assertions",
    "assert_rule": "chatconform.run.proving",
    "assert_stream": "chatconform.run.assertions",
    "case": "chatconform.core.case",
    "check": "chatconform.run.server",
    "check_client": "chatconform.run.client_checking",
    "rule": "chatconform.core.rule",
    "validate": "chatconform.run.recordings",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first asked for: a command that needs little starts at once."""
    if name == "__version__":
        from importlib.metadata import version

        return version("chatconform")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
