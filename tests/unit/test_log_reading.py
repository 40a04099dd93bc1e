"""Positions and cursors, and pages of the log."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.callers import Caller, Permission, permissions_of
from barycenter_jobs.core.errors import InvalidCursor, InvalidLimit, NotAllowed
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.operations.read_log import ReadLog

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INSTANTS = st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1))  # noqa: DTZ001 - Hypothesis wants it naive


def log_of(runs: int) -> MemoryExecutionLog:
    """A log of runs a minute apart, of each job in turn, every third of which failed."""
    log = MemoryExecutionLog()
    for number in range(runs):
        at = NOON + number * MINUTE
        start = Start(JOBS[number % len(JOBS)], Trigger(TriggerKind.SCHEDULE), f"event-{number}")
        status = Status.ERROR if number % 3 == 0 else Status.SUCCESS
        log.finish(log.start(start, at).finished(status, at))
    return log


def reading(runs: int, most_examined: int = 10_000) -> ReadLog:
    return ReadLog(log_of(runs), lambda: NOON + timedelta(days=1), most_examined)


@given(INSTANTS, st.integers(0, 999_999_999_999))
def test_a_cursor_names_its_position(at: datetime, number: int) -> None:
    position = Position(at, number)

    assert Position.at_cursor(position.cursor) == position


@pytest.mark.parametrize(
    "cursor",
    ["", "?", "abc", "é", base64.urlsafe_b64encode(b"2026-02-30T12:00:00.000000Z#000000000001").decode()],
)
def test_a_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="none that an earlier page gave"):
        Position.at_cursor(cursor)


@given(st.text())
def test_no_text_at_all_does_worse_than_being_refused(cursor: str) -> None:
    with contextlib.suppress(InvalidCursor):
        Position.at_cursor(cursor)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("limit", [1, 3, 7, 20, 21])
@pytest.mark.parametrize(
    "log_filter",
    [
        LogFilter(),
        LogFilter(job_name=SESSIONS.name),
        LogFilter(only_failures=True),
        LogFilter(status=Status.SUCCESS, since=NOON + 4 * MINUTE, until=NOON + 15 * MINUTE),
    ],
)
def test_the_pages_together_are_the_whole_and_each_knows_of_the_next(
    log_filter: LogFilter, limit: int, order: Order
) -> None:
    read_log = reading(20)
    whole = read_log(log_filter, 1000, order=order)
    found: list[Execution] = []
    after = None
    pages = 0
    while True:
        page = read_log.page(log_filter, limit, order=order, after=after)
        found += page.executions
        pages += 1
        if page.next is None:
            break
        after = page.next

    assert found == whole
    assert found == sorted(found, key=Position.of, reverse=order is Order.NEWEST_FIRST)
    assert pages == max(1, -(-len(whole) // limit))


def test_running_runs_that_have_died_do_not_make_a_page_short() -> None:
    log = MemoryExecutionLog()
    for number, job in enumerate((SESSIONS, CHALLENGES)):
        log.start(Start(job, Trigger(TriggerKind.SCHEDULE), str(number)), NOON + number * MINUTE)
    read_log = ReadLog(log, lambda: NOON + 1.5 * MINUTE)

    assert [each.id for each in read_log.page(LogFilter(status=Status.RUNNING), 1).executions] == [2]
    assert [each.id for each in read_log.page(LogFilter(status=Status.TIMEOUT), 1).executions] == [1]


def test_a_dead_run_is_on_one_page_of_failures_only() -> None:
    log = log_of(9)
    log.start(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "dies"), NOON + 2.5 * MINUTE)
    read_log = ReadLog(log, lambda: NOON + timedelta(days=1))
    found, after = [], None
    for _ in range(5):
        page = read_log.page(LogFilter(only_failures=True), 1, after=after)
        found += [each.id for each in page.executions]
        after = page.next
        if after is None:
            break

    assert found == [7, 4, 10, 1]


def test_a_page_size_outside_1_to_1000_is_refused() -> None:
    with pytest.raises(InvalidLimit):
        reading(1).page(LogFilter(), 1001)


@pytest.mark.parametrize(
    ("scopes", "permissions"),
    [
        ("", set()),
        ("openid profile", set()),
        ("jobs:read", {Permission.READ}),
        ("openid jobs:write jobs:read", {Permission.READ, Permission.WRITE}),
        ("jobs:writer xjobs:read", set()),
    ],
)
def test_scopes_are_whole_words(scopes: str, permissions: set[Permission]) -> None:
    assert permissions_of(scopes) == permissions


@pytest.mark.parametrize(
    ("scopes", "needed"), [("", "jobs:read"), ("", "jobs:write"), ("jobs:read", "jobs:write")]
)
def test_a_caller_without_a_permission_is_told_what_it_takes(scopes: str, needed: str) -> None:
    with pytest.raises(NotAllowed, match=f"This needs the scope {needed}; your token has"):
        Caller("alice", permissions_of(scopes)).check(Permission(needed))


def test_who_may_act_may_look_and_whom_iam_let_in_may_both() -> None:
    Caller("alice", permissions_of("jobs:write")).check(Permission.READ)
    Caller("arn:aws:iam::123456789012:user/alice").check(Permission.WRITE)
