"""CloudWatch metrics in the embedded metric format: a line of JSON in the function's log, and no request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import EphemeralMetrics

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.metrics import Measurement

NAMESPACE = "BarycenterJobs"


class EmbeddedMetrics:
    """Shows measurements as metrics of two dimensions, the job and the stack that it belongs to.

    Stacks beside each other in one account are told apart, and there are only as many metrics as jobs.
    """

    def __init__(self, stack: str) -> None:
        self._stack = stack

    def show(self, job: Job, measurements: Sequence[Measurement]) -> None:
        """Show the measurements of one job. See `JobMetrics`."""
        # Powertools would add a service as a second dimension, and alarms would have to name it too.
        metrics = EphemeralMetrics(namespace=NAMESPACE, service="")
        metrics.add_dimension("job", job.name)
        metrics.add_dimension("stack", self._stack)
        for each in measurements:
            metrics.add_metric(each.name, each.unit, each.value)
        metrics.flush_metrics()
