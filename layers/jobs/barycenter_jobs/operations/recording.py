"""What every run owes to the log: a record of its start before, and of its end after, whatever happens."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import PurePath
from types import TracebackType
from typing import TYPE_CHECKING, Self

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import (
    DeliveryAlreadyHandled,
    ExecutionAlreadyFinished,
    JobFailed,
    StoreError,
)
from barycenter_jobs.core.executions import (
    BREAKER_TRIPPED,
    Backlog,
    Execution,
    Method,
    Start,
    Status,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.survey import Survey
from barycenter_jobs.core.sweep_report import SweepReport
from barycenter_jobs.core.timestamps import instant
from barycenter_jobs.operations.heartbeat import Heartbeat

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.prices import Prices
    from barycenter_jobs.core.stores import ExecutionLog, JobControls
    from barycenter_jobs.operations.take_removals import TakeRemovals

# What the record of a run needs after its last delete, even when the log is slow to answer.
TIME_TO_RECORD = timedelta(seconds=15)

logger = logging.getLogger(__name__)


def begin(
    log: ExecutionLog, controls: JobControls | None, start: Start, execution_id: int | None, now: datetime
) -> Execution:
    """Return the execution to work on: the one that a trigger has already recorded, or a new one.

    It is `skipped` where another run holds the job, and where a schedule starts a job that is paused. An
    event that is being handled, or was, is not run again: the execution that does or did is returned, which
    is not `worked_on` by this start's worker. Raises StoreError when the start cannot be recorded, or nobody
    can tell whether the job is paused.
    """
    if execution_id is not None and start.worker is not None:
        adopted = log.adopt(execution_id, start, now)
        if adopted is not None:
            return adopted
    if controls is None or start.trigger.kind is not TriggerKind.SCHEDULE:
        return _recorded(log, lambda: log.start(start, now))
    pause = controls.of(start.job).pause
    if pause is not None:
        return _recorded(log, lambda: log.skip(start, now, f"the job is paused by {pause}"))
    execution = _recorded(log, lambda: log.start(start, now))
    if start.method is Method.RUN_JOB:
        _note_start(controls, start.job, execution.started_at)
    return execution


def _note_start(controls: JobControls, job: Job, at: datetime) -> None:
    try:
        controls.note_start(job, at)
    except StoreError as error:  # the job may seem late for it, and is not: no reason to leave its rows
        logger.warning("scheduled start not noted", extra={"error": str(error)})


def _recorded(log: ExecutionLog, record: Callable[[], Execution]) -> Execution:
    try:
        return record()
    except DeliveryAlreadyHandled as race:
        execution = log.get(race.execution_id)
        if execution is None:
            raise JobFailed(f"{race} and is no longer in the log") from None
        return execution


def new_worker_id() -> str:
    """Return the name of a worker that nobody else has."""
    return uuid.uuid4().hex


def is_ours(execution: Execution, start: Start) -> bool:
    """Return whether a start is to work on the execution that it got."""
    return execution.status is Status.RUNNING and execution.worker == start.worker


def time_to_record(remaining: timedelta) -> timedelta:
    """Return how much of what a function has left must not be spent on sweeping."""
    return min(TIME_TO_RECORD, remaining / 4)


@dataclass
class Recorded:
    """Holds a run while its block lasts, and writes its record when the block is left, however it is left.

    A run that is `handed_over` stays open: whoever has it now writes its record. What a run did whose record
    was closed meanwhile gets a record of its own. Where TTL goes first, `removals` adds what it removed.
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
    removals: TakeRemovals | None = None

    def __enter__(self) -> Self:
        self._heartbeat = Heartbeat(self.execution, self.log, self.clock, self.report, self.prices)
        self._heartbeat.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heartbeat.__exit__(kind, error, trace)
        if error is None and self.handed_over:
            return
        problem = unexpected(error) if error is not None else self._problem()
        self.execution = replace(self.execution, cancel=self._heartbeat.cancelled)
        self.execution = self._surveyed(problem) if self.execution.dry_run else self._swept(problem)
        self._write(problem)
        if isinstance(error, Exception):
            log_frames(trace)
            raise JobFailed(problem) from None

    @property
    def over(self) -> bool:
        """Whether the run has to stop: it was cancelled, or somebody else has closed its record."""
        return self._heartbeat.over

    def held_for(self, lease: timedelta) -> bool:
        """Hold the run for so long from now on, and return whether it is still ours."""
        self._heartbeat.lease = lease
        self._heartbeat.beat()
        self.execution = self._heartbeat.execution
        return not self._heartbeat.over

    def _write(self, problem: str | None) -> None:
        done = f"Execution {self.execution.id} deleted {self.report.counts.deleted} rows"
        failed = "" if problem is None else f", failed ({problem})"
        try:
            try:
                self._finish()
            except ExecutionAlreadyFinished as race:
                late = self._late_account()
                raise JobFailed(f"{race}: what it did since is the record of execution {late.id}") from None
        except (StoreError, ExecutionAlreadyFinished) as unrecorded:
            raise JobFailed(f"{done}{failed} and has no record of its end: {unrecorded}") from None

    def _finish(self) -> None:
        if self.removals is None or self.execution.dry_run:
            self.log.finish(self.execution)
        else:
            self.execution = self.removals.finish(self.log, self.execution)

    def _late_account(self) -> Execution:
        """Record what this run did beyond what the record says that somebody else has closed."""
        closed = self.log.get(self.execution.id)
        known, used = (Counts(), Usage()) if closed is None else (closed.counts, closed.usage)
        message = f"Execution {self.execution.id} was closed before it ended; this is what it did since."
        late = self.execution.finished(
            Status.TIMEOUT,
            self.clock(),
            counts=self.execution.counts - known,
            usage=self.execution.usage - used,
            error_message=message,
        )
        return self.log.supplement(late)

    def outcome(self) -> Execution:
        """Return the execution as recorded. Raises JobFailed for one that failed."""
        if self.execution.error_message is not None:
            raise JobFailed(self.execution.error_message)
        return self.execution

    def _problem(self) -> str | None:
        if self.problem is not None:
            return self.problem
        if self._heartbeat.unheard:
            return "The run stopped, because the execution log could not be reached and its lease ran out"
        if self.execution.dry_run:
            return None if self.survey.broken_by is None else str(self.survey.broken_by)
        return problem_of(self.report)

    def _swept(self, problem: str | None) -> Execution:
        read_units, write_units = self.report.read_units, self.report.write_units
        return self.execution.finished(
            self._status(problem),
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
            self._status(problem),
            self.clock(),
            counts=Counts(quarantined=found.unreadable),
            usage=Usage(
                found.read_units, found.write_units, self.prices.cost(found.read_units, found.write_units)
            ),
            backlog=Backlog(found.expired, oldest, exact=problem is None and not found.stopped_early),
            samples=found.samples,
            error_message=problem,
            warnings=self._remarks(),
        )

    def _status(self, problem: str | None) -> Status:
        if problem is not None:
            return Status.ERROR
        return Status.SUCCESS if self._heartbeat.cancelled is None else Status.CANCELLED

    def _remarks(self) -> tuple[str, ...]:
        remarks = list(self.warnings)
        if self._heartbeat.cancelled is not None:
            remarks.append(f"Cancelled by {self._heartbeat.cancelled}.")
        if self.report.counts.uncertain:
            lost = f"Of {self.report.counts.uncertain} rows an answer was lost"
            remarks.append(f"{lost}: nobody can say whether this run deleted them.")
        return tuple(remarks)


def problem_of(report: SweepReport) -> str | None:
    """Return why a sweep failed, None for one that did not."""
    if report.broken_by is not None:
        return str(report.broken_by)
    if report.limit_reached:
        return (
            f"Stopped after {report.may_have_deleted} deletions: {BREAKER_TRIPPED} "
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
