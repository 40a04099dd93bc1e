"""Rows that may go, by way of the sparse, keys-only, write-sharded indexes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from barycenter_jobs.adapters.dynamodb.attributes import EXPIRES_AT, ROTATED_AT, SHARD, epoch_seconds
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND, Cutoffs, Expiry, Unreadable
from barycenter_jobs.core.rows import Candidate, Page, Quarantined, row_name
from barycenter_jobs.core.spans import Count, Span, total
from barycenter_jobs.core.timestamps import instant

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index by shard and by `time`, which holds `expires_at`; its rows go for `reason`."""

    name: str
    time: str
    reason: Expiry

    def is_in(self, description: Any) -> bool:  # noqa: ANN401 - the SDK's own dictionary
        """Return whether a table has this index, ready to be read."""
        for index in description.get("GlobalSecondaryIndexes", []):
            if index["IndexName"] == self.name and index.get("IndexStatus", "ACTIVE") == "ACTIVE":
                keys = {part["KeyType"]: part["AttributeName"] for part in index["KeySchema"]}
                return keys == {"HASH": SHARD, "RANGE": self.time} and self._holds_expiry(index)
        return False

    def _holds_expiry(self, index: Any) -> bool:  # noqa: ANN401 - the SDK's own dictionary
        projection = index["Projection"]
        return (
            self.time == EXPIRES_AT
            or projection["ProjectionType"] == "ALL"
            or EXPIRES_AT in projection.get("NonKeyAttributes", ())
        )


class _Condition(NamedTuple):
    """What the index's sort key has to be, and the values that the expression names."""

    expression: str
    values: dict[str, Any]


class _Meter:
    """Tells several threads when they have counted enough together."""

    def __init__(self, left: int, time_is_left: Callable[[], bool]) -> None:
        self._left = left
        self._time_is_left = time_is_left
        self._lock = Lock()

    def is_running(self) -> bool:
        """Return whether there is anything left to count with."""
        with self._lock:
            return self._left > 0 and self._time_is_left()

    def counts(self, rows: int) -> bool:
        """Take so many rows as counted and return whether to go on."""
        with self._lock:
            self._left -= rows
        return self.is_running()


SHARDS_AT_ONCE = 8

EXPIRY_INDEX = Index("expiry-index", EXPIRES_AT, Expiry.EXPIRED)
ROTATION_INDEX = Index("rotation-index", ROTATED_AT, Expiry.ROTATED)


