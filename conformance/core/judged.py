"""What every result has in common, whatever was judged: what a baseline needs, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.failure import Sight


class Judged(Protocol):
    """A result that a baseline can be applied to."""

    @property
    def baseline(self) -> Applied | None:
        """What the baseline said, where there was one."""

    def sight(self) -> Sight:
        """What the run saw."""
