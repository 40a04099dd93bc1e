"""What every run owes to the log: a record of its start before, and of its end after, whatever happens."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from types import TracebackType
from typing import Self

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import BarycenterJobsError, DeliveryAlreadyHandled, JobFailed
from barycenter_jobs.core.executions import Backlog, Execution, Start, Status, Usage
from barycenter_jobs.core.prices import Prices
from barycenter_jobs.core.stores import ExecutionLog
from barycenter_jobs.core.survey import Survey
from barycenter_jobs.core.sweep_report import SweepReport
from barycenter_jobs.core.timestamps import instant

# What the record of a run needs after its last delete, even when the log is slow to answer.
TIME_TO_RECORD = timedelta(seconds=15)

logger = logging.getLogger(__name__)


def begin(log: ExecutionLog, start: Start, execution_id: int | None, now: datetime) -> Execution:
    """Return the execution to work on: the one that a trigger has already recorded, or a new one.

    An event that has already been handled is not run again: the finished execution that handled it is
    returned. Raises StoreError when the start cannot be recorded.
    """
    if execution_id is not None:
        triggered = log.get(execution_id)
        if (
            triggered is not None
            and triggered.status is Status.RUNNING
            and triggered.job_name == start.job.name
        ):
            return triggered
    try:
        return log.start(start, now)
    except DeliveryAlreadyHandled as race:
        execution = log.get(race.execution_id)
        if execution is None:
            raise JobFailed(f"{race} and is no longer in the log") from None
        return execution


def time_to_record(remaining: timedelta) -> timedelta:
    """Return how much of what a function has left must not be spent on sweeping."""
    return min(TIME_TO_RECORD, remaining / 4)


@dataclass
class Recorded:
    """Writes the record of a run when its block is left, however it is left.

    A run that is `handed_over` stays as it is: whoever has it now writes its record.
    """

    execution: Execution
    log: ExecutionLog
    clock: Callable[[], datetime]
    prices: Prices
    report: SweepReport = field(default_factory=SweepReport)
    survey: Survey = field(default_factory=Survey)
    backlog: Backlog | None = None
    warnings: tuple[str, ...] = ()
    problem: str | None = None
    handed_over: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.handed_over:
            return
        problem = unexpected(error) if error is not None else self._problem()
        self.execution = self._surveyed(problem) if self.execution.dry_run else self._swept(problem)
        try:
            self.log.finish(self.execution)
        except BarycenterJobsError as unrecorded:
            done = f"Execution {self.execution.id} deleted {self.report.counts.deleted} rows"
            failed = "" if problem is None else f", failed ({problem})"
            raise JobFailed(f"{done}{failed} and has no record of its end: {unrecorded}") from None
        if isinstance(error, Exception):
            log_frames(trace)
            raise JobFailed(problem) from None

    def outcome(self) -> Execution:
        """Return the execution as recorded. Raises JobFailed for one that failed."""
        if self.execution.error_message is not None:
            raise JobFailed(self.execution.error_message)
        return self.execution

    def _problem(self) -> str | None:
        if self.problem is not None:
            return self.problem
        if self.execution.dry_run:
            return None if self.survey.broken_by is None else str(self.survey.broken_by)
        return problem_of(self.report)

    def _swept(self, problem: str | None) -> Execution:
        read_units, write_units = self.report.read_units, self.report.write_units
        return self.execution.finished(
            Status.SUCCESS if problem is None else Status.ERROR,
            self.clock(),
            counts=self.report.counts,
            usage=Usage(read_units, write_units, self.prices.cost(read_units, write_units)),
            backlog=self.backlog,
            error_message=problem,
            warnings=self._remarks(),
        )

    def _surveyed(self, problem: str | None) -> Execution:
        found = self.survey
        oldest = None if found.oldest is None else instant(found.oldest)
        return self.execution.finished(
            Status.SUCCESS if problem is None else Status.ERROR,
            self.clock(),
            counts=Counts(quarantined=found.unreadable),
            usage=Usage(
                found.read_units, found.write_units, self.prices.cost(found.read_units, found.write_units)
            ),
            backlog=Backlog(found.expired, oldest, exact=problem is None and not found.stopped_early),
            samples=found.samples,
            error_message=problem,
            warnings=self.warnings,
        )

    def _remarks(self) -> tuple[str, ...]:
        if not self.report.counts.uncertain:
            return self.warnings
        lost = f"Of {self.report.counts.uncertain} rows an answer was lost"
        return (*self.warnings, f"{lost}: nobody can say whether this run deleted them.")


def problem_of(report: SweepReport) -> str | None:
    """Return why a sweep failed, None for one that did not."""
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


def unexpected(error: BaseException) -> str:
    """Return what may be told of an error that nobody expected: its name and where, never its own words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"Unexpected {type(error).__name__} at {PurePath(frame.filename).name}:{frame.lineno}"


def log_frames(trace: TracebackType | None) -> None:
    """Log where an error came from. The frames only: what an unknown exception says may be a row's key."""
    logger.error("run failed unexpectedly", extra={"frames": traceback.format_tb(trace)})
