"""What an execution log owes, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished
from barycenter_jobs.core.executions import (
    BREAKER_TRIPPED,
    LEASE,
    Backlog,
    Execution,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.jobs import CHALLENGES, REFRESH_TOKENS, SESSIONS, Job
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.stores import ExecutionLog
from tests.engine import client, create_table

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
ALL = LogFilter()


@pytest.fixture(params=["memory", "the engine", "moto"])
def log(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[ExecutionLog]:
    """An empty log."""
    yield from _log(request, new_name)


@pytest.fixture(params=["memory", "the engine"])
def concurrent_log(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[ExecutionLog]:
    """An empty log that several threads may use: moto's transactions do not exclude each other."""
    yield from _log(request, new_name)


def _log(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[ExecutionLog]:
    table = new_name("job_executions")
    match request.param:
        case "memory":
            yield MemoryExecutionLog()
        case "moto":
            with mock_aws():
                create_table(boto3.client("dynamodb"), "job_executions", table)
                yield dynamodb_log(table, None)
        case _:
            endpoint: str = request.getfixturevalue("engine")
            create_table(client(endpoint), "job_executions", table)
            yield dynamodb_log(table, endpoint)
            client(endpoint).delete_table(TableName=table)


def dynamodb_log(table: str, endpoint: str | None) -> DynamoDBExecutionLog:
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=100)
    return DynamoDBExecutionLog(table, DynamoDB(endpoint), retention=timedelta(days=90), backoff=backoff)


def scheduled(job: Job = SESSIONS, delivery_id: str = "event-1") -> Start:
    return Start(job, Trigger(TriggerKind.SCHEDULE), delivery_id)


def ran(log: ExecutionLog, job: Job, at: datetime, status: Status = Status.SUCCESS) -> Execution:
    """Record a whole run that started at `at` and return it."""
    started = log.start(scheduled(job, str(uuid4())), at)
    error = "it went wrong" if status is Status.ERROR else None
    finished = started.finished(status, at + timedelta(seconds=1), error_message=error)
    log.finish(finished)
    return finished


def test_ids_count_up_from_one_over_all_jobs(log: ExecutionLog) -> None:
    ids = [ran(log, job, NOON).id for job in (SESSIONS, CHALLENGES, REFRESH_TOKENS)]

    assert ids == [1, 2, 3]


def test_a_started_run_reads_as_running(log: ExecutionLog) -> None:
    started = log.start(
        Start(SESSIONS, Trigger(TriggerKind.MANUAL, by="arn:aws:iam::1:user/ada"), "event-1"), NOON
    )

    assert log.get(1) == started
    assert started == Execution(
        id=1,
        job_name="cleanup_expired_sessions",
        handler_id="cleanup_sessions",
        started_at=NOON,
        trigger=Trigger(TriggerKind.MANUAL, by="arn:aws:iam::1:user/ada"),
        delivery_id="event-1",
        attempt_number=1,
        status=Status.RUNNING,
        lease_until=NOON + LEASE,
    )


def test_a_finished_run_reads_as_it_was_recorded(log: ExecutionLog) -> None:
    started = log.start(scheduled(), NOON)
    finished = started.finished(
        Status.ERROR,
        NOON + timedelta(seconds=1.5),
        counts=Counts(deleted=15, became_live=1, already_gone=2, failed=3, uncertain=4, quarantined=5),
        usage=Usage(read_units=1.5, write_units=30.0, cost_usd=0.0000189),
        backlog=Backlog(remaining=7, oldest_expired_at=NOON - timedelta(days=1), exact=False),
        samples=("0123456789ab",),
        error_message="3 rows could not be deleted",
        warnings=("one", "two"),
    )

    log.finish(finished)

    assert log.get(1) == finished


def test_there_is_nothing_under_an_unknown_id(log: ExecutionLog) -> None:
    assert log.get(7) is None


def test_a_finished_record_never_changes(log: ExecutionLog) -> None:
    started = log.start(scheduled(), NOON)
    log.finish(started.finished(Status.SUCCESS, NOON, counts=Counts(deleted=1)))

    with pytest.raises(ExecutionAlreadyFinished):
        log.finish(started.finished(Status.ERROR, NOON, error_message="late"))

    found = log.get(1)
    assert found is not None
    assert (found.status, found.counts.deleted, found.error_message) == (Status.SUCCESS, 1, None)


def test_an_event_that_succeeded_is_not_started_again(log: ExecutionLog) -> None:
    log.finish(log.start(scheduled(), NOON).finished(Status.SUCCESS, NOON))

    with pytest.raises(DeliveryAlreadyHandled) as race:
        log.start(scheduled(), NOON + timedelta(minutes=1))

    assert race.value.execution_id == 1
    assert [execution.id for execution in log.read(ALL, 10)] == [1]


def test_an_event_that_reaches_two_jobs_starts_both(log: ExecutionLog) -> None:
    log.finish(log.start(scheduled(SESSIONS), NOON).finished(Status.SUCCESS, NOON))

    second = log.start(scheduled(CHALLENGES), NOON)

    assert (second.id, second.attempt_number) == (2, 1)


def test_an_event_that_failed_is_started_as_the_next_attempt(log: ExecutionLog) -> None:
    log.finish(log.start(scheduled(), NOON).finished(Status.ERROR, NOON, error_message="no"))
    log.finish(log.start(scheduled(), NOON).finished(Status.ERROR, NOON, error_message="no"))

    third = log.start(scheduled(), NOON + timedelta(minutes=3))

    assert (third.id, third.attempt_number) == (3, 3)


