"""A server put through generated requests, as one hypothesis test: it shrinks what fails, and remembers it.

    pytest --pyargs chatconform.suites --chatconform-url http://localhost:8000/v1 --chatconform-fuzz

How many requests are drawn, the database of what failed and `--hypothesis-seed` are hypothesis' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from chatconform.suites.fuzzed import probes

if TYPE_CHECKING:
    from chatconform.run.probes import Probe
    from chatconform.suites.fuzzed import FuzzedServer


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(probe=probes())
def test_server_fuzz(chatconform_fuzzed: FuzzedServer, probe: Probe) -> None:
    """No request, however odd, makes the server break a rule or fall."""
    __tracebackhide__ = True
    chatconform_fuzzed.ask(probe)
