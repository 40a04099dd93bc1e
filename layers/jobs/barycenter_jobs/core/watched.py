"""What the watchdog did and saw in one minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.metrics import Measurement
from barycenter_jobs.core.recent_runs import (
    backlog_grew,
    backlog_rows,
    breaker_tripped,
    failures_in_a_row,
    quarantined_rows,
)

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution
    from barycenter_jobs.core.health import JobHealth
    from barycenter_jobs.core.jobs import Job


@dataclass(frozen=True, slots=True)
class Watched:
    """The dead runs that were closed, how every job is doing after that, and how many records were pruned.

    `recent` are the latest runs of each job by its name, the newest first.
    """

    closed: Sequence[Execution]
    health: Sequence[JobHealth]
    recent: Mapping[str, Sequence[Execution]]
    pruned: int = 0


def measurements(watched: Watched, job: Job, now: datetime) -> list[Measurement]:
    """Return the metrics of one job.

    A job that is in time is 0 seconds late, so that an alarm always has something to compare. One that has
    never succeeded has no SecondsSinceLastSuccess, and one of which no run knows what it left no BacklogRows.
    ConsecutiveFailures are of events that Lambda will not repeat any more: nobody need be woken for an
    attempt that the next one makes good.
    """
    health = next(each for each in watched.health if each.job == job)
    recent = watched.recent[job.name]
    late = 0.0 if health.late_by is None else health.late_by.total_seconds()
    closed = sum(each.job_name == job.name for each in watched.closed)
    made = [
        Measurement("LateSeconds", "Seconds", late),
        Measurement("ConsecutiveFailures", "Count", failures_in_a_row(recent, now)),
        Measurement("RunningMinutes", "Count", _running_minutes(health.running, now)),
        Measurement("Paused", "Count", float(health.paused is not None)),
        Measurement("DeadRunsClosed", "Count", closed),
        Measurement("BreakerTripped", "Count", float(breaker_tripped(recent))),
        Measurement("QuarantinedRows", "Count", quarantined_rows(recent)),
        Measurement("BacklogGrew", "Count", backlog_grew(recent)),
    ]
    backlog = backlog_rows(recent)
    if backlog is not None:
        made.append(Measurement("BacklogRows", "Count", backlog))
    if health.last_success is not None:
        ended_at = health.last_success.completed_at or health.last_success.started_at
        made.append(Measurement("SecondsSinceLastSuccess", "Seconds", _seconds(ended_at, now)))
    return made


def _running_minutes(running: Execution | None, now: datetime) -> float:
    """Return since when a run is under way, 0 while none is."""
    # One that has just begun is told from none.
    return 0.0 if running is None else max(_seconds(running.started_at, now), 1.0) / 60


def _seconds(since: datetime, now: datetime) -> float:
    # Never negative: the clock that wrote the record may be ahead of this one.
    return max((now - since).total_seconds(), 0.0)
