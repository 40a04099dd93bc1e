"""Start a job now, without waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import ExecutionAlreadyFinished, FunctionNotInvoked, UnknownJob
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import job_named

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExecutionLog, JobControls, JobInvoker


@dataclass(frozen=True, slots=True)
class Triggered:
    """What came of a trigger. `execution_id` can be followed in the log; None where nothing was recorded."""

    success: bool
    message: str
    job_name: str
    execution_id: int | None = None


@dataclass(frozen=True)
class TriggerJob:
    """Triggers jobs, those too that the `controls` say are paused.

    `functions` maps a job's name to its Lambda function; `new_id` makes delivery ids.
    """

    functions: Mapping[str, str]
    log: ExecutionLog
    invoker: JobInvoker
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    controls: JobControls | None = None

    def __call__(
        self,
        job_name: str,
        by: str | None,
        *,
        dry_run: bool = False,
        reason: str | None = None,
        asked_at: datetime | None = None,
    ) -> Triggered:
        """Record a run of the job, hand it to the job's function and say so. A dry run deletes nothing.

        An unknown name is answered with `success` false and leaves no record. A job that is running, one that
        has run since `asked_at`, in the minute before, and a function that cannot be invoked are answered
        with `success` false too, and the record says why: of requests at the same time, one is enough.
        Raises StoreError when the start cannot be recorded: then nothing runs.
        """
        try:
            job = job_named(job_name)
        except UnknownJob as error:
            return Triggered(success=False, message=str(error), job_name=job_name)
        pause = None if self.controls is None else self.controls.of(job).pause
        start = Start(job, Trigger(TriggerKind.MANUAL, by, reason), self.new_id(), dry_run=dry_run)
        start = replace(start, asked_at=asked_at)
        execution = self.log.start(start, self.clock())
        if execution.status is Status.SKIPPED:
            message = f"Job {job.name} was not triggered. {execution.warnings[0]}"
            return Triggered(success=False, message=message, job_name=job.name, execution_id=execution.id)
        try:
            self.invoker.invoke(self.functions[job.name], execution, self.clock())
        except FunctionNotInvoked as error:
            failed = execution.finished(Status.ERROR, self.clock(), error_message=str(error))
            try:
                self.log.finish(failed)
            except ExecutionAlreadyFinished:
                pass  # only the answer was lost: the function was invoked, and has even finished
            else:
                message = f"Job {job.name} could not be triggered: {error}"
                return Triggered(success=False, message=message, job_name=job.name, execution_id=execution.id)
        although = "" if pause is None else f", although it is paused by {pause}"
        return Triggered(
            success=True,
            message=f"Job {job.name} triggered successfully{although}",
            job_name=job.name,
            execution_id=execution.id,
        )
