"""Run one cleanup from start to record."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from types import TracebackType
from typing import Self

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import BarycenterJobsError, DeliveryAlreadyHandled, JobFailed, StoreError
from barycenter_jobs.core.executions import Backlog, Execution, Start, Status, Usage
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import Job
from barycenter_jobs.core.pacing import Backoff, TokenBucket
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.core.stores import Deleter, ExecutionLog, ExpiredRows
from barycenter_jobs.core.survey import Survey, survey
from barycenter_jobs.core.sweep import SweepReport, sweep
from barycenter_jobs.core.timestamps import instant

# What the record of a run needs after its last delete, even when the log is slow to answer.
TIME_TO_RECORD = timedelta(seconds=15)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunJob:
    """Runs one job against its table; `clock` tells the time in UTC.

    A run deletes `max_records` rows at the most, and no faster than `write_budget` allows.
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

    def __call__(
        self, start: Start, execution_id: int | None, remaining: Callable[[], timedelta]
    ) -> Execution:
        """Run the job and return its finished execution.

        `execution_id` names a record that a trigger has already made for this run. `remaining` tells how
        much time the function has left. An event that has already been handled is not run again: the
        execution that handled it is returned. Raises JobFailed when the run failed, after its record was
        written, and StoreError when its start could not be recorded: then nothing was deleted.
        """
        try:
            execution = self._begin(start, execution_id)
        except DeliveryAlreadyHandled as race:
            return self._existing(race.execution_id)
        margin = min(TIME_TO_RECORD, remaining() / 4)
        cutoffs = Cutoffs.at(self.clock(), self.job.kind.age_limit)
        with _Recorded(execution, self.log, self.clock, self.prices) as run:
            if execution.dry_run:
                survey(self.rows.pages(cutoffs), lambda: remaining() > margin, run.survey)
            else:
                sweep(
                    self.rows.pages(cutoffs),
                    self.deleter,
                    cutoffs,
                    backoff=self.backoff,
                    time_is_left=lambda: remaining() > margin,
                    write_budget=self.write_budget,
                    max_records=self.max_records,
                    report=run.report,
                )
                run.backlog = self._backlog(run.report, cutoffs, lambda: remaining() > margin / 2)
            run.warnings = tuple(self.rows.warnings())
        return run.finished()

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

    def _begin(self, start: Start, execution_id: int | None) -> Execution:
        if execution_id is not None:
            triggered = self.log.get(execution_id)
            if triggered is not None and self._awaits(triggered):
                return triggered
        return self.log.start(start, self.clock())

    def _awaits(self, triggered: Execution) -> bool:
        return triggered.status is Status.RUNNING and triggered.job_name == self.job.name

    def _existing(self, execution_id: int) -> Execution:
        execution = self.log.get(execution_id)
        if execution is None:
            raise JobFailed(f"Execution {execution_id} handled this event and is no longer in the log")
        return execution


class _Recorded:
    """Writes the record of a run when its block is left, however it is left."""

    def __init__(
        self, execution: Execution, log: ExecutionLog, clock: Callable[[], datetime], prices: Prices
    ) -> None:
        self.report = SweepReport()
        self.survey = Survey()
        self.backlog: Backlog | None = None
        self.warnings: tuple[str, ...] = ()
        self._execution = execution
        self._log = log
        self._clock = clock
        self._prices = prices

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        problem = _unexpected(error) if error is not None else self._problem()
        self._execution = self._surveyed(problem) if self._execution.dry_run else self._swept(problem)
        try:
            self._log.finish(self._execution)
        except BarycenterJobsError as unrecorded:
            done = f"Execution {self._execution.id} deleted {self.report.counts.deleted} rows"
            failed = "" if problem is None else f", failed ({problem})"
            raise JobFailed(f"{done}{failed} and has no record of its end: {unrecorded}") from None
        if isinstance(error, Exception):
            # The frames only: what an unknown exception says may be a row's key.
            logger.error("run failed unexpectedly", extra={"frames": traceback.format_tb(trace)})
            raise JobFailed(problem) from None

    def finished(self) -> Execution:
        """Return the execution as recorded. Raises JobFailed for one that failed."""
        if self._execution.error_message is not None:
            raise JobFailed(self._execution.error_message)
        return self._execution

    def _problem(self) -> str | None:
        if self._execution.dry_run:
            return None if self.survey.broken_by is None else str(self.survey.broken_by)
        return _problem(self.report)

    def _swept(self, problem: str | None) -> Execution:
        read_units, write_units = self.report.read_units, self.report.write_units
        return self._execution.finished(
            Status.SUCCESS if problem is None else Status.ERROR,
            self._clock(),
            counts=self.report.counts,
            usage=Usage(read_units, write_units, self._prices.cost(read_units, write_units)),
            backlog=self.backlog,
            error_message=problem,
            warnings=self._remarks(),
        )

    def _surveyed(self, problem: str | None) -> Execution:
        found = self.survey
        oldest = None if found.oldest is None else instant(found.oldest)
        return self._execution.finished(
            Status.SUCCESS if problem is None else Status.ERROR,
            self._clock(),
            counts=Counts(quarantined=found.unreadable),
            usage=Usage(
                found.read_units, found.write_units, self._prices.cost(found.read_units, found.write_units)
            ),
            backlog=Backlog(found.expired, oldest, exact=problem is None and not found.stopped_early),
            samples=found.samples,
            error_message=problem,
            warnings=self.warnings,
        )

    def _remarks(self) -> tuple[str, ...]:
        remarks = list(self.warnings)
        if self.report.stopped_early:
            remarks.append("Time ran out before the backlog did; the next run goes on from there.")
        if self.report.counts.uncertain:
            remarks.append(
                f"Of {self.report.counts.uncertain} rows an answer was lost: "
                "nobody can say whether this run deleted them."
            )
        return tuple(remarks)


def _problem(report: SweepReport) -> str | None:
    if report.broken_by is not None:
        return str(report.broken_by)
    if report.limit_reached:
        return (
            f"Stopped after {report.may_have_deleted} deletions: more has expired than one run may delete "
            "(MaxRecordsPerRun). Check that what wrote the rows sets their expiry right, then run again."
        )
    if report.refusals:
        reasons = ", ".join(f"{code} {count}" for code, count in sorted(report.refusals.items()))
        return f"{report.refusals.total()} rows could not be deleted ({reasons})"
    return None


def _unexpected(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"Unexpected {type(error).__name__} at {PurePath(frame.filename).name}:{frame.lineno}"
