"""The clock of a command, and the ceilings that it keeps to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from barycenter_jobs.core.pacing import TokenBucket


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """What tells a command the seconds since any start, lets some pass, and tells the time of day in UTC."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _now

    def ceiling(self, units_per_second: int) -> TokenBucket | None:
        """Return a ceiling on the units consumed, None for 0."""
        return TokenBucket(units_per_second, self.monotonic, self.sleep) if units_per_second else None
