"""Rows that may go by way of a scan: for tables without the index, and for rows outside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.attributes import (
    CREATED_AT,
    EXPIRES_AT,
    ROTATED_AT,
    SHARD,
    epoch_seconds,
)
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND, Cutoffs, Expiry, Unreadable
from barycenter_jobs.core.rows import Candidate, Page, Quarantined, row_name

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from barycenter_jobs.core.parts import Part

_TYPES = {
    "BOOL": "Boolean",
    "NULL": "Null",
    "L": "List",
    "M": "Map",
    "SS": "String Set",
    "NS": "Number Set",
    "BS": "Binary Set",
}


@dataclass(frozen=True, slots=True)
class KeyedQuarantined:
    """A quarantined row for those who are to mend it. Its key is a secret and never printed."""

    key: str = field(repr=False)
    row: Quarantined


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """What one reading of a table brought: `examined` rows for so many units, and those to be mended."""

    found: Sequence[KeyedQuarantined]
    examined: int
    read_units: float


class ScannedRows:
    """Reads a whole table, or with `outside_shards` only what an index of so many shards does not hold."""

    def __init__(
        self, client: DynamoDBClient, table: str, key: str, *, outside_shards: int | None = None
    ) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._outside_shards = outside_shards

    def pages(self, cutoffs: Cutoffs, segments: Sequence[Part], at_once: int = 1) -> Iterator[Page]:
        """Yield what each page of these segments holds, the segments in their order, some `at_once`.

        One page of each segment under way is in memory.
        """
        waiting = [self._request(segment) for segment in reversed(segments)]
        reading: dict[Future[Any], dict[str, Any]] = {}
        with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="scan") as pool:
            while waiting or reading:
                while waiting and len(reading) < at_once:
                    request = waiting.pop()
                    reading[pool.submit(self._scan, request)] = request
                done = wait(reading, return_when=FIRST_COMPLETED).done
                for future in done:
                    request, answer = reading.pop(future), future.result()
                    if "LastEvaluatedKey" in answer:
                        waiting.append({**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]})
                    yield self._page(answer, cutoffs)

    def quarantined(self, segments: Sequence[Part], *, by_age: bool = False) -> Iterator[Quarantined]:
        """Yield the rows of these segments whose expiry is no epoch second. Raises StoreError.

        Also those that an index cannot hold: of another type, or with a bad `created_at` where rows without
        an `expires_at` expire `by_age`.
        """
        for page in self.quarantine_pages(segments, by_age=by_age):
            for found in page.found:
                yield found.row

    def quarantine_pages(self, segments: Sequence[Part], *, by_age: bool = False) -> Iterator[QuarantinePage]:
        """Yield the same rows with their keys, a page at a time, so that a caller can keep to a rate."""
        for segment in segments:
            request = self._quarantine_request(segment, by_age=by_age)
            while True:
                answer = self._scan(request)
                yield QuarantinePage(
                    [found for item in answer["Items"] if (found := self._quarantined(item, by_age=by_age))],
                    examined=answer.get("ScannedCount", 0),
                    read_units=answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0),
                )
                if "LastEvaluatedKey" not in answer:
                    break
                request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _quarantine_request(self, segment: Part, *, by_age: bool) -> dict[str, Any]:
        request = self._request(segment)
        names = request["ExpressionAttributeNames"]
        bad = "{0} >= :bound OR (attribute_exists({0}) AND NOT attribute_type({0}, :number))"
        expression = bad.format("#expires_at")
        if by_age:
            expression += f" OR (attribute_not_exists(#expires_at) AND ({bad.format('#created_at')}))"
        return {
            **request,
            "ExpressionAttributeNames": {name: names[name] for name in names if name != "#shard"},
            "FilterExpression": expression,
            "ExpressionAttributeValues": {
                ":bound": {"N": str(FIRST_IMPLAUSIBLE_SECOND)},
                ":number": {"S": "N"},
            },
        }

    def _quarantined(self, item: Any, *, by_age: bool) -> KeyedQuarantined | None:  # noqa: ANN401
        attribute = CREATED_AT if by_age and EXPIRES_AT not in item else EXPIRES_AT
        value = item.get(attribute)
        seconds = epoch_seconds(value)
        if seconds is None or not (isinstance(seconds, Unreadable) or seconds >= FIRST_IMPLAUSIBLE_SECOND):
            return None
        key = item[self._key]["S"]
        return KeyedQuarantined(key, Quarantined(row_name(key), attribute, _shown(value)))

    def _scan(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 - the SDK's own dictionary
        with store_errors("scan", self._table):
            return self._client.scan(**request)

    def _request(self, segment: Part) -> dict[str, Any]:
        names = {
            "#key": self._key,
            "#expires_at": EXPIRES_AT,
            "#created_at": CREATED_AT,
            "#rotated_at": ROTATED_AT,
        }
        request: dict[str, Any] = {
            "TableName": self._table,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
            "ReturnConsumedCapacity": "TOTAL",
            "Segment": segment.number,
            "TotalSegments": segment.of,
        }
        if self._outside_shards is not None:
            request["ExpressionAttributeNames"] = {**names, "#shard": SHARD}
            request["FilterExpression"] = (
                "NOT (attribute_exists(#expires_at) AND #shard BETWEEN :first_shard AND :last_shard)"
            )
            request["ExpressionAttributeValues"] = {
                ":first_shard": {"N": "0"},
                ":last_shard": {"N": str(self._outside_shards - 1)},
            }
        return request

    def _page(self, answer: Any, cutoffs: Cutoffs) -> Page:  # noqa: ANN401 - the SDK's own dictionary
        candidates: list[Candidate] = []
        unstamped: list[str] = []
        unreadable = 0
        for item in answer["Items"]:
            key = item[self._key]["S"]
            expires_at = epoch_seconds(item.get(EXPIRES_AT))
            reason = cutoffs.judge(
                expires_at, epoch_seconds(item.get(CREATED_AT)), epoch_seconds(item.get(ROTATED_AT))
            )
            if reason is Expiry.UNREADABLE:
                unreadable += 1
            elif reason is not Expiry.LIVE:
                # judge() finds no reason in a row whose expires_at is unreadable
                since = None if isinstance(expires_at, Unreadable) else expires_at
                candidates.append(Candidate(key, since if reason is Expiry.EXPIRED else None, reason))
            elif expires_at is not None:
                unstamped.append(key)
        outside = self._outside_shards is not None
        return Page(
            candidates,
            unreadable=unreadable,
            unindexed=len(candidates) if outside else 0,
            unstamped=unstamped if outside else (),
            examined=answer.get("ScannedCount", 0),
            read_units=answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0),
        )


def _shown(value: Any) -> str:  # noqa: ANN401 - the SDK's own dictionary
    """Return a number as it is, and of anything else what it is: a text may be a token."""
    ((kind, content),) = value.items()
    if kind == "N":
        return str(content)
    if kind == "S":
        return f"String of {len(content)} characters"
    if kind == "B":
        return f"Binary of {len(content)} bytes"
    return _TYPES[kind]
