"""What becomes of finished records that are cleared or pruned, whatever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished
from barycenter_jobs.core.executions import LEASE, Execution, Request, Status
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS, Job
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.retention import REMOVED_AT_ONCE, Retention
from barycenter_jobs.core.stores import ExecutionLog
from barycenter_jobs.operations.clear_history import ClearHistory
from barycenter_jobs.operations.prune_history import PruneHistory
from tests.contracts.logs import Kept, figures, in_dynamodb, kept_in, recounted
from tests.contracts.test_statistics import start
from tests.engine import client, create_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ALICE = "arn:aws:iam::1:user/alice"
ALL = LogFilter()


@pytest.fixture(params=["memory", "the engine", "moto"])
def kept(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[Kept]:
    """An empty log."""
    yield from kept_in(request, new_name)


@pytest.fixture(params=["memory", "the engine"])
def shared(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[Kept]:
    """An empty log that several threads may use: moto's transactions do not exclude each other."""
    yield from kept_in(request, new_name)


def ran(log: ExecutionLog, at: datetime, job: Job = SESSIONS, status: Status = Status.SUCCESS) -> Execution:
    started = log.start(start(f"{job.name} at {at}", job), at)
    why = "it went wrong" if status is Status.ERROR else None
    ended = started.finished(status, at + MINUTE / 2, counts=Counts(deleted=started.id), error_message=why)
    log.finish(ended)
    return ended


def clearing(kept: Kept, at: datetime = NOON + DAY) -> ClearHistory:
    return ClearHistory(kept.log, kept.history, lambda: at)


def pruning(kept: Kept, at: datetime, max_records: int | None = None, most: int = 1000) -> PruneHistory:
    retention = Retention(timedelta(days=90), timedelta(days=400))
    return PruneHistory(kept.log, kept.history, lambda: at, retention, max_records, most)


def ids(log: ExecutionLog) -> list[int]:
    return [execution.id for execution in log.read(ALL, 1000)]


# ---- Clearing


def test_clearing_removes_records_and_their_figures_and_leaves_those_of_the_lifetime(kept: Kept) -> None:
    runs = [ran(kept.log, NOON + number * MINUTE) for number in range(3)]

    cleared = clearing(kept)(None, ALICE)

    assert (cleared.success, cleared.records_cleared) == (True, 3)
    assert ids(kept.log) == []
    assert kept.log.get(1) is None
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([])
    assert figures(kept.log.lifetime(SESSIONS.name)) == recounted(runs)


def test_clearing_one_job_leaves_the_others(kept: Kept) -> None:
    ran(kept.log, NOON, SESSIONS)
    other = ran(kept.log, NOON, CHALLENGES)

    cleared = clearing(kept)(SESSIONS.name, ALICE)

    assert cleared.records_cleared == 1
    assert ids(kept.log) == [other.id]
    assert figures(kept.log.statistics(CHALLENGES.name)) == recounted([other])


def test_every_final_state_is_cleared_and_what_is_running_stays(kept: Kept) -> None:
    for number, status in enumerate((Status.SUCCESS, Status.ERROR, Status.TIMEOUT, Status.CANCELLED)):
        ran(kept.log, NOON + number * MINUTE, status=status)
    running = kept.log.start(start("running"), NOON + 5 * MINUTE)
    kept.log.start(start("skipped"), NOON + 5 * MINUTE)

    assert clearing(kept)(None, ALICE).records_cleared == 5
    assert kept.log.read(ALL, 10) == [running]

    finished = running.finished(Status.SUCCESS, NOON + 6 * MINUTE, counts=Counts(deleted=8))
    kept.log.finish(finished)
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([finished])


def test_a_job_that_is_held_stays_held(kept: Kept) -> None:
    kept.log.start(start("running"), NOON)
    clearing(kept)(None, ALICE)

    assert kept.log.start(start("another"), NOON + LEASE / 2).status is Status.SKIPPED


def test_ids_never_go_back(kept: Kept) -> None:
    ran(kept.log, NOON)
    ran(kept.log, NOON + MINUTE)
    clearing(kept)(None, ALICE)

    assert kept.log.start(start("next"), NOON + 2 * MINUTE).id == 3


def test_an_event_whose_record_was_cleared_is_not_run_again(kept: Kept) -> None:
    ended = ran(kept.log, NOON)
    clearing(kept)(None, ALICE)

    with pytest.raises(DeliveryAlreadyHandled):
        kept.log.start(start(ended.delivery_id), NOON + MINUTE)
    with pytest.raises(DeliveryAlreadyHandled):
        kept.log.skip(start(ended.delivery_id), NOON + MINUTE, "the job is paused")


