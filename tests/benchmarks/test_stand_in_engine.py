"""The stand-in is held against the embedded engine: the same answers to our sweep, but for the units.

Every request that a sweep sends to the stand-in, and every answer to it, is recorded. The same requests then
go to the embedded engine, in the same order, over a table with the same rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.model import OperationModel

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.expiry import Cutoffs, expiry_shard
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate, Outcome
from barycenter_jobs.core.sweep import sweep
from benchmarks.engine import MeteredEngine, metered_engine
from benchmarks.seeding import KEY, create_sessions, entry_bytes, keys_of, session_key

pytestmark = pytest.mark.scale  # two engines of its own

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)
TABLE = "sessions"


@pytest.fixture(scope="module")
def embedded(_made_up_credentials: None) -> Iterator[MeteredEngine]:
    """The embedded engine."""
    with metered_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def stand_in(_made_up_credentials: None) -> Iterator[MeteredEngine]:
    """Its stand-in."""
    with metered_engine(stand_in=True) as engine:
        yield engine


@pytest.fixture
def engines(
    embedded: MeteredEngine, stand_in: MeteredEngine
) -> Iterator[tuple[MeteredEngine, MeteredEngine]]:
    """The embedded engine and its stand-in, each with the same ninety rows."""
    both = (embedded, stand_in)
    for engine in both:
        create_sessions(engine.dynamodb, TABLE)
        engine.fill(TABLE, "expired", 60, NOW)
        engine.fill(TABLE, "live", 30, NOW)
    yield both
    for engine in both:
        engine.dynamodb.delete_table(TableName=TABLE)


@dataclass
class Sweeper:
    """Our reader and our deleter, with a record of every request and its answer."""

    engine: MeteredEngine
    exchanges: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = DynamoDB(self.engine.endpoint).deleting
        client.meta.events.register("provide-client-params.dynamodb.*", self._asked)
        client.meta.events.register("after-call.dynamodb.*", self._answered)
        self.rows = TableRows(client, TABLE, SESSIONS.kind)
        self.deleter = PartiqlDeleter(client, TABLE, KEY)

    def _asked(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["asked"] = dict(params)

    def _answered(
        self, model: OperationModel, parsed: dict[str, Any], context: dict[str, Any], **_: object
    ) -> None:
        self.exchanges.append((model.name, context["asked"], comparable(parsed)))

    def sweep(self) -> Counts:
        report = sweep(
            self.rows.pages(CUTOFFS),
            self.deleter,
            CUTOFFS,
            backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
            time_is_left=lambda: True,
            in_flight=1,
        )
        assert report.broken_by is None
        return report.counts


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the engines should agree on: not the units, and of a table what our reader looks at."""
    kept = {
        name: value for name, value in answer.items() if name not in ("ResponseMetadata", "ConsumedCapacity")
    }
    if "Table" in kept:
        table = kept["Table"]
        indexes = [
            {name: index[name] for name in ("IndexName", "KeySchema", "IndexStatus", "Projection")}
            for index in table["GlobalSecondaryIndexes"]
        ]
        kept = {"KeySchema": table["KeySchema"], "ItemCount": table["ItemCount"], "indexes": indexes}
    return kept


OPERATIONS = {
    "DescribeTable": "describe_table",
    "Query": "query",
    "Scan": "scan",
    "BatchExecuteStatement": "batch_execute_statement",
}


def test_a_whole_sweep_is_answered_alike(engines: tuple[MeteredEngine, MeteredEngine]) -> None:
    embedded, stand_in = engines
    ours = Sweeper(stand_in)

    counts = ours.sweep()
    ours.rows.backlog(CUTOFFS, lambda: True)

    assert counts == Counts(deleted=60)
    assert {name for name, _, _ in ours.exchanges} == OPERATIONS.keys()
    for name, request, answer in ours.exchanges:
        replayed = getattr(embedded.dynamodb, OPERATIONS[name])(**request)
        assert comparable(replayed) == answer, name


def test_what_waits_is_counted_alike(engines: tuple[MeteredEngine, MeteredEngine]) -> None:
    embedded, stand_in = (Sweeper(engine) for engine in engines)
    for ours in (embedded, stand_in):
        list(ours.rows.pages(CUTOFFS))

    waits = stand_in.rows.backlog(CUTOFFS, lambda: True)

    assert waits is not None
    assert waits.remaining == 60
    assert waits == embedded.rows.backlog(CUTOFFS, lambda: True)
    assert sorted(stand_in.exchanges, key=str) == sorted(
        embedded.exchanges, key=str
    )  # shards are read at once


