"""Runs that died with their function: which are closed, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.errors import StoreUnavailable
from barycenter_jobs.core.executions import LEASE, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def start_of_all(log: MemoryExecutionLog) -> None:
    """Start a run of each job, ten seconds apart."""
    for number, job in enumerate(JOBS):
        log.start(Start(job, Trigger(TriggerKind.SCHEDULE), job.name), NOON + 10 * number * SECOND)


def closed(log: MemoryExecutionLog, at: datetime) -> list[int]:
    return [execution.id for execution in CloseDeadRuns(log, lambda: at)()]


def read(log: MemoryExecutionLog, execution_id: int = 1) -> Execution:
    execution = log.get(execution_id)
    assert execution is not None
    return execution


def test_runs_are_closed_as_soon_as_their_lease_has_ended_and_no_sooner() -> None:
    log = MemoryExecutionLog()
    start_of_all(log)

    assert closed(log, NOON + LEASE - SECOND / 1000) == []
    assert closed(log, NOON + LEASE + 10 * SECOND) == [1, 2]
    assert closed(log, NOON + LEASE + 10 * SECOND) == []
    assert [read(log, number).status for number in (1, 2, 3, 4)] == [
        *(Status.TIMEOUT, Status.TIMEOUT),
        *(Status.RUNNING, Status.RUNNING),
    ]


def test_what_was_closed_is_returned_as_its_record_says() -> None:
    log = MemoryExecutionLog()
    start_of_all(log)

    (dead,) = CloseDeadRuns(log, lambda: NOON + LEASE)()

    assert dead == read(log)
    assert dead.completed_at == NOON + LEASE
    assert "gave no sign of life" in (dead.error_message or "")


def test_a_run_that_gives_a_sign_of_life_at_the_last_moment_stays_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class RenewedMeanwhile(MemoryExecutionLog):
        def running(self) -> list[Execution]:
            seen = super().running()
            self.renew(seen[0], NOON + 2 * LEASE)
            return seen

    log = RenewedMeanwhile()
    log.start(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1"), NOON)

    assert closed(log, NOON + LEASE) == []
    assert read(log).status is Status.RUNNING
    assert caplog.records == []


def test_each_closed_run_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    log = MemoryExecutionLog()
    start_of_all(log)

    for _ in range(2):
        closed(log, NOON + LEASE + 10 * SECOND)

    logged = [
        (entry.getMessage(), vars(entry)["executionId"], vars(entry)["jobName"]) for entry in caplog.records
    ]
    assert logged == [("dead run closed", "1", JOBS[0].name), ("dead run closed", "2", JOBS[1].name)]


def test_a_run_that_cannot_be_closed_does_not_keep_others_open(caplog: pytest.LogCaptureFixture) -> None:
    class FailsOnce(MemoryExecutionLog):
        def close(self, execution: Execution) -> bool:
            if execution.id == 1:
                raise StoreUnavailable("Cannot record the end of a run in job_executions: no connection")
            return super().close(execution)

    log = FailsOnce()
    start_of_all(log)

    assert closed(log, NOON + LEASE + 10 * SECOND) == [2]
    assert [entry.getMessage() for entry in caplog.records] == ["dead run not closed", "dead run closed"]
