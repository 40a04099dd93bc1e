"""How commands end: the exit statuses, and the failures that choose one.

ClickException                 click's own: one sentence on standard error, then the status
    NotDone                    1: there is an answer, and it is no
    Unreachable                3: no answer that could be used
        Gone                   it may come back: no connection, a cut one, throttled, a server's own failure
            Passing            a moment is enough
    Refused                it will not do so for us: credentials, permissions, another kind of server
"""

from __future__ import annotations

import click

DONE = 0
BAD = 1  # what was asked about is not well: a run failed, a job is late, the doctor has found something
UNREACHABLE = 3
SKIPPED = 4
CANCELLED = 5
STILL_RUNNING = 6
INTERRUPTED = 130  # after Ctrl-C, as shells have it: 128 and the signal's number

_OUTCOMES = {"success": DONE, "skipped": SKIPPED, "cancelled": CANCELLED, "running": STILL_RUNNING}


class NotDone(click.ClickException):
    """The answer is no; the message says what to do next."""

    exit_code = BAD


class Unreachable(click.ClickException):
    """What was asked gave no answer that could be used; the message says what to do next."""

    exit_code = UNREACHABLE


class Gone(Unreachable):
    """The same question may well be answered in a moment.

    `surely_undone` where it did not arrive, so that an act was not done.
    """

    def __init__(self, message: str, *, surely_undone: bool = False) -> None:
        super().__init__(message)
        self.surely_undone = surely_undone


class Passing(Gone):
    """Worth another attempt at once, or `after` so many seconds where the server said so."""

    def __init__(self, message: str, *, after: float | None = None, surely_undone: bool = False) -> None:
        super().__init__(message, surely_undone=surely_undone)
        self.after = after


class Refused(Unreachable):
    """Asking again would change nothing."""


def status_of(outcome: str) -> int:
    """Return the exit status for a run that ended so, or goes on."""
    return _OUTCOMES.get(outcome, BAD)
