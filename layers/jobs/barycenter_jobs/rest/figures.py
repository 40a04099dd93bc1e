"""Statistics: `/api/executions/stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barycenter_jobs.core.statistics import merged
from barycenter_jobs.rest.asked import Asked, json_response
from barycenter_jobs.rest.jobs_meant import jobs_meant
from barycenter_jobs.rest.records import figures, totals

if TYPE_CHECKING:
    from barycenter_jobs.http_messages import HttpResponse


def stats(asked: Asked) -> HttpResponse:
    """Answer with the figures of all jobs, or of those that are meant. Raises StoreError."""
    statistics = asked.operations.read_statistics()
    jobs = jobs_meant(asked.parameters)
    kept = {job: statistics.by_job[job.name] for job in jobs}
    return json_response(
        asked,
        {
            **totals(merged(kept.values())),
            "by_handler": {job.function: figures(each) for job, each in kept.items()},
            "by_job": {job.name: figures(each) for job, each in kept.items()},
            "lifetime": totals(merged(statistics.lifetime_by_job[job.name] for job in jobs)),
            # Documented as a number, and a log that nothing limits never fills up.
            "buffer_utilization": statistics.buffer_utilization or 0.0,
        },
    )
