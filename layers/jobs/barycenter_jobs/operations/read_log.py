"""Read the execution log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from barycenter_jobs.core.executions import Execution, LogFilter, Status, checked_limit
from barycenter_jobs.core.stores import ExecutionLog


@dataclass(frozen=True)
class ReadLog:
    """Reads the log, newest first; `clock` tells the time in UTC.

    A run that has died is shown as the timeout that it is, although nobody has closed its record yet.
    """

    log: ExecutionLog
    clock: Callable[[], datetime]

    def __call__(self, log_filter: LogFilter, limit: int | None = None) -> list[Execution]:
        """Return the latest executions that the filter lets through, 100 where no limit is given.

        Raises InvalidLimit for a limit outside 1 to 1000, and StoreError.
        """
        limit, now = checked_limit(limit), self.clock()
        found = [each.as_of(now) for each in self.log.newest(log_filter, limit)]
        known = {each.id for each in found}
        # Only the index of what is running holds them: those of failures get to know a run when it is closed.
        dead = [each.as_of(now) for each in self._running(log_filter) if each.id not in known]
        shown = [each for each in (*found, *dead) if log_filter.lets_through(each)]
        return sorted(shown, key=lambda each: (each.started_at, each.id), reverse=True)[:limit]

    def one(self, execution_id: int) -> Execution | None:
        """Return the execution with this id, None where there is none. Raises StoreError."""
        execution = self.log.get(execution_id)
        return None if execution is None else execution.as_of(self.clock())

    def _running(self, log_filter: LogFilter) -> list[Execution]:
        if not log_filter.only_failures and log_filter.status is not Status.TIMEOUT:
            return []
        return self.log.running()
