"""Close the records of runs that died with their function."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import StoreError

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution
    from barycenter_jobs.core.stores import ExecutionLog

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CloseDeadRuns:
    """Closes every run whose lease has ended; `clock` tells the time in UTC."""

    log: ExecutionLog
    clock: Callable[[], datetime]

    def __call__(self) -> list[Execution]:
        """Close them as timeouts and return them as they were closed.

        A run that has given a sign of life meanwhile is not among them, nor is one that the store would not
        let close: that is tried again the next time. Raises StoreError when the log cannot be read.
        """
        now = self.clock()
        return [dead.given_up() for dead in self.log.running() if dead.is_dead(now) and self._closed(dead)]

    def _closed(self, dead: Execution) -> bool:
        told = {"executionId": str(dead.id), "jobName": dead.job_name}
        try:
            closed = self.log.close(dead)
        except StoreError as error:
            logger.warning("dead run not closed", extra={**told, "error": str(error)})
            return False
        if closed:
            logger.warning("dead run closed", extra={**told, "workerId": dead.worker})
        return closed