def test_a_cleared_record_does_not_come_back(kept: Kept) -> None:
    ended = ran(kept.log, NOON)
    clearing(kept)(None, ALICE)

    with pytest.raises(ExecutionAlreadyFinished):
        kept.log.finish(ended)
    assert kept.log.get(1) is None
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([])


def test_removing_a_record_twice_takes_its_figures_out_once(kept: Kept) -> None:
    first, second = ran(kept.log, NOON), ran(kept.log, NOON + MINUTE)

    assert kept.history.remove([first]) == 1
    assert kept.history.remove([first]) == 0
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([second])


def test_a_record_that_is_running_is_not_removed(kept: Kept) -> None:
    running = kept.log.start(start(), NOON)

    assert kept.history.remove([running]) == 0
    assert kept.log.get(1) == running


def test_who_cleared_what_when_and_why_reads_newest_first(kept: Kept) -> None:
    ran(kept.log, NOON, SESSIONS)
    ran(kept.log, NOON, CHALLENGES)
    clearing(kept, NOON + DAY)(SESSIONS.name, ALICE, "a new year")
    clearing(kept, NOON + 2 * DAY)(None, None)
    clearing(kept, NOON + 3 * DAY)(None, ALICE)

    found = kept.history.clearings(2)

    assert [(each.request, each.job_name, each.records) for each in found] == [
        (Request(NOON + 3 * DAY, ALICE), None, 0),
        (Request(NOON + 2 * DAY), None, 1),
    ]
    oldest = kept.history.clearings(10)[-1]
    assert (oldest.request.reason, oldest.job_name, oldest.records) == ("a new year", SESSIONS.name, 1)


def test_two_who_clear_in_the_same_instant_are_both_on_record(kept: Kept) -> None:
    first = kept.history.begin_clearing(Request(NOON, ALICE), None)
    second = kept.history.begin_clearing(Request(NOON, "bob"), None)

    assert first.id != second.id
    assert {each.request.by for each in kept.history.clearings(10)} == {ALICE, "bob"}


def test_an_unknown_job_clears_nothing_and_leaves_no_trace(kept: Kept) -> None:
    ran(kept.log, NOON)

    cleared = clearing(kept)("nonexistent_job", ALICE)

    assert (cleared.success, cleared.message) == (False, "Unknown job: nonexistent_job")
    assert ids(kept.log) == [1]
    assert kept.history.clearings(10) == []


def test_clearing_stops_in_time_and_goes_on_where_it_stopped(shared: Kept) -> None:
    for number in range(REMOVED_AT_ONCE + 10):
        ran(shared.log, NOON + number * MINUTE)
    times = iter([NOON + DAY, NOON + DAY, NOON + DAY + timedelta(seconds=15)])
    first = ClearHistory(shared.log, shared.history, lambda: next(times))(None, ALICE)

    assert (first.success, first.records_cleared) == (False, REMOVED_AT_ONCE)
    assert "ask again" in first.message
    assert len(ids(shared.log)) == 10
    assert clearing(shared, NOON + 2 * DAY)(None, ALICE).records_cleared == 10
    assert [each.records for each in shared.history.clearings(2)] == [10, REMOVED_AT_ONCE]


def test_clearing_beside_runs_that_finish_loses_neither_record_nor_figure(shared: Kept) -> None:
    def work(job: Job) -> list[Execution]:
        return [ran(shared.log, NOON + number * MINUTE, job) for number in range(12)]

    with ThreadPoolExecutor(6) as pool:
        clears = [
            pool.submit(clearing(shared, NOON + DAY + number * MINUTE), None, ALICE) for number in (0, 1)
        ]
        ended = [run for runs in pool.map(work, JOBS) for run in runs]
        cleared = sum(each.result().records_cleared for each in clears)

    left = shared.log.read(ALL, 1000)
    assert cleared == len(ended) - len(left)
    assert cleared == sum(each.records for each in shared.history.clearings(2))
    for job in JOBS:
        assert figures(shared.log.statistics(job.name)) == recounted(
            each for each in left if each.job_name == job.name
        )
        assert figures(shared.log.lifetime(job.name)) == recounted(
            each for each in ended if each.job_name == job.name
        )


# ---- Pruning


