"""Close the record of a run that was shared out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import JobFailed, StoreError
from barycenter_jobs.core.executions import Backlog, Execution, Method, Status
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.legs import Leg, total
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.operations.reconcile import found
from barycenter_jobs.operations.recording import Recorded, problem_of, time_to_record

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.parts import Part
    from barycenter_jobs.core.stores import ExecutionLog, ExpiredRows, Legs
    from barycenter_jobs.core.sweep_report import SweepReport
    from barycenter_jobs.operations.take_removals import TakeRemovals


@dataclass(frozen=True)
class CloseRun:
    """Closes records: adds up what every invocation did, and names the parts that failed."""

    job: Job
    rows: ExpiredRows
    log: ExecutionLog
    legs: Legs
    clock: Callable[[], datetime]
    prices: Prices = DOCUMENTED_PRICES
    patience: timedelta = timedelta()
    removals: TakeRemovals | None = None

    def __call__(
        self, execution_id: int, failed: Mapping[Part, str], remaining: Callable[[], timedelta]
    ) -> Execution:
        """Close the record and return it; one that is closed already stays as it is.

        `failed` says of each part that could not be drained what its last invocation died of. Raises
        JobFailed when there is one, after the record was written.
        """
        execution = self.log.get(execution_id)
        if execution is None or execution.job_name != self.job.name:
            raise JobFailed(f"There is no execution {execution_id} of {self.job.name} to close")
        if execution.status is not Status.RUNNING:
            if execution.error_message is not None:
                raise JobFailed(execution.error_message)
            return execution
        margin = time_to_record(remaining())
        legs = self.legs.legs(execution)  # before the block: without them there is nothing to close it with
        removals = self.removals if execution.method is Method.RUN_JOB else None
        with Recorded(execution, self.log, self.clock, self.prices, removals=removals) as run:
            run.report = total(legs)
            run.problem = _undrained(failed, legs) or problem_of(run.report)
            run.warnings = _warnings(legs, run.report)
            if execution.method is Method.RUN_JOB:
                drained = run.problem is None and not run.over
                run.backlog = Backlog() if drained else self._backlog(lambda: remaining() > margin)
        return run.outcome()

    def _backlog(self, time_is_left: Callable[[], bool]) -> Backlog | None:
        try:
            return self.rows.backlog(Cutoffs.at(self.clock(), patience=self.patience), time_is_left)
        except StoreError:
            return None  # the run's own account stands without it, and its record says that it is not known


def _undrained(failed: Mapping[Part, str], legs: Sequence[Leg]) -> str | None:
    if not failed:
        return None
    reasons = {leg.part: leg.problem for leg in legs if leg.problem is not None}
    named = ", ".join(f"{part} ({reasons.get(part, failed[part])})" for part in sorted(failed, key=str))
    return f"{len(failed)} of the run's parts could not be drained, and wait for the next run: {named}"


def _warnings(legs: Sequence[Leg], report: SweepReport) -> tuple[str, ...]:
    warnings = {warning: None for leg in legs for warning in leg.warnings}  # each once, in their order
    died = sum(not leg.ended for leg in legs)
    lost = (
        f"{died} of {len(legs)} invocations died without an account: what they deleted is not counted here."
    )
    return (*warnings, *found(report), *([lost] if died else []))
