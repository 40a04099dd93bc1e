"""What has expired and what will, by age, as counts of rows and nothing else of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND
from barycenter_jobs.core.spans import NO_ROWS, Count, Span, total

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job


@dataclass(frozen=True, slots=True)
class Expired:
    """Rows that have expired, by how long ago that was."""

    within_1_hour: Count = NO_ROWS
    within_24_hours: Count = NO_ROWS
    within_7_days: Count = NO_ROWS
    longer_ago: Count = NO_ROWS

    @property
    def total(self) -> Count:
        """All of them."""
        return total([self.longer_ago, self.within_7_days, self.within_24_hours, self.within_1_hour])


@dataclass(frozen=True, slots=True)
class Expiring:
    """Rows that live, by how soon they will expire."""

    within_1_hour: Count = NO_ROWS
    within_24_hours: Count = NO_ROWS
    within_7_days: Count = NO_ROWS
    later: Count = NO_ROWS


@dataclass(frozen=True, slots=True)
class JobBacklog:
    """What one job's table holds, as far as its expiry index shows it. No row is in two counts.

    `by_age` tells more of what has `expired`. `expiring` is None where nobody asked. Where the table is not
    `indexed`, nobody has counted: there may be any number of rows.
    """

    job: Job
    expired: Backlog
    by_age: Expired = Expired()
    expiring: Expiring | None = None
    indexed: bool = True


_HOUR, _DAY, _WEEK = (
    int(each.total_seconds()) for each in (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
)


def expired_spans(second: int) -> list[Span]:
    """Return the spans of what has expired at an epoch second, the longest ago first."""
    return [
        Span(second - _WEEK),
        Span(second - _DAY, second - _WEEK),
        Span(second - _HOUR, second - _DAY),
        Span(second, second - _HOUR),
    ]


def expiring_spans(second: int) -> list[Span]:
    """Return the spans of what is going to expire after an epoch second, the soonest first."""
    return [
        Span(second + _HOUR, second),
        Span(second + _DAY, second + _HOUR),
        Span(second + _WEEK, second + _DAY),
        Span(FIRST_IMPLAUSIBLE_SECOND, second + _WEEK),
    ]


def backlog_of(job: Job, counts: Sequence[Count], oldest: datetime | None) -> JobBacklog:
    """Return what counts of `expired_spans`, and of `expiring_spans` where they follow, say of a job."""
    longer_ago, within_7_days, within_24_hours, within_1_hour, *ahead = counts
    expired = Expired(within_1_hour, within_24_hours, within_7_days, longer_ago)
    return JobBacklog(
        job,
        Backlog(expired.total.rows, oldest, exact=expired.total.exact),
        expired,
        Expiring(*ahead) if ahead else None,
    )


def not_indexed(job: Job) -> JobBacklog:
    """Return what is known of a job whose table has no expiry index: nothing."""
    nobody = Count(exact=False)
    by_age = Expired(nobody, nobody, nobody, nobody)
    return JobBacklog(job, Backlog(exact=False), by_age, indexed=False)
