"""The rows that stay because their expiry is no epoch second, as any store lists them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.indexed_rows import IndexedRows
from barycenter_jobs.core.errors import RequestRefused, TableMissing
from barycenter_jobs.core.expiry import Cutoffs, expiry_shard
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.rows import Quarantined, row_name
from tests.contracts.raw_tables import EngineRawTable, MemoryRawTable, RawTable
from tests.engine import client, create_table

NOW = 1_800_000_000


@pytest.fixture(params=["memory", "engine"])
def table(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> RawTable:
    if request.param == "memory":
        return MemoryRawTable()
    endpoint: str = request.getfixturevalue("engine")
    name = new_name("sessions")
    create_table(client(endpoint), "sessions", name)
    return EngineRawTable(client(endpoint), endpoint, name, SESSIONS.kind)


def odd(count: int) -> dict[str, dict[str, object]]:
    return {
        f"s3cr3t-{number}": {
            "expires_at": 100_000_000_000 + number,
            "expiry_shard": expiry_shard(f"s3cr3t-{number}"),
        }
        for number in range(count)
    }


def test_all_rows_in_quarantine_are_listed_once_by_a_hash_with_what_they_hold(table: RawTable) -> None:
    table.put(odd(60))
    table.put({"expired": {"expires_at": NOW, "expiry_shard": 3}})
    table.put({"in the last readable second": {"expires_at": 99_999_999_999, "expiry_shard": 3}})
    table.put({"for ever": {"user": "u-1", "expiry_shard": 3}})

    listed = list(table.reading.quarantined())

    assert len(listed) == 60
    assert set(listed) == {
        Quarantined(row_name(key), "expires_at", str(row["expires_at"])) for key, row in odd(60).items()
    }
    assert "s3cr3t" not in repr(listed)


def test_as_many_are_listed_as_a_run_counts(table: RawTable) -> None:
    table.put(odd(7))

    counted = sum(page.unreadable for page in table.reading.pages(Cutoffs(NOW)))

    assert counted == len(list(table.reading.quarantined())) == 7


def test_a_clean_table_has_none(table: RawTable) -> None:
    table.put({"expired": {"expires_at": NOW, "expiry_shard": 3}})

    assert list(table.reading.quarantined()) == []


def test_rows_of_many_pages_are_all_listed_and_no_more_pages_are_read_than_are_wanted(
    engine: str, new_name: Callable[[str], str]
) -> None:
    name = new_name("sessions")
    create_table(client(engine), "sessions", name)
    EngineRawTable(client(engine), engine, name, SESSIONS.kind).put(
        {f"session-{number}": {"expires_at": NOW * 1000, "expiry_shard": 3} for number in range(25)}
    )
    reading, asked = DynamoDB(engine).reading, []
    reading.meta.events.register("before-call.dynamodb.Query", lambda **_: asked.append(1))
    rows = IndexedRows(reading, name, SESSIONS.kind.key, range(16), page_size=10)

    assert len(set(rows.quarantined())) == 25
    asked.clear()
    assert len(list(islice(rows.quarantined(), 5))) == 5
    assert len(asked) == 4  # of the shards 0 to 3


def test_a_table_that_is_not_there_or_has_no_index_is_an_error_with_a_name(
    engine: str, new_name: Callable[[str], str]
) -> None:
    name = new_name("sessions")
    create_table(client(engine), "sessions", name, indexed=False)

    with pytest.raises(TableMissing):
        list(TableRows(DynamoDB(engine).reading, "nowhere", SESSIONS.kind).quarantined())
    with pytest.raises(RequestRefused):
        list(TableRows(DynamoDB(engine).reading, name, SESSIONS.kind).quarantined())
