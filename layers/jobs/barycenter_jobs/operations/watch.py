"""What the watchdog does every minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.jobs import job_named
from barycenter_jobs.core.watched import Watched, measurements

if TYPE_CHECKING:
    from barycenter_jobs.core.schedules import Schedule
    from barycenter_jobs.core.stores import JobControls, JobMetrics
    from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
    from barycenter_jobs.operations.prune_history import PruneHistory
    from barycenter_jobs.operations.read_health import ReadHealth


@dataclass(frozen=True)
class Watch:
    """Watches the jobs; `schedules` maps a job's name to its deployed schedule."""

    close_dead_runs: CloseDeadRuns
    read_health: ReadHealth
    controls: JobControls
    metrics: JobMetrics
    schedules: Mapping[str, Schedule]
    clock: Callable[[], datetime]
    prune_history: PruneHistory

    def __call__(self) -> Watched:
        """Close dead runs, remember schedules that are new, show how every job is doing, and prune the log.

        May be done twice in a minute, or by two at once. Raises StoreError.
        """
        closed = self.close_dead_runs()
        for name, schedule in self.schedules.items():
            self.controls.watch(job_named(name), schedule.expression, self.clock())
        seen = self.read_health.with_recent_runs()
        watched = Watched(
            closed, [health for health, _ in seen], {health.job.name: runs for health, runs in seen}
        )
        now = self.clock()
        for health in watched.health:
            self.metrics.show(health.job, measurements(watched, health.job, now))
        return replace(watched, pruned=self.prune_history())  # last: nobody waits for it
