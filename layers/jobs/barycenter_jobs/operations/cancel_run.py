"""Ask a run that is under way to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import ExecutionAlreadyFinished, UnknownExecution
from barycenter_jobs.core.executions import Request
from barycenter_jobs.core.timestamps import iso

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExecutionLog

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What came of it. `success` says that the run was asked to stop, now or before.

    `job_name` is None where there is no such run, or it has ended.
    """

    success: bool
    message: str
    execution_id: int
    job_name: str | None = None


@dataclass(frozen=True)
class CancelRun:
    """Asks runs to stop; `clock` tells the time in UTC."""

    log: ExecutionLog
    clock: Callable[[], datetime]

    def __call__(self, execution_id: int, by: str | None, reason: str | None = None) -> Cancelled:
        """Ask the run to stop, and say what that comes to.

        It hears of it at its next sign of life, and ends as `cancelled` with an account of what it did. A run
        that nobody knows, has ended or has died is answered with `success` false. Raises StoreError.
        """
        request = Request(self.clock(), by, reason)
        try:
            execution = self.log.cancel(execution_id, request)
        except (UnknownExecution, ExecutionAlreadyFinished) as error:
            return Cancelled(success=False, message=str(error), execution_id=execution_id)
        which = f"Execution {execution_id} of {execution.job_name}"
        standing = execution.cancel or request
        if execution.is_dead(request.at):
            message = f"{which} has died, and its record is about to be closed: there is nobody to stop"
        elif standing != request:
            message = f"{which} was asked to stop already, at {iso(standing.at)} by {standing}"
        else:
            told = {"executionId": str(execution_id), "jobName": execution.job_name}
            logger.info("run asked to stop", extra={**told, "by": by, "reason": reason})
            message = f"{which} is asked to stop, and does so within seconds"
        return Cancelled(
            success=not execution.is_dead(request.at),
            message=message,
            execution_id=execution_id,
            job_name=execution.job_name,
        )
