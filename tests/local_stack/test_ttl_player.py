"""TTL, played on an engine whose own tells nobody what it removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.removals import Removal, is_of_ttl, removal_of, table_of
from console.checkout import REPOSITORY
from console.local_stack.credentials import Credentials
from console.local_stack.errors import BadSetting
from console.local_stack.settings import settings_from
from console.local_stack.tables import connect, create_missing_tables, put_rows
from console.local_stack.template import Table, read_template
from console.local_stack.ttl_player import ROWS_AT_ONCE, played, remove_expired
from tests.engine import client, create_table

NOW = 1_795_255_200
TEMPLATE = REPOSITORY / "template.yaml"


@pytest.fixture
def table(engine: str, new_name: Callable[[str], str]) -> Iterator[Table]:
    name = new_name("sessions")
    create_table(client(engine), "sessions", name)
    yield Table(name, "session_id", {}, "expires_at")
    client(engine).delete_table(TableName=name)


def test_it_removes_what_ttl_would_and_tells_what_a_stream_would(engine: str, table: Table) -> None:
    database = connect(engine, Credentials())
    rows: list[dict[str, Any]] = [
        {"session_id": "expired", "expires_at": NOW - 60, "expiry_shard": 1, "subject": "alice"},
        {"session_id": "live", "expires_at": NOW + 60},
        {"session_id": "this second", "expires_at": NOW},
        {"session_id": "ages ago", "expires_at": NOW - 6 * 365 * 86_400},
        {"session_id": "never"},
        {"session_id": "milliseconds", "expires_at": (NOW - 60) * 1000},
    ]
    put_rows(database, table.name, rows)

    (record,) = remove_expired(database, table, NOW)

    left = {row["session_id"] for row in database.Table(table.name).scan()["Items"]}
    assert left == {row["session_id"] for row in rows} - {"expired"}
    assert is_of_ttl(record)
    assert table_of(record) == table.name
    removal = removal_of(record, SESSIONS.kind)
    assert isinstance(removal, Removal)
    assert (removal.lateness_seconds, removal.write_units) == (60, 2)
    assert remove_expired(database, table, NOW) == []


def test_it_removes_the_longest_expired_first_and_a_few_at_a_time(engine: str, table: Table) -> None:
    database = connect(engine, Credentials())
    many = ROWS_AT_ONCE + 5
    rows = [{"session_id": f"{late:03}", "expires_at": NOW - 1 - late} for late in range(many)]
    put_rows(database, table.name, rows)

    first = remove_expired(database, table, NOW)
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in first]

    assert len(first) == ROWS_AT_ONCE
    assert first[0]["dynamodb"]["Keys"] == {"session_id": {"S": f"{many - 1:03}"}}
    assert numbers == sorted(set(numbers))
    assert len(remove_expired(database, table, NOW)) == 5


def test_it_is_played_for_the_kinds_where_ttl_goes_first() -> None:
    swept = read_template(TEMPLATE)
    parameters = settings_from(
        {"SESSIONS_CLEANUP_MODE": "ttl-first", "TTL_PATIENCE_SECONDS": "60"}
    ).parameters
    first = read_template(TEMPLATE, parameters)

    assert played(swept.tables) == []
    assert [table.name for table in played(first.tables)] == ["sessions"]
    environment = first.functions["CleanupSessionsFunction"].environment
    assert (environment["CLEANUP_MODE"], environment["TTL_PATIENCE_SECONDS"]) == ("ttl-first", "60")
    assert first.functions["CleanupChallengesFunction"].environment["CLEANUP_MODE"] == "sweep"


def test_the_engine_takes_such_a_table(engine: str) -> None:
    first = read_template(TEMPLATE, {"SessionsCleanupMode": "ttl-first", "SessionsTableName": "ttl_first"})
    (made,) = create_missing_tables(connect(engine, Credentials()), played(first.tables))

    described = client(engine).describe_table(TableName=made.name)["Table"]

    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    client(engine).delete_table(TableName=made.name)


@pytest.mark.parametrize("patience", ["0", "-1", "x", "1.5", "9999999999"])
def test_a_patience_that_makes_no_sense_is_refused(patience: str) -> None:
    with pytest.raises(BadSetting, match="TTL_PATIENCE_SECONDS"):
        settings_from({"TTL_PATIENCE_SECONDS": patience})


def test_a_mode_that_there_is_not_is_refused() -> None:
    parameters = settings_from({"SESSIONS_CLEANUP_MODE": "magic"}).parameters

    with pytest.raises(BadSetting, match="sweep, ttl-first"):
        read_template(TEMPLATE, parameters)
