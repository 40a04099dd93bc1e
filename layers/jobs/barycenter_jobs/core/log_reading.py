"""Which executions to read, in which order, and from where on."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from barycenter_jobs.core.errors import InvalidCursor, InvalidLimit
from barycenter_jobs.core.executions import FAILURES, Execution, Status
from barycenter_jobs.core.timestamps import parsed, sortable

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_LONGEST_NAME = 255


class Order(StrEnum):
    """By when executions started."""

    NEWEST_FIRST = "desc"
    OLDEST_FIRST = "asc"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an execution stands in the log: by its start and, of those that started together, by its id."""

    started_at: datetime
    id: int

    @classmethod
    def of(cls, execution: Execution) -> Position:
        """Return where an execution stands."""
        return cls(execution.started_at, execution.id)

    @classmethod
    def at_cursor(cls, cursor: str) -> Position:
        """Return the position that a cursor names. Raises InvalidCursor for a text that is none."""
        try:
            text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise InvalidCursor from None
        match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)#(\d{12})", text)
        if match is None:
            raise InvalidCursor
        try:
            return cls(parsed(match[1]), int(match[2]))
        except ValueError:
            raise InvalidCursor from None

    @property
    def cursor(self) -> str:
        """The position as clients hand it back: a text that means nothing to them."""
        return base64.urlsafe_b64encode(str(self).encode()).decode()

    def __str__(self) -> str:
        """Return a text whose alphabetical order is that of positions."""
        return f"{sortable(self.started_at)}#{self.id:012d}"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which executions to read; all that is given applies.

    Of one job, failures only, in one state, started at `since` or later, and earlier than `until`. Each of
    these is a key of the log: reading by them reads nothing else.
    """

    job_name: str | None = None
    only_failures: bool = False
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def can_find(self) -> bool:
        """Whether there can be any such execution. A store may refuse a key that can be nobody's name."""
        name = self.job_name
        return name is None or (0 < len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable())

    def lets_through(self, execution: Execution) -> bool:
        """Return whether the filter lets an execution through."""
        return (
            (self.job_name is None or execution.job_name == self.job_name)
            and (not self.only_failures or execution.status in FAILURES)
            and (self.status is None or execution.status is self.status)
            and (self.since is None or execution.started_at >= self.since)
            and (self.until is None or execution.started_at < self.until)
        )


def checked_limit(limit: int | None, default: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> int:
    """Return how many records to read, `default` where nothing was asked.

    Raises InvalidLimit for a number outside 1 to `most`.
    """
    if limit is None:
        return default
    if not 1 <= limit <= most:
        raise InvalidLimit(f"limit must be between 1 and {most}, not {limit}")
    return limit
