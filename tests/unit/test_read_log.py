"""Read the execution log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.errors import InvalidLimit
from barycenter_jobs.core.executions import LEASE, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.log_reading import LogFilter
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
    return ReadLog(log, lambda: NOON + timedelta(minutes=119))


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


# ---- Runs that have died


MINUTE = timedelta(minutes=1)


def with_a_dead_run(*, closed: bool = False) -> tuple[MemoryExecutionLog, Execution]:
    """A failure at noon, a run of sessions that dies a minute later, and a failure after another minute."""
    log = MemoryExecutionLog()
    for job, minutes in ((JOBS[1], 0), (JOBS[0], 1), (JOBS[2], 2)):
        at = NOON + minutes * MINUTE
        execution = log.start(Start(job, Trigger(TriggerKind.SCHEDULE), f"event-{minutes}"), at)
        if minutes != 1:
            log.finish(execution.finished(Status.ERROR, at, error_message="no"))
    dead = log.get(2)
    assert dead is not None
    if closed:
        log.close(dead)
    return log, dead


def test_a_dead_run_is_shown_as_the_timeout_that_it_is_before_its_record_is_closed() -> None:
    log, dead = with_a_dead_run()
    lease = NOON + MINUTE + LEASE

    before = ReadLog(log, lambda: lease - timedelta(microseconds=1))
    after = ReadLog(log, lambda: lease)

    assert before(LogFilter())[1] == dead == before.one(2)
    assert after(LogFilter())[1] == dead.given_up() == after.one(2)
    assert log.get(2) == dead


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(
    ("log_filter", "ids"),
    [
        (LogFilter(only_failures=True), [3, 2, 1]),
        (LogFilter(status=Status.TIMEOUT), [2]),
        (LogFilter(JOBS[0].name, only_failures=True), [2]),
        (LogFilter(JOBS[1].name, only_failures=True), [1]),
        (LogFilter(status=Status.RUNNING), []),
        (LogFilter(), [3, 2, 1]),
    ],
)
def test_failures_hold_a_dead_run_in_its_place_whether_it_is_closed_or_not(
    log_filter: LogFilter, ids: list[int], closed: bool
) -> None:
    log, _ = with_a_dead_run(closed=closed)

    assert [each.id for each in ReadLog(log, lambda: NOON + 10 * MINUTE)(log_filter)] == ids


@pytest.mark.parametrize(("limit", "ids"), [(1, [3]), (2, [3, 2])])
def test_a_dead_run_does_not_stretch_the_limit(limit: int, ids: list[int]) -> None:
    log, _ = with_a_dead_run()
    failures = LogFilter(only_failures=True)

    assert [each.id for each in ReadLog(log, lambda: NOON + 10 * MINUTE)(failures, limit)] == ids


def test_a_run_that_is_closed_while_it_is_read_is_shown_once() -> None:
    log, dead = with_a_dead_run(closed=True)

    class LaggingIndex(MemoryExecutionLog):
        read = log.read

        def running(self) -> list[Execution]:
            return [dead]

    found = ReadLog(LaggingIndex(), lambda: NOON + 10 * MINUTE)(LogFilter(only_failures=True))

    assert [each.id for each in found] == [3, 2, 1]


def test_a_live_run_is_no_failure() -> None:
    log, _ = with_a_dead_run()

    found = ReadLog(log, lambda: NOON + MINUTE)(LogFilter(only_failures=True))

    assert [each.id for each in found] == [3, 1]


def test_there_is_nothing_under_an_unknown_id(read_log: ReadLog) -> None:
    assert read_log.one(4711) is None


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_outside_1_to_1000_is_refused(read_log: ReadLog, limit: int) -> None:
    with pytest.raises(InvalidLimit, match=f"^limit must be between 1 and 1000, not {limit}$"):
        read_log(LogFilter(), limit)
