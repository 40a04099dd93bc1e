"""What has expired and what will, counted in the expiry index of any store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.core.backlog import expired_spans, expiring_spans
from barycenter_jobs.core.errors import TableMissing
from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.spans import Count, Span
from barycenter_jobs.core.stores import ExpiryIndex
from barycenter_jobs.operations.read_backlog import ReadBacklog
from tests.contracts.raw_tables import EngineRawTable, MemoryRawTable, RawTable
from tests.engine import client, create_table

NOW = 1_800_000_000
HOUR, DAY = 3600, 86_400


@pytest.fixture(params=["memory", "engine"])
def table(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> RawTable:
    if request.param == "memory":
        return MemoryRawTable()
    endpoint: str = request.getfixturevalue("engine")
    name = new_name("sessions")
    create_table(client(endpoint), "sessions", name)
    return EngineRawTable(client(endpoint), endpoint, name, SESSIONS.kind)


def index(table: RawTable) -> ExpiryIndex:
    return table.reading


def expiring(*times: int | Decimal) -> dict[str, dict[str, object]]:
    return {
        f"s3cr3t-{number}": {"expires_at": time, "expiry_shard": expiry_shard(f"s3cr3t-{number}")}
        for number, time in enumerate(times)
    }


def rows(counts: object) -> list[int]:
    assert isinstance(counts, list)
    assert all(isinstance(each, Count) and each.exact for each in counts)
    return [each.rows for each in counts]


def always() -> bool:
    return True


def test_every_row_is_in_one_span_by_its_age_to_the_second(table: RawTable) -> None:
    edges = [-7 * DAY, -DAY, -HOUR, 0, HOUR, DAY, 7 * DAY]
    table.put(expiring(*(NOW + edge + off for edge in edges for off in (-1, 0))))

    counts = index(table).count(expired_spans(NOW) + expiring_spans(NOW), 1000, always)

    assert rows(counts) == [1, 2, 2, 2, 2, 2, 2, 1]


def test_a_fraction_of_a_second_before_the_end_of_a_span_is_in_it(table: RawTable) -> None:
    table.put(expiring(Decimal(NOW) - Decimal("0.25"), Decimal(NOW) + Decimal("0.25")))

    counts = index(table).count([Span(NOW, NOW - HOUR), Span(NOW + HOUR, NOW)], 1000, always)

    assert rows(counts) == [1, 1]


def test_rows_without_a_readable_expiry_are_in_none(table: RawTable) -> None:
    table.put({"for ever": {"user": "u-1", "expiry_shard": 3}})
    table.put({"milliseconds": {"expires_at": NOW * 1000, "expiry_shard": 3}})

    counts = index(table).count(expired_spans(NOW) + expiring_spans(NOW), 1000, always)

    assert rows(counts) == [0] * 8


def test_counting_stops_after_so_many_rows_and_says_that_there_may_be_more(table: RawTable) -> None:
    table.put(expiring(*(NOW - number for number in range(1, 101))))

    counts = index(table).count([Span(NOW), Span(NOW + HOUR, NOW)], 32, always)

    assert counts is not None
    assert 32 <= counts[0].rows < 100
    assert [each.exact for each in counts] == [False, False] or counts[1] == Count(0)
    assert not counts[0].exact


def test_without_time_nothing_is_counted_and_nothing_is_exact(table: RawTable) -> None:
    table.put(expiring(NOW - 1, NOW + 1))

    counts = index(table).count([Span(NOW), Span(NOW + HOUR, NOW)], 1000, lambda: False)

    assert counts == [Count(0, exact=False), Count(0, exact=False)]


def test_the_earliest_expiry_is_that_of_any_shard(table: RawTable) -> None:
    table.put(expiring(NOW - 5, NOW - 700, NOW - 60, NOW + 5))

    assert index(table).earliest(NOW) == datetime.fromtimestamp(NOW - 700, UTC)
    assert index(table).earliest(NOW - 700) is None


def test_the_backlog_of_a_job_is_what_its_index_holds(table: RawTable) -> None:
    table.put(expiring(NOW - 5, NOW - 2 * HOUR, NOW - 2 * DAY, NOW - 8 * DAY, NOW + 5))
    now = datetime.fromtimestamp(NOW, UTC)
    read_backlog = ReadBacklog(lambda _name: index(table), lambda: now, lambda: 0.0)

    (plain,) = read_backlog(SESSIONS.name)
    (whole,) = read_backlog(SESSIONS.name, expiring=True)

    assert plain.job is SESSIONS
    assert plain.expired == whole.expired == Backlog(4, now - timedelta(days=8))
    assert plain.expiring is None
    assert whole.expiring is not None
    assert whole.expiring.within_1_hour == Count(1)


def test_a_table_without_the_index_is_not_counted_and_no_error(
    engine: str, new_name: Callable[[str], str]
) -> None:
    name = new_name("sessions")
    create_table(client(engine), "sessions", name, indexed=False)
    rows_of = TableRows(DynamoDB(engine).reading, name, SESSIONS.kind)
    now = datetime.fromtimestamp(NOW, UTC)

    (backlog,) = ReadBacklog(lambda _name: rows_of, lambda: now, lambda: 0.0)(SESSIONS.name)

    assert rows_of.count([Span(NOW)], 10, always) is None
    assert not backlog.indexed
    assert backlog.expired == Backlog(0, exact=False)


def test_a_table_that_is_not_there_is_an_error_with_a_name(engine: str) -> None:
    with pytest.raises(TableMissing):
        TableRows(DynamoDB(engine).reading, "nowhere", SESSIONS.kind).count([Span(NOW)], 10, always)


def test_only_the_index_is_asked_and_no_key_leaves_it(engine: str, new_name: Callable[[str], str]) -> None:
    name = new_name("sessions")
    create_table(client(engine), "sessions", name)
    EngineRawTable(client(engine), engine, name, SESSIONS.kind).put(expiring(NOW - 5, NOW + 5))
    reading, asked = DynamoDB(engine).reading, []
    reading.meta.events.register("before-call.dynamodb.*", lambda model, **_: asked.append(model.name))
    now = datetime.fromtimestamp(NOW, UTC)
    rows_of = TableRows(reading, name, SESSIONS.kind)

    backlog = ReadBacklog(lambda _name: rows_of, lambda: now, lambda: 0.0)(SESSIONS.name, expiring=True)

    assert set(asked) == {"Query"}
    assert "s3cr3t" not in repr(backlog)


def test_time_is_shared_out_among_the_jobs() -> None:
    table = MemoryRawTable()
    table.put(expiring(NOW - 5))
    seconds = iter([0.0, *[3.0] * 4, *[3.0] * 100])
    now = datetime.fromtimestamp(NOW, UTC)
    read_backlog = ReadBacklog(lambda _name: index(table), lambda: now, lambda: next(seconds), seconds=8.0)

    backlogs = read_backlog()

    assert [each.expired.exact for each in backlogs] == [False, True, True, True]