def test_live_rows_rows_that_are_gone_and_rows_deleted_before_are_told_apart_alike(
    engines: tuple[MeteredEngine, MeteredEngine],
) -> None:
    tried = [
        Candidate(key=session_key("expired", 0), expires_at=NOW - 60),
        Candidate(key=session_key("live", 0), expires_at=NOW - 60),
        Candidate(key="nobody", expires_at=NOW - 60),
    ]
    embedded, stand_in = (Sweeper(engine) for engine in engines)
    expected = [Outcome.DELETED, Outcome.BECAME_LIVE, Outcome.ALREADY_GONE]

    for ours in (embedded, stand_in):
        first, second = ours.deleter.delete(tried, CUTOFFS), ours.deleter.delete(tried, CUTOFFS)
        assert [answer.outcome for answer in first.answers] == expected
        assert [answer.outcome for answer in second.answers] == [Outcome.ALREADY_GONE, *expected[1:]]

    assert sorted(stand_in.exchanges, key=str) == sorted(
        embedded.exchanges, key=str
    )  # shards are read at once


@pytest.mark.parametrize("options", [{"Limit": 2}, {"Limit": 1, "Select": "COUNT"}], ids=["keys", "counts"])
@pytest.mark.parametrize("comparator", ["<", ">="])
def test_pages_of_the_index_are_cut_alike(
    engines: tuple[MeteredEngine, MeteredEngine], options: dict[str, Any], comparator: str
) -> None:
    def pages(engine: MeteredEngine, shard: int) -> list[tuple[int, list[Any]]]:
        request: dict[str, Any] = {
            "TableName": TABLE,
            "IndexName": "expiry-index",
            "KeyConditionExpression": f"#shard = :shard AND #time {comparator} :bound",
            "ExpressionAttributeNames": {"#shard": "expiry_shard", "#time": "expires_at"},
            "ExpressionAttributeValues": {":shard": {"N": str(shard)}, ":bound": {"N": str(NOW)}},
            **options,
        }
        found = []
        while True:
            answer: Any = engine.dynamodb.query(**request)
            found.append((answer["Count"], answer.get("Items", [])))
            if "LastEvaluatedKey" not in answer:
                return [page for page in found if page[0]]  # the last one may be empty
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    embedded, stand_in = engines
    read = [pages(stand_in, shard) for shard in range(16)]
    assert sum(count for shard in read for count, _ in shard) == (60 if comparator == "<" else 30)
    assert read == [pages(embedded, shard) for shard in range(16)]


def test_it_reports_the_units_that_dynamodb_documents(stand_in: MeteredEngine) -> None:
    create_sessions(stand_in.dynamodb, TABLE)
    stand_in.fill(TABLE, "expired", 2_000, NOW)
    ours = Sweeper(stand_in)

    candidates = [one for page in ours.rows.pages(CUTOFFS) for one in page.candidates]
    units = ours.deleter.delete(
        [*candidates[:5], Candidate(key="nobody", expires_at=NOW - 1)], CUTOFFS
    ).write_units
    read_units = sum(page.read_units for page in ours.rows.pages(CUTOFFS))
    stand_in.dynamodb.delete_table(TableName=TABLE)

    assert units == 5 * 2 + 1  # the row and its index entry, and one for a row that is not there
    left = Counter(expiry_shard(one.key) for one in candidates[5:])
    pages = [math.ceil(entries * entry_bytes() / 4096) / 2 for entries in left.values()]
    assert read_units == sum(pages) + 16 * 0.5  # and an empty page of each shard, where unreadable values are


def test_it_refuses_what_it_does_not_know(stand_in: MeteredEngine) -> None:
    create_sessions(stand_in.dynamodb, TABLE)
    error = stand_in.dynamodb.exceptions.ClientError

    with pytest.raises(error, match="Not played here"):
        stand_in.dynamodb.get_item(TableName=TABLE, Key={KEY: {"S": "nobody"}})
    with pytest.raises(error, match="Not played here"):
        stand_in.dynamodb.scan(TableName=TABLE)
    with pytest.raises(error, match="Not played here"):
        stand_in.dynamodb.describe_table(TableName="nowhere")
    with pytest.raises(error, match="Not played here"):
        stand_in.dynamodb.batch_execute_statement(Statements=[{"Statement": "DELETE FROM sessions"}])
    stand_in.dynamodb.delete_table(TableName=TABLE)


def test_its_rows_have_the_keys_that_the_recount_expects(stand_in: MeteredEngine) -> None:
    create_sessions(stand_in.dynamodb, TABLE)
    stand_in.fill(TABLE, "expired", 40, NOW)
    ours = Sweeper(stand_in)

    shown = {one.key for page in ours.rows.pages(CUTOFFS) for one in page.candidates}
    stand_in.dynamodb.delete_table(TableName=TABLE)

    assert shown == keys_of("expired", 40)
