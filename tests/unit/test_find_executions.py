"""What a search of the log reads for what it finds, and when it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.conditions import Comparison, Condition, Every, Operator, Some
from barycenter_jobs.core.errors import InvalidCursor, SearchTooBroad
from barycenter_jobs.core.execution_fields import FIELDS, Value
from barycenter_jobs.core.execution_query import (
    AfterCursor,
    Everything,
    ExecutionQuery,
    Ordering,
    Pagination,
    Slice,
    Term,
)
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.operations.find_executions import FindExecutions
from barycenter_jobs.operations.read_log import ReadLog
from tests.counted_log import CountedLog

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SESSIONS = JOBS[0].name


def log_of(runs: int) -> CountedLog:
    """Runs a minute apart: the jobs in turn, every tenth failed, the last one running."""
    log = CountedLog()
    for number in range(runs):
        at = NOON + number * MINUTE
        execution = log.start(Start(JOBS[number % 4], Trigger(TriggerKind.SCHEDULE), f"event-{number}"), at)
        if number < runs - 1:
            status = Status.ERROR if number % 10 == 0 else Status.SUCCESS
            log.finish(execution.finished(status, at, error_message="no" if status is Status.ERROR else None))
    return log


def find(log: MemoryExecutionLog, runs: int = 120, most_examined: int = 10_000) -> FindExecutions:
    return FindExecutions(ReadLog(log, lambda: NOON + (runs - 1) * MINUTE, most_examined))


def that(name: str, operator: str, *values: Value) -> Comparison:
    several = operator in ("is_in", "is_not_in", "between", "not_between")
    return Comparison(FIELDS[name], Operator(operator), values if several else values[0])


def query(where: Condition, pagination: Pagination | None = None) -> ExecutionQuery:
    return ExecutionQuery(where, pagination=pagination or Everything())


SUCCEEDED = that("status", "eq", "success")
EXAMINED = that("durationMs", "gte", 0)


@pytest.mark.parametrize(
    "where",
    [
        Every((that("jobName", "eq", SESSIONS), SUCCEEDED, that("startedAt", "gte", NOON + 60 * MINUTE))),
        Every((that("jobName", "eq", SESSIONS), that("success", "eq", True))),
        Every((that("success", "eq", False), that("startedAt", "gt", NOON))),
        Every(
            (
                Every((that("jobName", "is_in", SESSIONS),)),
                that("startedAt", "between", NOON, NOON + 99 * MINUTE),
            )
        ),
        that("jobName", "eq", SESSIONS),
        that("status", "is_in", "error", "timeout"),
        Every(),
    ],
    ids=[
        "job, status and time",
        "job and success",
        "failures since",
        "named jobs in a range",
        "job",
        "statuses",
        "everything",
    ],
)
@pytest.mark.parametrize("pagination", [Slice(5), AfterCursor(5), Slice(3, 2)])
def test_what_keys_answer_reads_as_many_records_as_it_returns_and_one(
    where: Condition, pagination: Pagination
) -> None:
    log = log_of(120)

    found = find(log)(query(where, pagination))

    assert found.executions
    assert log.records <= 5 + 1
    assert found.examined == log.records


def test_all_that_keys_find_is_read_once_and_nothing_else() -> None:
    log = log_of(120)

    found = find(log)(query(Every((that("jobName", "eq", SESSIONS), that("success", "eq", False)))))

    assert [each.id for each in found.executions] == [101, 81, 61, 41, 21, 1]
    assert log.records == 6


def test_ids_are_looked_up_one_by_one() -> None:
    log = log_of(120)

    found = find(log)(query(Every((that("id", "is_in", 7, 42, 4711), EXAMINED))))

    assert [each.id for each in found.executions] == [42, 7]
    assert log.records == 3


def test_two_jobs_are_read_from_two_keys_and_none_of_the_others_is() -> None:
    log = log_of(120)
    two = Some((that("jobName", "eq", SESSIONS), that("jobName", "eq", JOBS[1].name)))

    found = find(log)(query(two, Slice(6)))

    assert [each.id for each in found.executions] == [118, 117, 114, 113, 110, 109]
    assert {each.job_name for each in found.executions} == {SESSIONS, JOBS[1].name}
    assert found.total() == 60


@pytest.mark.parametrize("pagination", [Everything(), Slice(50)])
def test_a_search_that_stops_before_it_can_answer_is_an_error_that_says_what_to_do(
    pagination: Pagination,
) -> None:
    with pytest.raises(SearchTooBroad) as error:
        find(log_of(120), most_examined=40)(query(that("durationMs", "gt", 0), pagination))

    assert str(error.value) == (
        "The search stopped when it had examined 40 executions and cannot answer: narrow the filter by "
        "jobName, status, success or startedAt, or page by cursor, which goes on from there"
    )


@pytest.mark.parametrize("pagination", [Everything(), Slice(1), AfterCursor(1)])
def test_an_order_that_needs_everything_first_is_an_error_where_not_everything_can_be_read(
    pagination: Pagination,
) -> None:
    by_duration = ExecutionQuery(Every(), Ordering((Term(FIELDS["durationMs"]),)), pagination)

    with pytest.raises(
        SearchTooBroad, match=r"or order by startedAt alone: durationMs ASC, id ASC needs all"
    ):
        find(log_of(120), most_examined=119)(by_duration)
    assert find(log_of(120), most_examined=120)(by_duration).executions


def test_a_page_by_cursor_that_stops_is_short_and_says_where_to_go_on() -> None:
    search = find(log_of(120), most_examined=50)
    rare = Every((that("status", "ne", "running"), that("errorMessage", "eq", "no"), that("id", "lt", 30)))

    first = search(query(rare, AfterCursor(2)))
    second = search(query(rare, AfterCursor(2, first.next_cursor)))
    third = search(query(rare, AfterCursor(2, second.next_cursor)))

    assert ([each.id for each in first.executions], first.has_next, first.examined) == ([], True, 50)
    assert ([each.id for each in second.executions], second.has_next) == ([21], True)
    assert ([each.id for each in third.executions], third.has_next) == ([11, 1], False)


def test_a_page_that_is_full_when_the_search_stops_is_an_answer_and_there_may_be_more() -> None:
    found = find(log_of(120), most_examined=5)(query(EXAMINED, Slice(4)))

    assert len(found.executions) == 4
    assert found.has_next
    assert found.total() is None


def test_more_than_a_thousand_at_once_are_an_error_and_not_the_first_thousand() -> None:
    with pytest.raises(SearchTooBroad, match=r"^More than 1000 executions are found: ask for a page"):
        find(log_of(1001), 1001)(query(Every()))
    assert len(find(log_of(1000), 1000)(query(Every())).executions) == 1000


def test_the_total_of_jobs_and_states_is_read_from_counters() -> None:
    log = log_of(120)
    search = find(log)
    every = search(query(Every(), Slice(1)))
    running = search(query(that("status", "is_in", "running", "success"), AfterCursor(1)))
    of_sessions = search(
        query(Every((that("jobName", "eq", SESSIONS), that("success", "eq", False))), Slice(1))
    )
    read = log.records

    assert (every.total(), running.total(), of_sessions.total()) == (120, 108, 6)
    assert log.records == read


def test_another_total_is_counted_within_the_bound_or_not_at_all() -> None:
    some = that("startedAt", "gte", NOON + 20 * MINUTE)

    of_a_job = Every((that("jobName", "eq", SESSIONS), EXAMINED))
    in_a_state = Some((that("status", "eq", "error"), that("jobName", "eq", SESSIONS)))

    assert find(log_of(120))(query(some, Slice(1))).total() == 100
    assert find(log_of(117), 117)(query(of_a_job, Slice(1))).total() == 29
    assert find(log_of(120))(query(in_a_state, Slice(1))).total() == 36
    assert find(log_of(120), most_examined=99)(query(some, Slice(1))).total() is None


def test_the_total_is_of_all_pages_on_any_page() -> None:
    search = find(log_of(120))
    first = search(query(EXAMINED, AfterCursor(100)))

    second = search(query(EXAMINED, AfterCursor(100, first.next_cursor)))

    assert len(second.executions) == 19
    assert first.total() == second.total() == 119


def test_a_dead_run_is_found_as_the_timeout_that_it_is() -> None:
    log = log_of(120)
    search = find(log, 200)

    timeouts = search(query(that("status", "eq", "timeout"), Slice(10)))
    one = search.one(query(Every((that("id", "eq", 120), that("success", "eq", False)))))

    assert [each.id for each in timeouts.executions] == [120]
    assert one is not None
    assert one.status is Status.TIMEOUT
    assert search(query(that("status", "eq", "running"))).executions == []
    assert search(query(that("status", "eq", "timeout"), AfterCursor(1))).total() == 1


@pytest.mark.parametrize(
    "cursor", ["", "42", "WyJpZCBBU0MiXQ==", "WyJpZCBBU0MiLCBbInR3byJdXQ==", "W1tdXQ==", "é"]
)
def test_a_cursor_that_is_none_of_this_order_is_refused(cursor: str) -> None:
    by_id = ExecutionQuery(Every(), Ordering((Term(FIELDS["id"]),)), AfterCursor(1, cursor))

    with pytest.raises(InvalidCursor):
        find(log_of(3), 3)(by_id)
    with pytest.raises(InvalidCursor):
        find(log_of(3), 3)(query(Every(), AfterCursor(1, cursor)))


def test_a_cursor_goes_on_although_its_execution_is_gone() -> None:
    by_job = Ordering((Term(FIELDS["jobName"], descending=True),))
    log = log_of(13)
    first = find(log)(ExecutionQuery(Every(), by_job, AfterCursor(4)))
    gone = log.get(first.executions[-1].id)
    assert gone is not None
    log.remove([gone])

    second = find(log)(ExecutionQuery(Every(), by_job, AfterCursor(4, first.next_cursor)))

    every = [each.id for each in find(log)(ExecutionQuery(Every(), by_job)).executions]
    assert [each.id for each in second.executions] == every[3:7]
