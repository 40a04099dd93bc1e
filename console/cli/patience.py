"""Asking again while a server is gone, and saying so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from console.cli.exits import Gone
from console.cli.pace import Clock

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0

T = TypeVar("T")


class Patience:
    """Asks until there is an answer, `at_most` so many seconds; None is for ever.

    `tell` hears when the server is gone, and when it is back.
    """

    def __init__(self, clock: Clock, tell: Callable[[str], None], at_most: float | None = None) -> None:
        self._clock = clock
        self._tell = tell
        self._at_most = at_most

    def ask(self, question: Callable[[], T]) -> T:
        """Return the answer. Raises what `question` raises, Gone only when patience is over."""
        gone_at: float | None = None
        pause = _FIRST_PAUSE
        while True:
            try:
                answer = question()
            except Gone as error:
                now = self._clock.monotonic()
                if gone_at is None:
                    gone_at = now
                    self._tell(f"{error.message} Meanwhile this goes on asking.")
                elif self._at_most is not None and now - gone_at >= self._at_most:
                    raise
                self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                if gone_at is not None:
                    self._tell(f"There are answers again, after {self._clock.monotonic() - gone_at:.0f} s.")
                return answer
