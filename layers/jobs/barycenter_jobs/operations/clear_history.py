"""Remove the records of finished runs because somebody asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import UnknownJob
from barycenter_jobs.core.executions import Request
from barycenter_jobs.core.jobs import job_named
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.statistics import FINAL_STATUSES
from barycenter_jobs.operations.prune_history import batches

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExecutionLog, History

# The ways in wait for less than half a minute; a batch takes some tens of milliseconds.
TIME_TO_CLEAR = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Cleared:
    """What came of it. Where not `success`, records may be left, and `message` says why."""

    success: bool
    message: str
    records_cleared: int = 0


@dataclass(frozen=True)
class ClearHistory:
    """Clears the history of one job or of all, a batch at a time. What is running keeps its record."""

    log: ExecutionLog
    history: History
    clock: Callable[[], datetime]
    time_to_clear: timedelta = TIME_TO_CLEAR

    def __call__(self, job_name: str | None, by: str | None, reason: str | None = None) -> Cleared:
        """Remove what has finished of all that started before this was asked, and say how much that was.

        Who asked, when and why is recorded first, and each batch adds its number to that. What there was no
        time for is left, and goes when this is asked again. An unknown job is answered with `success` false.
        Raises StoreError; what was removed until then stays removed, and accounted for.
        """
        try:
            name = None if job_name is None else job_named(job_name).name
        except UnknownJob as error:
            return Cleared(success=False, message=str(error))
        asked_at = self.clock()
        clearing = self.history.begin_clearing(Request(asked_at, by, reason), name)
        removed = 0
        for status in FINAL_STATUSES:
            for batch in batches(self.log, LogFilter(name, status=status, until=asked_at)):
                if self.clock() >= asked_at + self.time_to_clear:
                    message = f"Cleared {removed} records and ran out of time: ask again for what is left"
                    return Cleared(success=False, message=message, records_cleared=removed)
                removed += self.history.remove(batch, clearing)
        return Cleared(success=True, message="Execution history cleared", records_cleared=removed)
