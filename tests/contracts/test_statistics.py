"""What a log owes to whoever asks how the jobs have fared, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import ExecutionAlreadyFinished, Throttled
from barycenter_jobs.core.executions import LEASE, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS, Job
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.stores import ExecutionLog
from tests.contracts.logs import Kept, figures, kept_in, recounted
from tests.engine import client

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOTHING = recounted([])


@pytest.fixture(params=["memory", "the engine", "moto"])
def kept(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[Kept]:
    """An empty log."""
    yield from kept_in(request, new_name)


@pytest.fixture
def log(kept: Kept) -> ExecutionLog:
    """An empty log."""
    return kept.log


@pytest.fixture(params=["memory", "the engine"])
def concurrent_log(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[ExecutionLog]:
    """An empty log that several threads may use: moto's transactions do not exclude each other."""
    for each in kept_in(request, new_name):
        yield each.log


@pytest.fixture(params=["the engine"])
def dynamodb_log(
    request: pytest.FixtureRequest, new_name: Callable[[str], str]
) -> Iterator[DynamoDBExecutionLog]:
    """An empty log in the engine."""
    for each in kept_in(request, new_name):
        assert isinstance(each.log, DynamoDBExecutionLog)
        yield each.log


def start(event: str = "event-1", job: Job = SESSIONS) -> Start:
    return Start(job, Trigger(TriggerKind.SCHEDULE), event, worker=f"worker of {event}")


def ran(log: ExecutionLog, event: str, job: Job = SESSIONS, *, deleted: int = 0, ms: int = 1000) -> Execution:
    """Record a whole run and return it."""
    started = log.start(start(event, job), NOON)
    finished = started.finished(
        Status.SUCCESS, NOON + timedelta(milliseconds=ms), counts=Counts(deleted=deleted)
    )
    log.finish(finished)
    return finished


def both(log: ExecutionLog, job: Job = SESSIONS) -> list[object]:
    """Return the figures of the records that are there, and of the lifetime."""
    return [figures(log.statistics(job.name)), figures(log.lifetime(job.name))]


# ---- What counts


def test_a_log_without_runs_has_no_figures(log: ExecutionLog) -> None:
    assert both(log) == [NOTHING, NOTHING]


def test_a_run_counts_once_it_has_finished(log: ExecutionLog) -> None:
    started = log.start(start(), NOON)
    log.renew(started, NOON + LEASE)
    assert both(log) == [NOTHING, NOTHING]

    finished = started.finished(Status.SUCCESS, NOON + SECOND, counts=Counts(deleted=15, became_live=2))
    log.finish(finished)

    assert both(log) == [recounted([finished])] * 2
    assert log.statistics(SESSIONS.name).records_processed == 15


def test_each_job_has_its_own_figures(log: ExecutionLog) -> None:
    ran(log, "event-1", SESSIONS, deleted=1)
    ran(log, "event-2", CHALLENGES, deleted=2)
    ran(log, "event-3", CHALLENGES, deleted=3)

    assert {job.name: log.statistics(job.name).records_processed for job in JOBS} == {
        "cleanup_expired_sessions": 1,
        "cleanup_expired_refresh_tokens": 0,
        "cleanup_expired_challenges": 5,
        "cleanup_expired_device_codes": 0,
    }


def test_a_run_that_was_skipped_counts_however_it_came_to_that(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)
    log.start(start("event-2"), NOON)
    log.skip(start("event-3"), NOON, "the job is paused")

    statistics = log.statistics(SESSIONS.name)

    assert statistics.by_status[Status.SKIPPED] == statistics.total == 2
    assert statistics.p50_ms is None


@pytest.mark.parametrize("closed_by", ["the watchdog", "the next run", "its own event"])
def test_a_dead_run_counts_as_a_timeout_with_what_it_told(log: ExecutionLog, closed_by: str) -> None:
    dead = log.start(start("event-1"), NOON)
    if closed_by == "the watchdog":
        assert log.close(dead)
    else:
        event = "event-1" if closed_by == "its own event" else "event-2"
        log.start(start(event), NOON + LEASE)

    assert both(log) == [recounted([dead.given_up()])] * 2


def test_what_a_closed_run_did_later_counts_as_a_record_of_its_own(log: ExecutionLog) -> None:
    dead = log.start(start("event-1"), NOON)
    log.close(dead)
    late = log.supplement(
        dead.finished(Status.TIMEOUT, NOON + LEASE, counts=Counts(deleted=7), error_message="late")
    )

    assert both(log) == [recounted([dead.given_up(), late])] * 2


def test_a_finish_that_comes_too_late_does_not_count(log: ExecutionLog) -> None:
    started = log.start(start(), NOON)
    finished = started.finished(Status.SUCCESS, NOON, counts=Counts(deleted=1))
    log.finish(finished)

    with pytest.raises(ExecutionAlreadyFinished):
        log.finish(started.finished(Status.ERROR, NOON, counts=Counts(deleted=9), error_message="late"))

    assert both(log) == [recounted([finished])] * 2


