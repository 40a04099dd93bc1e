"""Tell what has expired and what will, by age."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.backlog import (
    JobBacklog,
    backlog_of,
    expired_spans,
    expiring_spans,
    not_indexed,
)
from barycenter_jobs.core.jobs import JOBS, Job, job_named

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExpiryIndex

MOST_COUNTED = 100_000  # rows of one table: about 1,250 read units
SECONDS_FOR_ALL = 8.0


@dataclass(frozen=True)
class ReadBacklog:
    """Counts rows in the expiry indexes; `index_of` tells a job's name that of its table.

    `clock` tells the time in UTC, `monotonic` seconds that only go up. What `most_counted` rows of a table or
    `seconds` for all of them do not suffice for is counted as far as they go, and is not exact.
    """

    index_of: Callable[[str], ExpiryIndex]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    most_counted: int = MOST_COUNTED
    seconds: float = SECONDS_FOR_ALL

    def __call__(self, job_name: str | None = None, *, expiring: bool = False) -> list[JobBacklog]:
        """Return the backlog of every job, in the order of the documentation, or of the one with this name.

        What is going to expire is counted too if it is asked for. Raises UnknownJob and StoreError.
        """
        jobs = JOBS if job_name is None else (job_named(job_name),)
        started = self.monotonic()
        share = self.seconds / len(jobs)
        return [
            self._backlog(job, started + share * number, expiring=expiring)
            for number, job in enumerate(jobs, 1)
        ]

    def _backlog(self, job: Job, until: float, *, expiring: bool) -> JobBacklog:
        second = int(self.clock().timestamp())
        spans = expired_spans(second) + (expiring_spans(second) if expiring else [])
        index = self.index_of(job.name)
        counts = index.count(spans, self.most_counted, lambda: self.monotonic() < until)
        if counts is None:
            return not_indexed(job)
        has_expired = any(each.rows or not each.exact for each in counts[: len(expired_spans(second))])
        return backlog_of(job, counts, index.earliest(second) if has_expired else None)
