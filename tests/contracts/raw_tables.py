"""A table whose rows are exactly what a test writes, with or without a shard, on either kind of store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper
from barycenter_jobs.adapters.memory import MemoryTable
from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import Kind
from barycenter_jobs.core.parts import Part
from barycenter_jobs.core.rows import Page, Quarantined
from barycenter_jobs.core.spans import Count, Span
from barycenter_jobs.core.stores import Deleter, Stamper

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

Row = Mapping[str, object]


class Reading(Protocol):
    """All the ways in which a table is read."""

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]: ...

    def shard(self, cutoffs: Cutoffs, shard: Part) -> Iterator[Page]: ...

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]: ...

    def segments(self, bytes_each: int) -> Sequence[Part]: ...

    def backlog(self, cutoffs: Cutoffs, time_is_left: Any) -> Backlog | None: ...  # noqa: ANN401

    def warnings(self) -> Sequence[str]: ...

    def quarantined(self) -> Iterator[Quarantined]: ...

    def count(self, spans: Sequence[Span], most: int, time_is_left: Any) -> Sequence[Count] | None: ...  # noqa: ANN401

    def earliest(self, before: int) -> datetime | None: ...


class RawTable(Protocol):
    """A table to write to as any program may, and what works on it."""

    reading: Reading
    deleter: Deleter
    stamper: Stamper

    def put(self, rows: Mapping[str, Row]) -> None:
        """Insert or replace rows by key."""

    def remove(self, keys: Iterable[str]) -> None:
        """Delete rows."""

    def rows(self) -> dict[str, dict[str, object]]:
        """Return all rows by key, without it."""


class MemoryRawTable:
    """A dictionary."""

    def __init__(self) -> None:
        self._table = MemoryTable()
        self.reading: Reading = self._table
        self.deleter: Deleter = self._table
        self.stamper: Stamper = self._table

    def put(self, rows: Mapping[str, Row]) -> None:
        for key, row in rows.items():
            self._table.put(key, row)

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._table.remove(key)

    def rows(self) -> dict[str, dict[str, object]]:
        return {key: dict(row) for key, row in self._table.rows.items()}


class EngineRawTable:
    """A table in the engine."""

    def __init__(self, dynamodb: DynamoDBClient, endpoint: str, table: str, kind: Kind) -> None:
        self._dynamodb = dynamodb
        self._name = table
        self._key = kind.key
        reading = DynamoDB(endpoint).reading
        self.reading: Reading = TableRows(reading, table, kind)
        self.deleter: Deleter = PartiqlDeleter(DynamoDB(endpoint).deleting, table, kind.key)
        self.stamper: Stamper = ShardStamper(reading, table, kind.key, 16)

    def put(self, rows: Mapping[str, Row]) -> None:
        self._write(
            [
                {"PutRequest": {"Item": {name: _serialize(value) for name, value in item.items()}}}
                for item in ({**row, self._key: key} for key, row in rows.items())
            ]
        )

    def remove(self, keys: Iterable[str]) -> None:
        self._write([{"DeleteRequest": {"Key": {self._key: {"S": key}}}} for key in keys])

    def rows(self) -> dict[str, dict[str, object]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._name, ConsistentRead=True)
        items = [
            {name: _deserialize(value) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]
        return {item.pop(self._key): item for item in items}

    def _write(self, requests: list[Any]) -> None:
        for start in range(0, len(requests), 25):
            answer = self._dynamodb.batch_write_item(RequestItems={self._name: requests[start : start + 25]})
            assert not answer["UnprocessedItems"]