def test_percentiles_reach_over_durations_that_are_far_apart(log: ExecutionLog) -> None:
    for number, ms in enumerate([0, 1, 20, 300, 4_000, 50_000, 600_000]):
        ran(log, f"event-{number}", ms=ms)

    statistics = log.statistics(SESSIONS.name)

    assert statistics.p50_ms == pytest.approx(300, rel=0.01)
    assert statistics.p99_ms == pytest.approx(600_000, rel=0.01)
    assert statistics.average_duration_ms == pytest.approx(654_321 / 7, abs=0.1)


# ---- Many at once


def test_runs_that_finish_at_once_all_count(concurrent_log: ExecutionLog) -> None:
    first = concurrent_log.start(start("event-0"), NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: concurrent_log.skip(start(f"event-{n}"), NOON, "it is paused"), range(1, 17)))
        list(pool.map(lambda job: ran(concurrent_log, f"event of {job.name}", job), JOBS[1:]))
    concurrent_log.finish(first.finished(Status.SUCCESS, NOON))

    runs = concurrent_log.read(LogFilter(), 100)
    for job in JOBS:
        assert both(concurrent_log, job) == [recounted(run for run in runs if run.job_name == job.name)] * 2
    assert concurrent_log.lifetime(SESSIONS.name).total == 17


def test_a_finish_that_others_are_in_the_way_of_is_tried_again(
    dynamodb_log: DynamoDBExecutionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = dynamodb_log.start(start(), NOON)
    refuse_transactions(dynamodb_log, monkeypatch, times=3)
    finished = started.finished(Status.SUCCESS, NOON + SECOND, counts=Counts(deleted=3))

    dynamodb_log.finish(finished)

    assert both(dynamodb_log) == [recounted([finished])] * 2


def test_a_finish_that_others_never_let_through_is_throttled(
    dynamodb_log: DynamoDBExecutionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = dynamodb_log.start(start(), NOON)
    refuse_transactions(dynamodb_log, monkeypatch, times=1000)

    with pytest.raises(Throttled, match="Cannot record the end of a run"):
        dynamodb_log.finish(started.finished(Status.SUCCESS, NOON))

    assert both(dynamodb_log) == [NOTHING, NOTHING]


def refuse_transactions(log: DynamoDBExecutionLog, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    sdk = log._connection.client  # noqa: SLF001
    send, left = sdk._make_api_call, [times]  # noqa: SLF001
    reasons = [{"Code": code} for code in ("None", "TransactionConflict", "None")]
    answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}

    def refusing(operation: str, request: dict[str, Any]) -> object:
        if operation == "TransactWriteItems" and left[0]:
            left[0] -= 1
            raise ClientError(answer, operation)
        return send(operation, request)

    monkeypatch.setattr(sdk, "_make_api_call", refusing)


# ---- What it costs


def test_reading_the_figures_costs_the_same_however_many_records_there_are(
    dynamodb_log: DynamoDBExecutionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = []
    for number in range(41):
        ran(dynamodb_log, f"event-{number}", ms=1000 + number % 3)
        if number in (2, 40):
            with monkeypatch.context() as patched:
                spent = metered(dynamodb_log, patched)
                dynamodb_log.statistics(SESSIONS.name)
                dynamodb_log.lifetime(SESSIONS.name)
            costs.append(spent)

    assert costs[0] == costs[1] == [("Query", 1.0), ("Query", 1.0)]


def test_durations_of_every_length_are_read_in_one_request_for_a_few_units(
    dynamodb_log: DynamoDBExecutionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Growing by a fifth: every portion between a millisecond and an hour is there.
    for number in range(84):
        ran(dynamodb_log, f"event-{number}", ms=int(1.2**number))

    spent = metered(dynamodb_log, monkeypatch)
    dynamodb_log.statistics(SESSIONS.name)

    ((operation, units),) = spent
    assert operation == "Query"
    assert units <= 4


def test_an_item_of_counters_stays_below_a_kilobyte(dynamodb_log: DynamoDBExecutionLog) -> None:
    many = Counts(*[10**9] * 7)
    for number in range(32):  # every bucket of one portion: they grow by 2 %
        started = dynamodb_log.start(start(f"event-{number}"), NOON)
        long = timedelta(milliseconds=100_000 * 1.02**number)
        dynamodb_log.finish(started.finished(Status.SUCCESS, NOON + long, counts=many))

    sdk = client(dynamodb_log._connection.client.meta.endpoint_url)  # noqa: SLF001
    items: list[dict[str, dict[str, str]]] = [
        item  # type: ignore[misc]  # its values are numbers and strings
        for item in sdk.scan(TableName=dynamodb_log._table)["Items"]  # noqa: SLF001
        if str(item["log"]["S"]).startswith("statistics ")
    ]
    # Names and digits; DynamoDB takes half of the digits.
    sizes = [sum(len(name) + len("".join(item[name].values())) for name in item) for item in items]

    assert sum(map(len, items)) > 32
    assert max(sizes) < 900


def metered(log: DynamoDBExecutionLog, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Have every request's name and read units listed from now on."""
    spent: list[tuple[str, float]] = []
    sdk = log._connection.client  # noqa: SLF001
    send = sdk._make_api_call  # noqa: SLF001

    def counting(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = send(operation, request | {"ReturnConsumedCapacity": "TOTAL"})
        spent.append((operation, answer["ConsumedCapacity"]["CapacityUnits"]))
        return answer

    monkeypatch.setattr(sdk, "_make_api_call", counting)
    return spent
