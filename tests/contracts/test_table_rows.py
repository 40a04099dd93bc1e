"""How a provider's table is read, whatever indexes it has: facts of DynamoDB alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from barycenter_jobs.adapters.dynamodb import expired_rows
from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import RequestRefused, TableMissing
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from tests.engine import client, create_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)


@dataclass
class Tables:
    """A maker of tables of sessions, and what was asked of the engine since."""

    endpoint: str
    new_name: Callable[[str], str]
    requests: list[str] = field(default_factory=list)

    @property
    def dynamodb(self) -> DynamoDBClient:
        return client(self.endpoint)

    def make(self, rows: list[dict[str, Any]], *, indexed: bool) -> str:
        name = self.new_name("sessions")
        create_table(self.dynamodb, "sessions", name, indexed=indexed)
        for row in rows:
            self.dynamodb.put_item(TableName=name, Item=row)
        return name

    def sweep(
        self, table: str, deleter: type[PartiqlDeleter | ConditionalDeleter] = PartiqlDeleter
    ) -> tuple[SweepReport, TableRows]:
        sweeping = DynamoDB(self.endpoint).deleting
        sweeping.meta.events.register(
            "before-call.dynamodb.*", lambda model, **_: self.requests.append(model.name)
        )
        rows = TableRows(sweeping, table, SESSIONS.kind)
        backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
        target = deleter(sweeping, table, SESSIONS.kind.key)
        return sweep(rows.pages(CUTOFFS), target, CUTOFFS, backoff=backoff, time_is_left=lambda: True), rows

    def left(self, table: str) -> set[str]:
        return {item["session_id"]["S"] for item in self.dynamodb.scan(TableName=table)["Items"]}


@pytest.fixture
def tables(engine: str, new_name: Callable[[str], str]) -> Tables:
    return Tables(engine, new_name)


def row(key: str, expires_at: dict[str, Any] | None = None, shard: int | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"session_id": {"S": key}, "user": {"S": "u-1"}}
    if expires_at is not None:
        made["expires_at"] = expires_at
    if shard is not None:
        made["expiry_shard"] = {"N": str(shard)}
    return made


EVERY_TYPE = [
    row("a string", {"S": str(NOW - 60)}),
    row("a date", {"S": "2020-01-01T00:00:00Z"}),
    row("null", {"NULL": True}),
    row("a boolean", {"BOOL": False}),
    row("a list", {"L": [{"N": "1"}]}),
    row("milliseconds", {"N": str((NOW - 60) * 1000)}),
]


@pytest.mark.parametrize("deleter", [PartiqlDeleter, ConditionalDeleter])
def test_a_table_without_the_index_is_scanned_with_a_warning(
    tables: Tables, deleter: type[PartiqlDeleter | ConditionalDeleter]
) -> None:
    rows = [row("expired", {"N": str(NOW - 1)}), row("live", {"N": str(NOW)}), row("for ever"), *EVERY_TYPE]
    table = tables.make(rows, indexed=False)

    report, read = tables.sweep(table, deleter)

    assert report.counts == Counts(deleted=1, quarantined=len(EVERY_TYPE))
    assert tables.left(table) == {made["session_id"]["S"] for made in rows} - {"expired"}
    assert read.warnings() == (
        (
            f"Table {table} has no usable expiry-index, so this run read the table itself, for "
            f"{report.read_units:,.1f} read units. See docs/tables.md."
        ),
    )


@pytest.mark.parametrize("value", [made["expires_at"] for made in EVERY_TYPE], ids=str)
@pytest.mark.parametrize("deleter", [PartiqlDeleter, ConditionalDeleter])
def test_a_row_whose_expiry_turns_unreadable_after_it_was_read_survives(
    tables: Tables, deleter: type[PartiqlDeleter | ConditionalDeleter], value: dict[str, Any]
) -> None:
    table = tables.make([row("session", {"N": str(NOW - 1)})], indexed=False)
    sweeping = DynamoDB(tables.endpoint).deleting
    pages = list(TableRows(sweeping, table, SESSIONS.kind).pages(CUTOFFS))
    tables.dynamodb.put_item(TableName=table, Item=row("session", value))

    report = sweep(
        pages,
        deleter(sweeping, table, SESSIONS.kind.key),
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: True,
    )

    assert report.counts == Counts(became_live=1)
    assert tables.left(table) == {"session"}


def test_expired_rows_outside_the_index_of_a_small_table_go_too_with_a_warning(tables: Tables) -> None:
    rows = [
        row("indexed", {"N": str(NOW - 1)}, shard=3),
        row("without a shard", {"N": str(NOW - 1)}),
        row("in a shard that nobody reads", {"N": str(NOW - 1)}, shard=99),
        row("live without a shard", {"N": str(NOW + 60)}),
        row("milliseconds without a shard", {"N": str((NOW - 60) * 1000)}),
        row("milliseconds in the index", {"N": str((NOW - 60) * 1000)}, shard=3),
    ]
    table = tables.make(rows, indexed=True)

    report, read = tables.sweep(table)

    assert report.counts == Counts(deleted=3, quarantined=2)
    assert report.unindexed == 2
    assert tables.left(table) == {
        "live without a shard",
        "milliseconds without a shard",
        "milliseconds in the index",
    }
    assert read.warnings() == (
        (
            f"2 expired rows of {table} were not in its expiry-index: "
            "their writer left out expiry_shard or expires_at. See docs/tables.md."
        ),
    )


def test_a_large_table_with_the_index_is_never_scanned(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expired_rows, "SMALL_TABLE_BYTES", 10)
    table = tables.make([row("indexed", {"N": str(NOW - 1)}, shard=3), row("without a shard")], indexed=True)

    report, _ = tables.sweep(table)

    assert report.counts == Counts(deleted=1)
    assert "Scan" not in tables.requests


def test_a_sweep_states_the_units_it_consumed(tables: Tables) -> None:
    rows = [row(f"session-{number}", {"N": str(NOW - 1)}, shard=number % 16) for number in range(50)]
    table = tables.make(rows, indexed=True)

    report, _ = tables.sweep(table)

    assert report.counts.deleted == 50
    assert 50 <= report.write_units <= 105
    assert 0 < report.read_units <= 32


def test_fifty_rows_take_two_delete_requests(tables: Tables) -> None:
    rows = [row(f"session-{number}", {"N": str(NOW - 1)}, shard=number % 16) for number in range(50)]
    table = tables.make(rows, indexed=True)

    tables.sweep(table)

    assert tables.requests.count("BatchExecuteStatement") == 2


def test_a_table_with_another_key_is_refused_by_name(tables: Tables) -> None:
    name = tables.new_name("other")
    tables.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    report, _ = tables.sweep(name)

    assert isinstance(report.broken_by, RequestRefused)
    assert (
        str(report.broken_by)
        == f"Table {name} has the key (id), but rows of sessions have the key (session_id)"
    )


def test_a_missing_table_is_named(tables: Tables) -> None:
    report, _ = tables.sweep("nowhere")

    assert isinstance(report.broken_by, TableMissing)
    assert str(report.broken_by).startswith("Cannot describe nowhere: there is no such table")
