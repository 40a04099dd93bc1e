"""Tell how jobs are doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.health import JobHealth, health_of
from barycenter_jobs.core.jobs import JOBS, Job, job_named
from barycenter_jobs.core.log_reading import LogFilter, Position
from barycenter_jobs.core.recent_runs import cleanups, failures_in_a_row

if TYPE_CHECKING:
    from barycenter_jobs.core.controls import Control
    from barycenter_jobs.core.schedules import Schedule
    from barycenter_jobs.core.stores import ExecutionLog, JobControls

RECENT = 25  # how many runs of a job are looked at: more failures in a row are counted as so many
_FIRST_FEW = 5  # of them, which is enough unless the job fails: each that is read takes time


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
        return [health for health, _ in self._each(jobs, _FIRST_FEW)]

    def with_recent_runs(self) -> list[tuple[JobHealth, Sequence[Execution]]]:
        """Return the health of every job, each with its `RECENT` latest runs, the newest first.

        Raises StoreError.
        """
        return [(health, list(runs)) for health, runs in self._each(JOBS, RECENT)]

    def _each(self, jobs: Sequence[Job], at_first: int) -> Iterator[tuple[JobHealth, _RecentRuns]]:
        now = self.clock()
        alive = [each for each in self.log.running() if not each.is_dead(now)]
        for job, control in zip(jobs, self.controls.of_each(jobs), strict=True):
            recent = _RecentRuns(self.log, job, now, at_first)
            running = next((each for each in alive if each.job_name == job.name), None)
            yield self._health(job, control, recent, running, now), recent

    def _health(
        self, job: Job, control: Control, recent: _RecentRuns, running: Execution | None, now: datetime
    ) -> JobHealth:
        schedule = self.schedules[job.name]
        return health_of(
            job,
            schedule,
            now,
            watched_since=control.watched(schedule.expression, now),
            last_scheduled_start=control.last_scheduled_start,
            last_run=next((each for each in recent if each.status is not Status.RUNNING), None),
            last_success=self._last_success(job, recent),
            running=running,
            consecutive_failures=failures_in_a_row(recent),
            paused=control.pause,
            resumed_at=control.resumed_at,
        )

    def _last_success(self, job: Job, recent: _RecentRuns) -> Execution | None:
        success = _success(recent)
        # Whoever fails for a day or two has no success among the latest runs; everybody else has.
        return success or _success(self.log.read(LogFilter(job.name, status=Status.SUCCESS), RECENT))


@dataclass
class _RecentRuns:
    """The `RECENT` latest runs of a job, the newest first, as they are at `now`.

    `at_first` of them are read when somebody looks at them, and the others when that is not enough.
    """

    log: ExecutionLog
    job: Job
    now: datetime
    at_first: int

    def __iter__(self) -> Iterator[Execution]:
        yield from self._first
        yield from self._others

    @cached_property
    def _first(self) -> Sequence[Execution]:
        return self._read(self.at_first)

    @cached_property
    def _others(self) -> Sequence[Execution]:
        left = RECENT - self.at_first
        if left == 0 or len(self._first) < self.at_first:
            return []
        return self._read(left, after=Position.of(self._first[-1]))

    def _read(self, limit: int, after: Position | None = None) -> Sequence[Execution]:
        read = self.log.read(LogFilter(self.job.name), limit, after=after)
        return [each.as_of(self.now) for each in read]


def _success(newest_first: Iterable[Execution]) -> Execution | None:
    return next((each for each in cleanups(newest_first) if each.status is Status.SUCCESS), None)
