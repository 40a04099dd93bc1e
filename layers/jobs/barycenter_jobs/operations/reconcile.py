"""Look through a whole table, slowly, for rows that its expiry index does not show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.core.reconciliation import stamped
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.operations.recording import Recorded, begin, is_ours, new_worker_id, time_to_record

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution, Start
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.pacing import Backoff, TokenBucket
    from barycenter_jobs.core.parts import Part
    from barycenter_jobs.core.rows import Page
    from barycenter_jobs.core.stores import Deleter, ExecutionLog, JobControls, RowsOutsideIndex, Stamper
    from barycenter_jobs.core.sweep_report import SweepReport
    from barycenter_jobs.operations.share_out import ShareOut

BYTES_A_READ_UNIT = 8192  # of an eventually consistent scan: half a unit for 4 KB
SECONDS_A_SEGMENT = 60


@dataclass(frozen=True)
class Segments:
    """Removes from segments of a table what has expired outside its index, and stamps what lives.

    Reads no faster than `read_units_per_second`, writes no faster than `write_budget` allows, and deletes
    `max_records` rows at the most.
    """

    rows: RowsOutsideIndex
    deleter: Deleter
    stamper: Stamper
    backoff: Backoff
    read_units_per_second: int
    read_budget: TokenBucket
    write_budget: TokenBucket | None = None
    max_records: int | None = None

    def all(self) -> list[Part]:
        """Return the table's segments, each worth about a minute of reading. Raises StoreError."""
        bytes_each = self.read_units_per_second * BYTES_A_READ_UNIT * SECONDS_A_SEGMENT
        return list(self.rows.segments(bytes_each))

    def reconcile(
        self, left: list[Part], cutoffs: Cutoffs, report: SweepReport, time_is_left: Callable[[], bool]
    ) -> None:
        """Work on these segments until time runs out, and take each that is done off the list.

        Of a segment that is not done, what was found and left alone is not counted: whoever reads it again
        finds it again.
        """
        for segment in tuple(left):
            decided, quarantined, unindexed = (
                report.counts.decided,
                report.counts.quarantined,
                report.unindexed,
            )
            sweep(
                self._pages(segment, cutoffs, report, time_is_left),
                self.deleter,
                cutoffs,
                backoff=self.backoff,
                time_is_left=time_is_left,
                write_budget=self.write_budget,
                max_records=self.max_records,
                report=report,
            )
            if report.limit_reached:
                return
            if report.stopped_early or report.broken_by is not None:
                report.counts.quarantined = quarantined
                report.unindexed = unindexed + report.counts.decided - decided
                return
            left.remove(segment)

    def _pages(
        self, segment: Part, cutoffs: Cutoffs, report: SweepReport, time_is_left: Callable[[], bool]
    ) -> Iterator[Page]:
        yield from stamped(
            self.rows.outside_index(cutoffs, segment),
            self.stamper,
            report,
            time_is_left=time_is_left,
            read_budget=self.read_budget,
            write_budget=self.write_budget,
        )


@dataclass(frozen=True)
class Reconcile:
    """Runs the reconciling scan of one job's table; `clock` tells the time in UTC.

    Its schedule does not start it for a job that the `controls` say is paused.
    """

    job: Job
    segments: Segments
    log: ExecutionLog
    clock: Callable[[], datetime]
    prices: Prices = DOCUMENTED_PRICES
    rotation_grace: timedelta | None = None
    patience: timedelta = timedelta()
    share_out: ShareOut | None = None
    controls: JobControls | None = None
    new_id: Callable[[], str] = new_worker_id

    def __call__(self, start: Start, remaining: Callable[[], timedelta]) -> Execution:
        """Look through the table and return the finished execution, or the running one that was handed over.

        What one invocation has no time for is handed to a state machine, a segment at a time. Raises
        JobFailed when the run failed, after its record was written, and StoreError when its start could not
        be recorded.
        """
        start = replace(start, worker=self.new_id())
        execution = begin(self.log, self.controls, start, None, self.clock())
        if not is_ours(execution, start):
            return execution
        margin = time_to_record(remaining())
        cutoffs = Cutoffs.at(self.clock(), self.job.kind.age_limit, self.rotation_grace, self.patience)
        with Recorded(execution, self.log, self.clock, self.prices) as run:
            self._reconcile(run, cutoffs, lambda: remaining() > margin and not run.over)
        return run.outcome()

    def _reconcile(self, run: Recorded, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> None:
        try:
            segments = self.segments.all()
        except StoreError as error:
            run.report.broken_by = error
            return
        left = segments.copy()
        self.segments.reconcile(left, cutoffs, run.report, time_is_left)
        if left and run.report.broken_by is None and not run.report.limit_reached and not run.over:
            self._leave(run, left, len(segments))
        if not run.handed_over:  # otherwise whoever closes the record says it of the whole table
            run.warnings = (*found(run.report), *run.warnings)

    def _leave(self, run: Recorded, left: list[Part], of: int) -> None:
        if self.share_out is not None and self.segments.max_records is None:
            self.share_out.hand_over(run, left, at_once=1)
        if not run.handed_over:
            unread = f"Time ran out: {len(left)} of the table's {of} segments were not read."
            run.warnings += (f"{unread} Each reconciling scan takes them in another order.",)


def found(report: SweepReport) -> tuple[str, ...]:
    """Return what an operator should know of what a reconciling scan found."""
    counts = report.counts
    if not report.unindexed and not counts.stamped:
        return ()
    outside = f"{report.unindexed + counts.stamped} rows were not in expiry-index"
    stamped = f"{counts.stamped} got the expiry_shard that their writer left out"
    return (f"{outside}: {report.unindexed} had expired, {stamped}. See docs/tables.md.",)
