"""Remove the records that have been kept for long enough, before the table's TTL does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.core.retention import REMOVED_AT_ONCE, Retention
from barycenter_jobs.core.statistics import FINAL_STATUSES

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExecutionLog, History

# What one call removes at the most: some seconds' worth. Four jobs make a few hundred records a day.
MOST_AT_ONCE = 40 * REMOVED_AT_ONCE


@dataclass(frozen=True)
class PruneHistory:
    """Removes records whose retention is over and, with `max_records`, the oldest that are too many.

    Reads only records that it is going to remove, and those of runs that are under way among the oldest.
    """

    log: ExecutionLog
    history: History
    clock: Callable[[], datetime]
    retention: Retention
    max_records: int | None = None
    most: int = MOST_AT_ONCE

    def __call__(self) -> int:
        """Remove up to `most` records and return how many; of so many there may be more.

        Raises StoreError.
        """
        now = self.clock()
        removed = 0
        for batch in self._due(now):
            removed += self.history.remove(batch[: self.most - removed])
            if removed >= self.most:
                return removed
        return removed + self._removed_beyond_the_buffer(now, self.most - removed)

    def _due(self, now: datetime) -> Iterator[Sequence[Execution]]:
        for status in FINAL_STATUSES:
            until = self.retention.started_before(status, now)
            yield from batches(self.log, LogFilter(status=status, until=until))

    def _removed_beyond_the_buffer(self, now: datetime, most: int) -> int:
        if self.max_records is None:
            return 0
        too_many = sum(self.log.statistics(job.name).total for job in JOBS) - self.max_records
        wanted = min(too_many, most)
        removed = 0
        if wanted <= 0:
            return 0
        for batch in batches(self.log, LogFilter(until=now)):
            finished = [each for each in batch if each.status is not Status.RUNNING]
            removed += self.history.remove(finished[: wanted - removed])
            if removed >= wanted:
                break
        return removed


def batches(log: ExecutionLog, log_filter: LogFilter) -> Iterator[Sequence[Execution]]:
    """Yield the executions that the filter lets through, the earliest started first, in batches to remove."""
    after = None
    while batch := log.read(log_filter, REMOVED_AT_ONCE, order=Order.OLDEST_FIRST, after=after):
        yield batch
        after = Position.of(batch[-1])
