"""Which jobs there are, with the schedules that are really deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.jobs import JOBS, Job

if TYPE_CHECKING:
    from barycenter_jobs.core.schedules import Schedule


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job and when it runs by itself."""

    job: Job
    schedule: Schedule


@dataclass(frozen=True)
class ListJobs:
    """Lists jobs. `schedules` maps a job's name to its deployed schedule."""

    schedules: Mapping[str, Schedule]

    def __call__(self) -> list[ScheduledJob]:
        """Return every job, in the order of the documentation."""
        return [ScheduledJob(job, self.schedules[job.name]) for job in JOBS]
