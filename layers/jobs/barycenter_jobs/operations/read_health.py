"""Tell how jobs are doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.health import JobHealth, health_of
from barycenter_jobs.core.jobs import JOBS, Job, job_named
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.recent_runs import cleanups, failures_in_a_row
from barycenter_jobs.core.schedules import Schedule
from barycenter_jobs.core.stores import ExecutionLog, JobControls

RECENT = 25  # how many runs of a job are looked at: more failures in a row are counted as so many


@dataclass(frozen=True)
class ReadHealth:
    """Reads the health of jobs, each by a few keys, however long the log is.

    `schedules` maps a job's name to its deployed schedule; `clock` tells the time in UTC. Dry runs and
    reconciling scans are runs, but neither successes nor failures of the job.
    """

    schedules: Mapping[str, Schedule]
    log: ExecutionLog
    controls: JobControls
    clock: Callable[[], datetime]

    def __call__(self, job_name: str | None = None) -> list[JobHealth]:
        """Return the health of every job, in the order of the documentation, or of the one with this name.

        Raises UnknownJob and StoreError.
        """
        jobs = JOBS if job_name is None else (job_named(job_name),)
        now = self.clock()
        alive = [each for each in self.log.running() if not each.is_dead(now)]
        return [self._health(job, alive, now) for job in jobs]

    def _health(self, job: Job, alive: Sequence[Execution], now: datetime) -> JobHealth:
        control, schedule = self.controls.of(job), self.schedules[job.name]
        recent = [each.as_of(now) for each in self.log.read(LogFilter(job.name), RECENT)]
        return health_of(
            job,
            schedule,
            now,
            watched_since=control.watched(schedule.expression, now),
            last_scheduled_start=control.last_scheduled_start,
            last_run=next((each for each in recent if each.status is not Status.RUNNING), None),
            last_success=self._last_success(job, recent),
            running=next((each for each in alive if each.job_name == job.name), None),
            consecutive_failures=failures_in_a_row(recent),
            paused=control.pause,
            resumed_at=control.resumed_at,
            recent=recent,
        )

    def _last_success(self, job: Job, recent: Sequence[Execution]) -> Execution | None:
        success = _success(recent)
        # Whoever fails for a day or two has no success among the latest runs; everybody else has.
        return success or _success(self.log.read(LogFilter(job.name, status=Status.SUCCESS), RECENT))


def _success(newest_first: Sequence[Execution]) -> Execution | None:
    return next((each for each in cleanups(newest_first) if each.status is Status.SUCCESS), None)
