"""Work on one part of a run that is shared out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from barycenter_jobs.core.errors import ExecutionAlreadyFinished, JobFailed
from barycenter_jobs.core.executions import SHARED_LEASE, Execution, Method, Status
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.legs import Drained, Leg
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from barycenter_jobs.operations.heartbeat import Heartbeat
from barycenter_jobs.operations.recording import log_frames, problem_of, time_to_record, unexpected

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.pacing import Backoff, TokenBucket
    from barycenter_jobs.core.parts import Part
    from barycenter_jobs.core.stores import Deleter, ExecutionLog, Legs, ShardedRows
    from barycenter_jobs.operations.reconcile import Segments


@dataclass(frozen=True)
class DrainPart:
    """Drains parts of one job's runs: shards of a sweep, segments of a reconciling scan."""

    job: Job
    rows: ShardedRows
    deleter: Deleter
    segments: Segments
    log: ExecutionLog
    legs: Legs
    clock: Callable[[], datetime]
    backoff: Backoff
    prices: Prices = DOCUMENTED_PRICES
    write_budget: TokenBucket | None = None
    rotation_grace: timedelta | None = None
    patience: timedelta = timedelta()

    def __call__(
        self, execution_id: int, part: Part, invocation_id: str, remaining: Callable[[], timedelta]
    ) -> Drained:
        """Drain the part as far as time allows, and keep the account for the run's record.

        Does nothing for a run that is not open any more. Raises JobFailed where the part could not be
        drained, and StoreError where its begin could not be recorded: then nothing was deleted.
        """
        execution = self.log.get(execution_id)
        report = SweepReport()
        if execution is None or execution.status is not Status.RUNNING or execution.job_name != self.job.name:
            return Drained(execution_id, part)
        self.legs.begin_leg(execution, Leg(invocation_id, part))
        margin = time_to_record(remaining())
        cutoffs = Cutoffs.at(self.clock(), self.job.kind.age_limit, self.rotation_grace, self.patience)
        heartbeat = Heartbeat(execution, self.log, self.clock, None, self.prices, lease=SHARED_LEASE)
        with _Accounted(execution, Leg(invocation_id, part), self, report, heartbeat):
            self._drain(
                execution.method, part, cutoffs, report, lambda: remaining() > margin and not heartbeat.over
            )
        return Drained(execution_id, part, report.counts, report.stopped_early and not heartbeat.over)

    def _drain(
        self,
        method: Method,
        part: Part,
        cutoffs: Cutoffs,
        report: SweepReport,
        time_is_left: Callable[[], bool],
    ) -> None:
        if method is Method.RECONCILE:
            self.segments.reconcile([part], cutoffs, report, time_is_left)
            return
        sweep(
            self.rows.shard(cutoffs, part),
            self.deleter,
            cutoffs,
            backoff=self.backoff,
            time_is_left=time_is_left,
            write_budget=self.write_budget,
            report=report,
        )


@dataclass
class _Accounted:
    """Holds the run while its block lasts, and keeps the account of a leg when the block is left."""

    execution: Execution
    leg: Leg
    drain: DrainPart
    report: SweepReport
    heartbeat: Heartbeat

    def __enter__(self) -> Self:
        self.heartbeat.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heartbeat.__exit__(kind, error, trace)
        problem = problem_of(self.report) if error is None else unexpected(error)
        try:
            self.drain.legs.end_leg(self.execution, self.leg.after(self.report, problem))
        except ExecutionAlreadyFinished:
            self._record_by_itself()
        if isinstance(error, Exception):
            log_frames(trace)
        if isinstance(error, Exception) or self.report.broken_by is not None:
            raise JobFailed(f"Part {self.leg.part} of execution {self.execution.id}: {problem}") from None

    def _record_by_itself(self) -> None:
        """Record what this invocation did for a run whose record was closed without it."""
        which = f"part {self.leg.part} of execution {self.execution.id}"
        late = self.execution.finished(
            Status.TIMEOUT,
            self.drain.clock(),
            counts=self.report.counts,
            error_message=f"The run was closed before its parts were done; this is what {which} did.",
        )
        self.drain.log.supplement(late)
