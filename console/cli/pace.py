"""The clock of a command, and the ceilings that it keeps to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from barycenter_jobs.core.pacing import TokenBucket

INTERRUPTED = 130  # a command's exit status after Ctrl-C, as shells have it: 128 and the signal's number


@dataclass(frozen=True, slots=True)
class Clock:
    """What tells a command the seconds since any start, and what lets some pass."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def ceiling(self, units_per_second: int) -> TokenBucket | None:
        """Return a ceiling on the units consumed, None for 0."""
        return TokenBucket(units_per_second, self.monotonic, self.sleep) if units_per_second else None
