"""Rows that may go by way of a scan: for tables without the index, and for rows outside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.attributes import (
    CREATED_AT,
    EXPIRES_AT,
    ROTATED_AT,
    SHARD,
    epoch_seconds,
)
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.expiry import Cutoffs, Expiry, Unreadable
from barycenter_jobs.core.parts import Part
from barycenter_jobs.core.rows import Candidate, Page

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


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
                known = None if isinstance(expires_at, Unreadable) else expires_at
                candidates.append(Candidate(key, known, reason))
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
