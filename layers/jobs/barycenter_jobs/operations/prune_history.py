"""Remove the records that have been kept for long enough, before the table's TTL does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from barycenter_jobs.core.executions import Execution, LogFilter, Status
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.retention import REMOVED_AT_ONCE, Retention
from barycenter_jobs.core.statistics import FINAL_STATUSES
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
            yield from self._batches(LogFilter(status=status), self.retention.started_before(status, now))

    def _removed_beyond_the_buffer(self, now: datetime, most: int) -> int:
        if self.max_records is None:
            return 0
        too_many = sum(self.log.statistics(job.name).total for job in JOBS) - self.max_records
        wanted = min(too_many, most)
        removed = 0
        if wanted <= 0:
            return 0
        for batch in self._batches(LogFilter(), now):
            finished = [each for each in batch if each.status is not Status.RUNNING]
            removed += self.history.remove(finished[: wanted - removed])
            if removed >= wanted:
                break
        return removed

    def _batches(self, log_filter: LogFilter, started_before: datetime) -> Iterator[Sequence[Execution]]:
        batch = self.history.oldest(log_filter, started_before, REMOVED_AT_ONCE)
        while batch:
            yield batch
            batch = self.history.oldest(log_filter, started_before, REMOVED_AT_ONCE, after=batch[-1])
