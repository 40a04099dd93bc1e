"""One table of expiring rows on every kind of store, so that one suite can play on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from boto3.dynamodb.types import TypeSerializer

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.memory import MemoryTable
from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.jobs import Kind
from barycenter_jobs.core.stores import Deleter, ExpiredRows

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Row = Mapping[str, int | str | Decimal | None]
_serialize = TypeSerializer().serialize


class Stage(Protocol):
    """A table to put rows into, to sweep and to look at."""

    rows: ExpiredRows
    deleter: Deleter
    in_flight: int

    def put(self, rows: Mapping[str, Row]) -> None:
        """Insert or replace rows by key, as their writer does."""

    def remove(self, keys: Iterable[str]) -> None:
        """Delete rows as somebody else would."""

    def keys(self) -> set[str]:
        """Return the keys of all rows there are."""


class MemoryStage:
    """A dictionary."""

    in_flight = 8

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.rows: ExpiredRows = self.table
        self.deleter: Deleter = self.table

    def put(self, rows: Mapping[str, Row]) -> None:
        for key, attributes in rows.items():
            self.table.put(key, attributes)

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.table.remove(key)

    def keys(self) -> set[str]:
        return set(self.table.rows)


class DynamoDBStage:
    """A table in an engine. Rows get the shard that their writer would give them."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        endpoint: str | None,
        table: str,
        kind: Kind,
        deleter: type[PartiqlDeleter | ConditionalDeleter],
    ) -> None:
        self.in_flight = 1 if endpoint is None else 8  # moto's tables are not for several threads
        self._dynamodb = dynamodb
        self._table = table
        self._kind = kind
        sweeping = DynamoDB(endpoint).deleting
        self.rows: ExpiredRows = TableRows(sweeping, table, kind)
        self.deleter: Deleter = deleter(sweeping, table, kind.key)

    def put(self, rows: Mapping[str, Row]) -> None:
        self._write([{"PutRequest": {"Item": self._item(key, row)}} for key, row in rows.items()])

    def remove(self, keys: Iterable[str]) -> None:
        self._write([{"DeleteRequest": {"Key": {self._kind.key: {"S": key}}}} for key in keys])

    def keys(self) -> set[str]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        return {item[self._kind.key]["S"] for page in pages for item in page["Items"]}

    def _write(self, requests: list[Any]) -> None:
        for start in range(0, len(requests), 25):
            chunk = requests[start : start + 25]
            answer = self._dynamodb.batch_write_item(RequestItems={self._table: chunk})
            assert not answer["UnprocessedItems"]

    def _item(self, key: str, row: Row) -> dict[str, Any]:
        shard = {} if "expiry_shard" in row else {"expiry_shard": expiry_shard(key)}
        attributes = {**row, **shard, self._kind.key: key}
        return {name: _serialize(value) for name, value in attributes.items() if value is not None}
