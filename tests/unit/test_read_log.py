"""Read the execution log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.errors import InvalidLimit
from barycenter_jobs.core.executions import LogFilter, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.operations.read_log import ReadLog

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def read_log() -> ReadLog:
    """A log of 120 runs, a minute apart: the jobs in turn, every tenth failed, the last one running."""
    log = MemoryExecutionLog()
    for number in range(120):
        at = NOON + timedelta(minutes=number)
        execution = log.start(Start(JOBS[number % 4], Trigger(TriggerKind.SCHEDULE), f"event-{number}"), at)
        if number < 119:
            status = Status.ERROR if number % 10 == 0 else Status.SUCCESS
            log.finish(execution.finished(status, at, error_message="no" if status is Status.ERROR else None))
    return ReadLog(log)


def test_the_latest_hundred_runs_are_read_unless_told_otherwise(read_log: ReadLog) -> None:
    assert [execution.id for execution in read_log(LogFilter())] == list(range(120, 20, -1))


@pytest.mark.parametrize("limit", [1, 7, 120, 1000])
def test_no_more_runs_are_read_than_asked_for(read_log: ReadLog, limit: int) -> None:
    executions = read_log(LogFilter(), limit)

    assert [execution.id for execution in executions] == list(range(120, 0, -1))[:limit]


def test_filters_apply_alone_and_together(read_log: ReadLog) -> None:
    sessions = LogFilter(job_name="cleanup_expired_sessions")
    failures = LogFilter(only_failures=True)
    both = LogFilter(job_name="cleanup_expired_sessions", only_failures=True)

    assert [execution.id for execution in read_log(sessions, 3)] == [117, 113, 109]
    assert [execution.id for execution in read_log(failures, 3)] == [111, 101, 91]
    assert [execution.id for execution in read_log(both)] == [101, 81, 61, 41, 21, 1]


def test_a_job_that_never_ran_has_no_runs(read_log: ReadLog) -> None:
    assert read_log(LogFilter(job_name="nonexistent_job")) == []


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_outside_1_to_1000_is_refused(read_log: ReadLog, limit: int) -> None:
    with pytest.raises(InvalidLimit, match=f"^limit must be between 1 and 1000, not {limit}$"):
        read_log(LogFilter(), limit)
