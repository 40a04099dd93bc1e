"""The figures of one job and of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import UnknownJob
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS, Job
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.operations.clear_history import ClearHistory
from barycenter_jobs.operations.read_statistics import ReadStatistics

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)


@pytest.fixture
def log() -> MemoryExecutionLog:
    """Two runs of sessions, the second of which failed, and one of challenges."""
    log = MemoryExecutionLog()
    ran(log, SESSIONS, Status.SUCCESS, seconds=1)
    ran(log, SESSIONS, Status.ERROR, seconds=3)
    ran(log, CHALLENGES, Status.SUCCESS, seconds=2)
    return log


def ran(log: MemoryExecutionLog, job: Job, status: Status, seconds: int) -> None:
    event = f"event of {seconds}"
    started = log.start(Start(job, Trigger(TriggerKind.SCHEDULE), event), NOON)
    why = "no" if status is Status.ERROR else None
    ended = NOON + timedelta(seconds=seconds)
    log.finish(started.finished(status, ended, counts=Counts(deleted=10), error_message=why))


def test_the_total_is_that_of_all_jobs(log: MemoryExecutionLog) -> None:
    statistics = ReadStatistics(log)()

    assert list(statistics.by_job) == [job.name for job in JOBS]
    assert (statistics.total.total, statistics.records_kept) == (3, 3)
    assert (statistics.total.success_count, statistics.total.error_count) == (2, 1)
    assert statistics.total.success_rate == 66.67
    assert statistics.total.average_duration_ms == 2000.0
    assert statistics.total.p50_ms == pytest.approx(2000, rel=0.01)
    assert statistics.total.records_processed == 30


def test_of_one_job_nothing_else_is_told(log: MemoryExecutionLog) -> None:
    statistics = ReadStatistics(log, max_records=4)(SESSIONS.name)

    assert list(statistics.by_job) == [SESSIONS.name]
    assert (statistics.total.total, statistics.lifetime.total, statistics.records_kept) == (2, 2, 2)
    assert statistics.buffer_utilization == 0.75  # of the whole log


def test_an_unknown_job_is_an_error(log: MemoryExecutionLog) -> None:
    with pytest.raises(UnknownJob):
        ReadStatistics(log)("nonexistent_job")


@pytest.mark.parametrize(("max_records", "utilization"), [(None, None), (6, 0.5), (3, 1.0), (2, 1.0)])
def test_the_buffer_is_full_at_1(
    log: MemoryExecutionLog, max_records: int | None, utilization: float | None
) -> None:
    assert ReadStatistics(log, max_records)().buffer_utilization == utilization


def test_the_lifetime_outlives_what_is_cleared(log: MemoryExecutionLog) -> None:
    ClearHistory(log, log, lambda: NOON + timedelta(hours=1))(None, "alice")

    statistics = ReadStatistics(log)()

    assert log.read(LogFilter(), 10) == []
    assert (statistics.total.total, statistics.lifetime.total) == (0, 3)