class IndexedRows:
    """Reads `shards` of an index and merges them, the row that has waited longest first.

    At most one page of `page_size` keys a shard is in memory.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        key: str,
        shards: Sequence[int],
        index: Index = EXPIRY_INDEX,
        *,
        page_size: int = 1000,
        chunk: int = 100,
    ) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._shards = shards
        self._index = index
        self._page_size = page_size
        self._chunk = chunk
        self._read_units = 0.0
        self._lock = Lock()

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield the rows that may go, and last a page that counts unreadable values."""
        # Oldest first: the sweep stops when Lambda runs short of time, and the row that has been
        # expired longest must not be the one that waits for the next run.
        chunk: list[Candidate] = []
        with ThreadPoolExecutor(SHARDS_AT_ONCE, thread_name_prefix="index") as pool:
            # The merge needs a page of each shard before it can tell the first row: none waits for another.
            shards = list(pool.map(lambda shard: self._begun(shard, cutoffs), self._shards))
            for _, candidate in heapq.merge(*shards, key=_time):
                chunk.append(candidate)
                if len(chunk) == self._chunk:
                    yield Page(chunk, read_units=self._units_since())
                    chunk = []
            yield Page(chunk, read_units=self._units_since())
            unreadable = sum(pool.map(lambda shard: self._unreadable(shard, cutoffs), self._shards))
        yield Page(unreadable=unreadable, read_units=self._units_since())

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog:
        """Count what may go and is still in the index, until time runs out."""
        before = cutoffs.bound(self._index.reason)
        remaining = 0
        oldest: list[Decimal | int] = []
        for shard in self._shards:
            for answer in self._query(shard, "<", before, Select="COUNT"):
                remaining += answer["Count"]
                if not time_is_left():
                    return Backlog(remaining, _earliest(oldest), exact=False)
            oldest += self._oldest(shard, before)
        return Backlog(remaining, _earliest(oldest))

    def due(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog:
        """Count what may go by this index and by no other, row by row, until time runs out."""
        remaining = 0
        for shard in self._shards:
            for _ in self._due(shard, cutoffs):
                remaining += 1
                if not time_is_left():
                    return Backlog(remaining, exact=False)
        return Backlog(remaining)

    def count(self, spans: Sequence[Span], most: int, time_is_left: Callable[[], bool]) -> list[Count]:
        """Count the rows whose time lies in each span, several shards at once. See `ExpiryIndex`."""
        limit = max(1, min(self._page_size * 10, most // max(1, len(self._shards))))
        counts: list[Count] = []
        left = most
        with ThreadPoolExecutor(SHARDS_AT_ONCE, thread_name_prefix="index") as pool:
            for span in spans:
                meter = _Meter(left, time_is_left)
                each = list(pool.map(partial(self._count_shard, span, meter, limit), self._shards))
                counts.append(total(each))
                left -= counts[-1].rows
        return counts

    def earliest(self, before: int) -> datetime | None:
        """Return the earliest time before an epoch second, None where there is none."""
        with ThreadPoolExecutor(SHARDS_AT_ONCE, thread_name_prefix="index") as pool:
            found = pool.map(lambda shard: self._oldest(shard, before), self._shards)
        return _earliest([time for times in found for time in times])

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield the rows whose time is no epoch second, shard by shard."""
        for shard in self._shards:
            for answer in self._query(shard, ">=", FIRST_IMPLAUSIBLE_SECOND, Limit=self._page_size):
                for item in answer["Items"]:
                    yield Quarantined(
                        row_name(item[self._key]["S"]), self._index.time, item[self._index.time]["N"]
                    )

    def _count_shard(self, span: Span, meter: _Meter, limit: int, shard: int) -> Count:
        rows = 0
        if not meter.is_running():
            return Count(exact=False)
        for answer in self._answers(shard, _within(span), Select="COUNT", Limit=limit):
            rows += answer["Count"]
            if "LastEvaluatedKey" in answer and not meter.counts(answer["Count"]):
                return Count(rows, exact=False)
        return Count(rows)

    def _oldest(self, shard: int, before: int) -> list[Decimal | int]:
        items = next(self._query(shard, "<", before, Limit=1))["Items"]
        times = [epoch_seconds(item[self._index.time]) for item in items]
        return [time for time in times if time is not None and not isinstance(time, Unreadable)]

    def _begun(self, shard: int, cutoffs: Cutoffs) -> Iterator[tuple[float, Candidate]]:
        """Return the rows of a shard that may go, having read the first page of them."""
        due = self._due(shard, cutoffs)
        first = next(due, None)
        return iter(()) if first is None else chain((first,), due)

    def _due(self, shard: int, cutoffs: Cutoffs) -> Iterator[tuple[float, Candidate]]:
        before = cutoffs.bound(self._index.reason)
        for answer in self._query(shard, "<", before, Limit=self._page_size):
            for item in answer["Items"]:
                expires_at = epoch_seconds(item.get(EXPIRES_AT))
                # A rotated row that has expired as well is the other index's: no row is tried twice.
                reason = cutoffs.judge(expires_at, None, epoch_seconds(item.get(ROTATED_AT)))
                if reason is self._index.reason and not isinstance(expires_at, Unreadable):
                    yield (
                        float(item[self._index.time]["N"]),
                        Candidate(
                            item[self._key]["S"], expires_at if reason is Expiry.EXPIRED else None, reason
                        ),
                    )

    def _unreadable(self, shard: int, cutoffs: Cutoffs) -> int:
        if self._index.reason is Expiry.EXPIRED:
            answers = self._query(shard, ">=", FIRST_IMPLAUSIBLE_SECOND, Select="COUNT")
            return sum(answer["Count"] for answer in answers)
        # A row that goes or stays for its own expiry is the other index's: none is counted twice.
        return sum(
            cutoffs.judge(epoch_seconds(item.get(EXPIRES_AT))) is Expiry.LIVE and EXPIRES_AT in item
            for answer in self._query(shard, ">=", FIRST_IMPLAUSIBLE_SECOND)
            for item in answer["Items"]
        )

    def _query(self, shard: int, comparator: str, bound: int, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        condition = _Condition(f"#time {comparator} :bound", {":bound": {"N": str(bound)}})
        return self._answers(shard, condition, **options)

    def _answers(self, shard: int, condition: _Condition, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": self._index.name,
            "KeyConditionExpression": f"#shard = :shard AND {condition.expression}",
            "ExpressionAttributeNames": {"#shard": SHARD, "#time": self._index.time},
            "ExpressionAttributeValues": {":shard": {"N": str(shard)}, **condition.values},
            "ReturnConsumedCapacity": "TOTAL",
            **options,
        }
        while True:
            with store_errors(f"read {self._index.name} of", self._table):
                answer = self._client.query(**request)
            with self._lock:
                self._read_units += answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _units_since(self) -> float:
        with self._lock:
            units, self._read_units = self._read_units, 0.0
        return units


def _within(span: Span) -> _Condition:
    if span.start is None:
        return _Condition("#time < :end", {":end": {"N": str(span.end)}})
    last = f"{span.end - 1}.999999999"  # BETWEEN includes both its ends, and a time may have a fraction
    return _Condition(
        "#time BETWEEN :start AND :last", {":start": {"N": str(span.start)}, ":last": {"N": last}}
    )


def _earliest(times: list[Decimal | int]) -> datetime | None:
    return instant(min(times)) if times else None


def _time(due: tuple[float, Candidate]) -> float:
    return due[0]
