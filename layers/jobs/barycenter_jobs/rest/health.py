"""For probes: `/health` says whether the API works, `/health/jobs` whether the jobs do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barycenter_jobs.core.health import HealthState, JobHealth
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.rest.asked import Asked, json_response
from barycenter_jobs.rest.clearing import NO_STORE
from barycenter_jobs.rest.jobs_meant import job_named_by
from barycenter_jobs.rest.problems import Kind, Refused
from barycenter_jobs.rest.records import time

if TYPE_CHECKING:
    from barycenter_jobs.http_messages import HttpResponse

UNHEALTHY = (HealthState.LATE, HealthState.FAILING)


def health(asked: Asked) -> HttpResponse:
    """Answer once the log could be read, whatever it says of the jobs. Raises StoreError."""
    asked.operations.read_log(LogFilter(), 1)
    return json_response(asked, {"status": "ok", "execution_log": "readable"}, cache_control=NO_STORE)


def jobs(asked: Asked) -> HttpResponse:
    """Answer with how the jobs are doing. Raises Refused where one is late or failing, and StoreError."""
    found = asked.operations.read_health(job_named_by(asked.parameters))
    told = [_job(each) for each in found]
    unhealthy = [f"{each.job.name} is {each.state}" for each in found if each.state in UNHEALTHY]
    if unhealthy:
        raise Refused(Kind.JOBS_UNHEALTHY, "; ".join(unhealthy), jobs=told)
    return json_response(asked, {"status": "ok", "jobs": told}, cache_control=NO_STORE)


def _job(health: JobHealth) -> dict[str, object]:
    late = health.late_by
    return {
        "job_id": health.job.name,
        "handler_id": health.job.function,
        "state": health.state.value,
        "late_seconds": None if late is None else int(late.total_seconds()),
        "consecutive_failures": health.consecutive_failures,
        "next_due_at": time(health.next_due),
        "last_success_at": None if health.last_success is None else time(health.last_success.completed_at),
    }
