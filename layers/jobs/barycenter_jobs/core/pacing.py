"""How long to wait before asking again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, after AWS's "Exponential backoff and jitter".

    `random` returns a number from 0 up to 1; `sleep` waits that many seconds. Both are handed in, so
    that a test can be exact and instant.
    """

    sleep: Callable[[float], None]
    random: Callable[[], float]
    attempts: int = 8
    base_seconds: float = 0.05
    cap_seconds: float = 5.0

    def wait(self, attempt: int) -> None:
        """Wait before the attempt that follows attempt number `attempt`, counted from 0."""
        self.sleep(self.random() * min(self.cap_seconds, self.base_seconds * 2**attempt))