def test_records_go_once_their_retention_is_over_and_failures_much_later(kept: Kept) -> None:
    ran(kept.log, NOON)
    failed = ran(kept.log, NOON + MINUTE, status=Status.ERROR)
    later = ran(kept.log, NOON + 2 * MINUTE)

    assert pruning(kept, NOON + 90 * DAY)() == 0
    assert pruning(kept, NOON + 90 * DAY + MINUTE)() == 1
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([failed, later])
    assert pruning(kept, NOON + 399 * DAY)() == 1
    assert ids(kept.log) == [failed.id]
    assert pruning(kept, NOON + 401 * DAY)() == 1
    assert kept.log.lifetime(SESSIONS.name).total == 3


def test_a_call_removes_no_more_than_it_may_and_the_next_goes_on(kept: Kept) -> None:
    for number in range(5):
        ran(kept.log, NOON + number * MINUTE)
    prune = pruning(kept, NOON + 200 * DAY, most=3)

    assert [prune(), prune(), prune()] == [3, 2, 0]


def test_beyond_the_number_of_records_the_oldest_go_first_whatever_their_state(kept: Kept) -> None:
    running = kept.log.start(start("running", CHALLENGES), NOON - MINUTE)
    for number in range(5):
        ran(kept.log, NOON + number * MINUTE, status=Status.ERROR if number == 0 else Status.SUCCESS)

    assert pruning(kept, NOON + DAY, max_records=3)() == 2
    assert ids(kept.log) == [6, 5, 4, running.id]
    assert pruning(kept, NOON + DAY, max_records=3)() == 0


def test_no_number_of_records_means_any_number(kept: Kept) -> None:
    ran(kept.log, NOON)

    assert pruning(kept, NOON + DAY)() == 0


# ---- Facts of DynamoDB alone


@pytest.fixture
def dynamodb(engine: str) -> DynamoDBClient:
    """A client of the engine."""
    return client(engine)


@pytest.fixture
def table(dynamodb: DynamoDBClient, new_name: Callable[[str], str]) -> Iterator[str]:
    """The name of an empty table of executions."""
    name = new_name("job_executions")
    create_table(dynamodb, "job_executions", name)
    yield name
    dynamodb.delete_table(TableName=name)


def test_what_was_never_counted_is_not_taken_out(dynamodb: DynamoDBClient, table: str, engine: str) -> None:
    kept = in_dynamodb(table, engine)
    counted = ran(kept.log, NOON)
    item = dynamodb.get_item(TableName=table, Key={"log": {"S": "executions"}, "id": {"N": "1"}})["Item"]
    del item["counted_in"]
    dynamodb.put_item(TableName=table, Item=item | {"id": {"N": "7"}})

    assert clearing(kept)(None, ALICE).records_cleared == 2
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([])
    assert figures(kept.log.lifetime(SESSIONS.name)) == recounted([counted])


def test_clearing_leaves_every_item_that_is_no_record(
    dynamodb: DynamoDBClient, table: str, engine: str
) -> None:
    kept = in_dynamodb(table, engine)
    ran(kept.log, NOON)

    def logs() -> set[str]:
        return {item["log"]["S"].split()[0] for item in dynamodb.scan(TableName=table)["Items"]}

    before = logs()
    clearing(kept)(None, ALICE)

    assert before == {"executions", "counters", "delivery", "holder", "statistics", "lifetime"}
    assert logs() == before - {"executions"} | {"audit"}


def test_pruning_reads_nothing_but_what_it_removes(
    table: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = in_dynamodb(table, engine)
    assert isinstance(kept.log, DynamoDBExecutionLog)
    for number in range(20):
        ran(kept.log, NOON + number * MINUTE, status=Status.ERROR)
    ran(kept.log, NOON + 30 * MINUTE)
    ran(kept.log, NOON + 100 * DAY)
    read: list[int] = []
    send = kept.log._connection._make_api_call  # noqa: SLF001

    def counting(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = send(operation, request)
        read.extend([answer["ScannedCount"]] if operation == "Query" else [])
        return answer

    monkeypatch.setattr(kept.log._connection, "_make_api_call", counting)  # noqa: SLF001

    assert pruning(kept, NOON + 120 * DAY)() == 1
    assert sum(read) == 1


def test_a_record_that_somebody_else_removes_meanwhile_is_taken_out_once(
    table: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = in_dynamodb(table, engine)
    assert isinstance(kept.history, DynamoDBHistory)
    first, second, third = (ran(kept.log, NOON + number * MINUTE) for number in range(3))
    both = list(kept.history._finished([first, second]))  # noqa: SLF001 - what it reads before the other removes
    in_dynamodb(table, engine).history.remove([first])
    monkeypatch.setattr(kept.history, "_finished", lambda _executions: both)

    assert kept.history.remove([first, second]) == 1
    assert figures(kept.log.statistics(SESSIONS.name)) == recounted([third])
