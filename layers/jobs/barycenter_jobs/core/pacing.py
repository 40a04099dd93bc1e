"""How fast to ask: waiting before asking again, a ceiling on write units, and how many requests at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, after AWS's "Exponential backoff and jitter".

    `random` returns a number from 0 up to 1; `sleep` waits that many seconds. Both are handed in, so
    that a test can be exact and instant.
    """

    sleep: Callable[[float], None]
    random: Callable[[], float]
    attempts: int = 20
    base_seconds: float = 0.05
    cap_seconds: float = 5.0

    def wait(self, attempt: int) -> None:
        """Wait before the attempt that follows attempt number `attempt`, counted from 0."""
        self.sleep(self.random() * min(self.cap_seconds, self.base_seconds * 2**attempt))


class TokenBucket:
    """A ceiling on consumed units a second, for any number of threads.

    What a request consumes is known only afterwards, so the bucket may go into debt: whoever comes next waits
    until it is paid. Over any time the units stay below `per_second` times that time, plus one second's
    worth and the requests that were under way. `monotonic` tells seconds from any start.
    """

    def __init__(
        self, per_second: float, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._balance = per_second
        self._at = monotonic()
        self._lock = Lock()

    def wait(self, time_is_left: Callable[[], bool]) -> bool:
        """Return True as soon as a request may be sent, False when time runs out before."""
        while True:
            with self._lock:
                now = self._monotonic()
                self._balance = min(self._per_second, self._balance + (now - self._at) * self._per_second)
                self._at = now
                debt = -self._balance
            if debt <= 0:
                return True
            if not time_is_left():
                return False
            # A millisecond at least: a debt too small to move a clock would be waited for in vain.
            self._sleep(min(max(debt / self._per_second, 0.001), 1.0))

    def consumed(self, units: float) -> None:
        """Take what a request has consumed."""
        with self._lock:
            self._balance -= units


class Concurrency:
    """How many requests may be under way: halved when the store throttles, one more after as many successes.

    Additive increase and multiplicative decrease, as in TCP's congestion avoidance (RFC 5681).
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._allowed = float(most)
        self._under_way = 0
        self._changed = Condition()

    @property
    def allowed(self) -> int:
        """How many requests may be under way now."""
        return int(self._allowed)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the allowed places, waiting for it where there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.allowed)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def throttled(self) -> None:
        """Take note of a throttled request."""
        with self._changed:
            self._allowed = max(1.0, self._allowed / 2)

    def succeeded(self) -> None:
        """Take note of a request that was not throttled."""
        with self._changed:
            self._allowed = min(self._most, self._allowed + 1 / self._allowed)
            self._changed.notify_all()
