"""What the watchdog did and saw in one minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from barycenter_jobs.core.executions import Execution
from barycenter_jobs.core.health import JobHealth
from barycenter_jobs.core.jobs import Job


@dataclass(frozen=True, slots=True)
class Watched:
    """The dead runs that were closed, how every job is doing after that, and how many records were pruned."""

    closed: Sequence[Execution]
    health: Sequence[JobHealth]
    pruned: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of a job. `unit` is CloudWatch's word for it."""

    name: str
    unit: str
    value: float


def measurements(watched: Watched, job: Job, now: datetime) -> list[Measurement]:
    """Return the metrics of one job.

    A job that is in time is 0 seconds late, so that an alarm always has something to compare. One that has
    never succeeded has no SecondsSinceLastSuccess.
    """
    health = next(each for each in watched.health if each.job == job)
    late = 0.0 if health.late_by is None else health.late_by.total_seconds()
    closed = sum(each.job_name == job.name for each in watched.closed)
    made = [
        Measurement("LateSeconds", "Seconds", late),
        Measurement("ConsecutiveFailures", "Count", health.consecutive_failures),
        Measurement("Running", "Count", float(health.running is not None)),
        Measurement("Paused", "Count", float(health.paused is not None)),
        Measurement("DeadRunsClosed", "Count", closed),
    ]
    if health.last_success is not None:
        ended_at = health.last_success.completed_at or health.last_success.started_at
        # Never negative: the clock that wrote the record may be ahead of this one.
        since = max((now - ended_at).total_seconds(), 0.0)
        made.append(Measurement("SecondsSinceLastSuccess", "Seconds", since))
    return made
