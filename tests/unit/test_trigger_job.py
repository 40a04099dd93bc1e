"""Start a job now: what is recorded, what is invoked, what the operator is told."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryInvoker
from barycenter_jobs.core.errors import FunctionNotInvoked, StoreUnavailable
from barycenter_jobs.core.executions import LEASE, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.stores import ExecutionLog, JobInvoker
from barycenter_jobs.operations.trigger_job import Triggered, TriggerJob

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
ALICE = "arn:aws:sts::123456789012:assumed-role/operator/alice"
FUNCTIONS = {job.name: f"function-of-{job.name}" for job in JOBS}


class RefusingInvoker:
    """Invokes nothing, as without permission."""

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:  # noqa: ARG002
        raise FunctionNotInvoked(f"Function {function} could not be invoked: AccessDeniedException")


def trigger_job(log: ExecutionLog, invoker: JobInvoker) -> TriggerJob:
    numbers = itertools.count(1)
    return TriggerJob(FUNCTIONS, log, invoker, lambda: NOON, lambda: f"trigger-{next(numbers)}")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_is_recorded_as_running_and_handed_to_its_function(job: Job) -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()

    triggered = trigger_job(log, invoker)(job.name, ALICE)

    execution = Execution(
        id=1,
        job_name=job.name,
        handler_id=job.function,
        started_at=NOON,
        trigger=Trigger(TriggerKind.MANUAL, ALICE),
        delivery_id="trigger-1",
        lease_until=NOON + LEASE,
    )
    assert triggered == Triggered(
        success=True,
        message=f"Job {job.name} triggered successfully",
        job_name=job.name,
        execution_id=1,
    )
    assert log.get(1) == execution
    assert invoker.invocations == [(f"function-of-{job.name}", execution)]


def test_a_dry_run_is_handed_over_as_one() -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()

    triggered = trigger_job(log, invoker)("cleanup_expired_sessions", ALICE, dry_run=True)

    record = log.get(1)
    assert triggered.success
    assert record is not None
    assert record.dry_run
    assert [execution for _, execution in invoker.invocations] == [record]


def test_each_trigger_is_a_run_of_its_own() -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()
    trigger = trigger_job(log, invoker)

    answers = []
    for _ in range(3):
        answers.append(trigger("cleanup_expired_sessions", None))
        _, running = invoker.invocations[-1]
        log.finish(running.finished(Status.SUCCESS, NOON))

    assert [answer.execution_id for answer in answers] == [1, 2, 3]
    assert [execution.attempt_number for _, execution in invoker.invocations] == [1, 1, 1]


def test_a_job_that_is_running_is_not_started_again_and_says_which_run_is_in_the_way() -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()
    trigger = trigger_job(log, invoker)
    trigger("cleanup_expired_sessions", None)

    answer = trigger("cleanup_expired_sessions", ALICE)

    assert answer == Triggered(
        success=False,
        message="Job cleanup_expired_sessions was not triggered. "
        "Skipped: execution 1 of cleanup_expired_sessions is running.",
        job_name="cleanup_expired_sessions",
        execution_id=2,
    )
    assert len(invoker.invocations) == 1
    skipped = log.get(2)
    assert skipped is not None
    assert (skipped.status, skipped.success, skipped.completed_at) == (Status.SKIPPED, None, NOON)
    assert skipped.trigger.by == ALICE


def test_jobs_do_not_wait_for_each_other() -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()
    trigger = trigger_job(log, invoker)

    assert all(trigger(job.name, None).success for job in JOBS)
    assert len(invoker.invocations) == len(JOBS)


def test_a_reason_is_recorded() -> None:
    log = MemoryExecutionLog()

    trigger_job(log, MemoryInvoker())("cleanup_expired_sessions", ALICE, reason="disk is full")

    execution = log.get(1)
    assert execution is not None
    assert execution.trigger == Trigger(TriggerKind.MANUAL, ALICE, "disk is full")


@pytest.mark.parametrize(
    "name", ["nonexistent_job", "", "CLEANUP_EXPIRED_SESSIONS", "cleanup_expired_sessions "]
)
def test_an_unknown_job_is_named_leaves_no_record_and_starts_nothing(name: str) -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()

    triggered = trigger_job(log, invoker)(name, ALICE)

    assert triggered == Triggered(success=False, message=f"Unknown job: {name}", job_name=name)
    assert log.read(LogFilter(), 1000) == []
    assert invoker.invocations == []


def test_a_function_that_cannot_be_invoked_fails_the_run_and_its_record_says_why() -> None:
    log = MemoryExecutionLog()

    triggered = trigger_job(log, RefusingInvoker())("cleanup_expired_challenges", ALICE)

    reason = "Function function-of-cleanup_expired_challenges could not be invoked: AccessDeniedException"
    assert triggered == Triggered(
        success=False,
        message=f"Job cleanup_expired_challenges could not be triggered: {reason}",
        job_name="cleanup_expired_challenges",
        execution_id=1,
    )
    record = log.get(1)
    assert record is not None
    assert (record.status, record.error_message, record.completed_at) == (Status.ERROR, reason, NOON)
    assert record.records_processed == 0


def test_a_start_that_cannot_be_recorded_invokes_nothing() -> None:
    class NeverStarts(MemoryExecutionLog):
        def start(self, start: Start, now: datetime) -> Execution:  # noqa: ARG002
            raise StoreUnavailable("Cannot record a start in job_executions: no connection")

    invoker = MemoryInvoker()

    with pytest.raises(StoreUnavailable):
        trigger_job(NeverStarts(), invoker)("cleanup_expired_sessions", ALICE)

    assert invoker.invocations == []
