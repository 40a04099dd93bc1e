"""Read the execution log."""

from __future__ import annotations

from dataclasses import dataclass

from barycenter_jobs.core.executions import Execution, LogFilter, checked_limit
from barycenter_jobs.core.stores import ExecutionLog


@dataclass(frozen=True)
class ReadLog:
    """Reads the log, newest first."""

    log: ExecutionLog

    def __call__(self, log_filter: LogFilter, limit: int | None = None) -> list[Execution]:
        """Return the latest executions that the filter lets through, 100 where no limit is given.

        Raises InvalidLimit for a limit outside 1 to 1000, and StoreError.
        """
        return self.log.newest(log_filter, checked_limit(limit))
