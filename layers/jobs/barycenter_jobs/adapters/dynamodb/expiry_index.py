"""Expired rows by way of the sparse, keys-only, write-sharded index `expiry-index`."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.attributes import epoch_seconds
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND, Cutoffs, Unreadable
from barycenter_jobs.core.rows import Candidate, Page
from barycenter_jobs.core.timestamps import instant

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

INDEX = "expiry-index"
SHARD = "expiry_shard"
EXPIRES_AT = "expires_at"


class IndexedRows:
    """Reads the index shard by shard and merges the shards, the longest expired row first.

    At most one page of `page_size` keys a shard is in memory.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        key: str,
        shards: int,
        *,
        page_size: int = 1000,
        chunk: int = 100,
    ) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._shards = shards
        self._page_size = page_size
        self._chunk = chunk
        self._read_units = 0.0

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield the expired rows, oldest first, and last a page that counts unreadable values."""
        # Oldest first: the sweep stops when Lambda runs short of time, and the row that has been
        # expired longest must not be the one that waits for the next run.
        shards = [self._expired(shard, cutoffs) for shard in range(self._shards)]
        chunk: list[Candidate] = []
        for candidate in heapq.merge(*shards, key=_expiry):
            chunk.append(candidate)
            if len(chunk) == self._chunk:
                yield Page(chunk, read_units=self._units_since())
                chunk = []
        yield Page(chunk, read_units=self._units_since())
        unreadable = sum(self._unreadable(shard) for shard in range(self._shards))
        yield Page(unreadable=unreadable, read_units=self._units_since())

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog:
        """Count what has expired and is still in the index, until time runs out."""
        remaining = 0
        oldest: list[Decimal | int] = []
        for shard in range(self._shards):
            for answer in self._query(shard, "#expires_at < :bound", cutoffs.expires_before, Select="COUNT"):
                remaining += answer["Count"]
                if not time_is_left():
                    return Backlog(remaining, _earliest(oldest), exact=False)
            oldest += self._oldest(shard, cutoffs)
        return Backlog(remaining, _earliest(oldest))

    def _oldest(self, shard: int, cutoffs: Cutoffs) -> list[Decimal | int]:
        first, *_ = next(self._query(shard, "#expires_at < :bound", cutoffs.expires_before, Limit=1))[
            "Items"
        ] or [{}]
        expires_at = epoch_seconds(first.get(EXPIRES_AT))
        return [] if expires_at is None or isinstance(expires_at, Unreadable) else [expires_at]

    def _expired(self, shard: int, cutoffs: Cutoffs) -> Iterator[Candidate]:
        for answer in self._query(
            shard, "#expires_at < :bound", cutoffs.expires_before, Limit=self._page_size
        ):
            for item in answer["Items"]:
                expires_at = epoch_seconds(item[EXPIRES_AT])
                if not isinstance(expires_at, Unreadable):
                    yield Candidate(item[self._key]["S"], expires_at)

    def _unreadable(self, shard: int) -> int:
        answers = self._query(shard, "#expires_at >= :bound", FIRST_IMPLAUSIBLE_SECOND, Select="COUNT")
        return sum(answer["Count"] for answer in answers)

    def _query(self, shard: int, condition: str, bound: int, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": INDEX,
            "KeyConditionExpression": f"#shard = :shard AND {condition}",
            "ExpressionAttributeNames": {"#shard": SHARD, "#expires_at": EXPIRES_AT},
            "ExpressionAttributeValues": {":shard": {"N": str(shard)}, ":bound": {"N": str(bound)}},
            "ReturnConsumedCapacity": "TOTAL",
            **options,
        }
        while True:
            with store_errors("read the expiry index of", self._table):
                answer = self._client.query(**request)
            self._read_units += answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _units_since(self) -> float:
        units, self._read_units = self._read_units, 0.0
        return units


def _earliest(expiries: list[Decimal | int]) -> datetime | None:
    return instant(min(expiries)) if expiries else None


def _expiry(candidate: Candidate) -> float:
    return float(candidate.expires_at or 0)
