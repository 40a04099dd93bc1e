"""Run one cleanup from start to record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.core.executions import Backlog, Execution, Start
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.core.survey import survey
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.operations.recording import Recorded, begin, is_ours, new_worker_id, time_to_record

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.pacing import Backoff, TokenBucket
    from barycenter_jobs.core.stores import Deleter, ExecutionLog, ExpiredRows, JobControls
    from barycenter_jobs.core.sweep_report import SweepReport
    from barycenter_jobs.operations.share_out import ShareOut
    from barycenter_jobs.operations.take_removals import TakeRemovals


@dataclass(frozen=True)
class RunJob:
    """Runs one job against its table; `clock` tells the time in UTC.

    A run deletes `max_records` rows at the most, and no faster than `write_budget` allows. Rows that were
    rotated out longer than `rotation_grace` ago go too. Where there is a `share_out`, a large backlog is
    handed to it when time runs out; not that of a job with `max_records`, which many hands could not keep.
    Its schedule does not start a job that the `controls` say is paused. Where TTL goes first, rows that have
    expired for less than `patience` are left to it, and `removals` has what it removed.
    """

    job: Job
    rows: ExpiredRows
    deleter: Deleter
    log: ExecutionLog
    clock: Callable[[], datetime]
    backoff: Backoff
    write_budget: TokenBucket | None = None
    max_records: int | None = None
    prices: Prices = DOCUMENTED_PRICES
    rotation_grace: timedelta | None = None
    patience: timedelta = timedelta()
    share_out: ShareOut | None = None
    controls: JobControls | None = None
    removals: TakeRemovals | None = None
    new_id: Callable[[], str] = new_worker_id

    def __call__(
        self, start: Start, execution_id: int | None, remaining: Callable[[], timedelta]
    ) -> Execution:
        """Run the job and return its finished execution, or the running one whose backlog was handed over.

        Where another run holds the job, or its schedule starts it while it is paused, the execution is one
        that was skipped.

        `execution_id` names a record that a trigger has already made for this run. `remaining` tells how
        much time the function has left. An event that has already been handled is not run again: the
        execution that handled it is returned. Raises JobFailed when the run failed, after its record was
        written, and StoreError when its start could not be recorded: then nothing was deleted.
        """
        start = replace(start, worker=self.new_id())
        execution = begin(self.log, self.controls, start, execution_id, self.clock())
        if not is_ours(execution, start):
            return execution
        margin = time_to_record(remaining())
        cutoffs = Cutoffs.at(self.clock(), self.job.kind.age_limit, self.rotation_grace, self.patience)
        with Recorded(execution, self.log, self.clock, self.prices, removals=self.removals) as run:
            if execution.dry_run:
                survey(self.rows.pages(cutoffs), lambda: remaining() > margin and not run.over, run.survey)
                run.warnings = tuple(self.rows.warnings())
            else:
                self._sweep(run, cutoffs, lambda: remaining() > margin and not run.over)
                run.backlog = self._backlog(run.report, cutoffs, lambda: remaining() > margin / 2)
                self._leave(run)
        return run.outcome()

    def _sweep(self, run: Recorded, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> None:
        sweep(
            self.rows.pages(cutoffs),
            self.deleter,
            cutoffs,
            backoff=self.backoff,
            time_is_left=time_is_left,
            write_budget=self.write_budget,
            max_records=self.max_records,
            report=run.report,
        )
        run.warnings = tuple(self.rows.warnings())

    def _backlog(
        self, report: SweepReport, cutoffs: Cutoffs, time_is_left: Callable[[], bool]
    ) -> Backlog | None:
        """Return what is left after a sweep, None where that is not known."""
        if report.broken_by is not None:
            return None
        if not (report.stopped_early or report.limit_reached or report.counts.failed):
            return Backlog()
        try:
            return self.rows.backlog(cutoffs, time_is_left)
        except StoreError:
            return None  # the run's own account stands without it, and its record says that it is not known

    def _leave(self, run: Recorded) -> None:
        """Leave what there was no time for to a state machine, if it is much, or to the next run."""
        if not run.report.stopped_early or run.report.broken_by is not None or run.over:
            return
        left = 0 if run.backlog is None else run.backlog.remaining
        if self.share_out is not None and self.max_records is None and self.share_out.takes(left):
            self.share_out.hand_over(run, self.share_out.shards, self.share_out.at_once)
        if not run.handed_over:
            run.warnings += ("Time ran out before the backlog did; the next run goes on from there.",)