def test_simultaneous_starts_get_an_id_each_without_gaps(concurrent_log: ExecutionLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        starts = [scheduled(delivery_id=f"event-{number}") for number in range(20)]
        started = list(pool.map(lambda start: concurrent_log.start(start, NOON), starts))

    assert sorted(execution.id for execution in started) == list(range(1, 21))
    assert sorted(execution.id for execution in concurrent_log.read(ALL, 100)) == list(range(1, 21))


def test_a_run_that_stopped_at_its_ceiling_is_not_repeated(log: ExecutionLog) -> None:
    start = scheduled(SESSIONS, "too much")
    why = f"Stopped after 10 deletions: {BREAKER_TRIPPED} (MaxRecordsPerRun)."
    log.finish(log.start(start, NOON).finished(Status.ERROR, NOON, error_message=why))

    with pytest.raises(DeliveryAlreadyHandled):
        log.start(start, NOON + timedelta(minutes=1))


def test_an_empty_log_has_no_executions(log: ExecutionLog) -> None:
    assert log.read(ALL, 100) == []
    assert log.read(LogFilter(job_name="cleanup_expired_sessions", only_failures=True), 100) == []


def test_the_log_reads_newest_first_up_to_the_limit(log: ExecutionLog) -> None:
    for minutes in (0, 5, 10, 15):
        ran(log, CHALLENGES, NOON + timedelta(minutes=minutes))

    assert [execution.id for execution in log.read(ALL, 3)] == [4, 3, 2]


def test_order_follows_the_start_and_then_the_id(log: ExecutionLog) -> None:
    for at in (NOON + timedelta(microseconds=1), NOON, NOON, NOON + timedelta(seconds=1)):
        ran(log, CHALLENGES, at)

    assert [execution.id for execution in log.read(ALL, 10)] == [4, 1, 3, 2]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("since", [None, NOON - timedelta(days=1), NOON, NOON + timedelta(microseconds=1)])
@pytest.mark.parametrize("until", [None, NOON, NOON + timedelta(seconds=1), NOON + timedelta(days=1)])
def test_a_range_of_time_begins_with_its_first_instant_and_ends_before_its_last(
    log: ExecutionLog, since: datetime | None, until: datetime | None, order: Order
) -> None:
    starts = [NOON, NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1)]
    expected = [
        number
        for number, at in enumerate(starts, start=1)
        if (since is None or at >= since) and (until is None or at < until)
    ]
    for at in starts:
        ran(log, CHALLENGES, at)

    found = [each.id for each in log.read(LogFilter(since=since, until=until), 10, order=order)]

    assert found == (expected if order is Order.OLDEST_FIRST else expected[::-1])


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("log_filter", [ALL, LogFilter(status=Status.SUCCESS, since=NOON)], ids=str)
def test_reading_goes_on_after_a_position_and_meets_everything_once(
    log: ExecutionLog, order: Order, log_filter: LogFilter
) -> None:
    for at in (NOON, NOON, NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1)):
        ran(log, CHALLENGES, at)
    whole = log.read(log_filter, 10, order=order)
    found: list[Execution] = []
    after = None
    while batch := log.read(log_filter, 2, order=order, after=after):
        found += batch
        after = Position.of(batch[-1])

    assert len(whole) == 5
    assert found == whole


def test_a_position_whose_record_is_gone_is_as_good_as_any(log: ExecutionLog) -> None:
    ran(log, CHALLENGES, NOON)

    assert [each.id for each in log.read(ALL, 10, after=Position(NOON + timedelta(hours=1), 77))] == [1]
    assert log.read(ALL, 10, after=Position(NOON - timedelta(hours=1), 77)) == []


def test_a_range_without_an_instant_holds_nothing(log: ExecutionLog) -> None:
    ran(log, CHALLENGES, NOON)

    assert log.read(LogFilter(since=NOON + timedelta(hours=1), until=NOON), 10) == []
    assert log.read(LogFilter(since=NOON), 10, after=Position(NOON - timedelta(hours=1), 7)) == []


@pytest.mark.parametrize(
    ("log_filter", "ids"),
    [
        (ALL, [6, 5, 4, 3, 2, 1]),
        (LogFilter(job_name=SESSIONS.name), [6, 4, 1]),
        (LogFilter(only_failures=True), [5, 4, 2]),
        (LogFilter(job_name=SESSIONS.name, only_failures=True), [4]),
        (LogFilter(status=Status.RUNNING), [6]),
        (LogFilter(status=Status.SUCCESS), [3, 1]),
        (LogFilter(job_name=SESSIONS.name, status=Status.SUCCESS), [1]),
        (LogFilter(only_failures=True, status=Status.TIMEOUT), [5]),
        (LogFilter(only_failures=True, status=Status.SUCCESS), []),
        (LogFilter(job_name="nonexistent_job"), []),
    ],
    ids=str,
)
def test_filters_apply_alone_and_together(log: ExecutionLog, log_filter: LogFilter, ids: list[int]) -> None:
    ran(log, SESSIONS, NOON)
    ran(log, CHALLENGES, NOON + timedelta(minutes=5), Status.ERROR)
    ran(log, CHALLENGES, NOON + timedelta(minutes=10))
    ran(log, SESSIONS, NOON + timedelta(minutes=60), Status.ERROR)
    ran(log, REFRESH_TOKENS, NOON + timedelta(minutes=90), Status.TIMEOUT)
    log.start(scheduled(SESSIONS, "still running"), NOON + timedelta(minutes=120))

    assert [execution.id for execution in log.read(log_filter, 100)] == ids
    assert [execution.id for execution in log.read(log_filter, 2)] == ids[:2]
