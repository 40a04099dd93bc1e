"""Tell others of every run that has come to an end."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import RunNotTold
from barycenter_jobs.core.jobs import job_named
from barycenter_jobs.core.metrics import Measurement

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution
    from barycenter_jobs.core.stores import JobMetrics, RunEvents

logger = logging.getLogger(__name__)

NOT_TOLD = "RunsNotTold"


@dataclass(frozen=True)
class TellOfRuns:
    """Tells whoever listens to `events`; what could not be told is counted in `metrics`."""

    events: RunEvents
    metrics: JobMetrics

    def __call__(self, execution: Execution) -> None:
        """Tell of a finished execution. Its record stands, told of or not, so that nothing fails for it."""
        try:
            self.events.tell(execution)
        except RunNotTold as error:
            told = {"executionId": str(execution.id), "jobName": execution.job_name}
            logger.warning("finished run not told of", extra={**told, "error": str(error)})
            self.metrics.show(job_named(execution.job_name), [Measurement(NOT_TOLD, "Count", 1)])
