"""Ask a run to stop: what operators are told, and what becomes of the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.executions import (
    LEASE,
    Execution,
    Request,
    Start,
    Status,
    Trigger,
    TriggerKind,
)
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.tasks import Run
from barycenter_jobs.operations.cancel_run import Cancelled, CancelRun
from tests.cleanups import cleanup_in_memory

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
START = Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1")


@pytest.fixture
def log() -> MemoryExecutionLog:
    """A log with one run of sessions, under way since noon."""
    log = MemoryExecutionLog()
    log.start(START, NOON)
    return log


def cancel(
    log: MemoryExecutionLog, execution_id: int = 1, by: str | None = "bob", seconds: int = 1
) -> Cancelled:
    return CancelRun(log, lambda: NOON + timedelta(seconds=seconds))(execution_id, by, "wrong table")


def read(log: MemoryExecutionLog) -> Execution:
    execution = log.get(1)
    assert execution is not None
    return execution


def test_a_run_is_asked_to_stop(log: MemoryExecutionLog) -> None:
    assert cancel(log) == Cancelled(
        success=True,
        message="Execution 1 of cleanup_expired_sessions is asked to stop, and does so within seconds",
        execution_id=1,
        job_name=SESSIONS.name,
    )
    assert read(log).cancel == Request(NOON + timedelta(seconds=1), "bob", "wrong table")
    assert read(log).status is Status.RUNNING


def test_who_asks_again_is_told_who_was_first(log: MemoryExecutionLog) -> None:
    cancel(log, by=None)

    again = cancel(log, by="alice", seconds=2)

    assert again.success
    assert again.message == (
        "Execution 1 of cleanup_expired_sessions was asked to stop already, "
        "at 2026-02-14T12:00:01Z by nobody known: wrong table"
    )


def test_a_run_that_has_finished_is_not_asked(log: MemoryExecutionLog) -> None:
    finished = read(log).finished(Status.SUCCESS, NOON)
    log.finish(finished)

    assert cancel(log) == Cancelled(success=False, message="Execution 1 is already finished", execution_id=1)
    assert read(log) == finished


def test_a_run_that_nobody_knows_is_said_to_be_unknown(log: MemoryExecutionLog) -> None:
    assert cancel(log, 4711) == Cancelled(success=False, message="Unknown execution: 4711", execution_id=4711)


def test_a_run_that_has_died_cannot_be_stopped(log: MemoryExecutionLog) -> None:
    dead = cancel(log, seconds=int(LEASE.total_seconds()))

    assert not dead.success
    assert dead.message == (
        "Execution 1 of cleanup_expired_sessions has died, and its record is about to be closed: "
        "there is nobody to stop"
    )


def test_a_run_that_is_cancelled_before_its_function_begins_deletes_nothing(log: MemoryExecutionLog) -> None:
    cancel(log)
    table = MemoryTable({"expired": {"expires_at": 1_771_000_000}})

    cleanup = cleanup_in_memory(SESSIONS, table, log, lambda: NOON)
    execution = cleanup(Run(START, 1), lambda: timedelta(minutes=5))

    assert isinstance(execution, Execution)
    assert (execution.id, execution.status) == (1, Status.CANCELLED)
    assert "Cancelled by bob: wrong table." in execution.warnings
    assert set(table.rows) == {"expired"}
