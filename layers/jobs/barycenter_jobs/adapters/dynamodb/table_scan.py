"""Expired rows by way of a scan: for tables without the index, and for rows outside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.attributes import epoch_seconds
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.adapters.dynamodb.expiry_index import EXPIRES_AT, SHARD
from barycenter_jobs.core.expiry import Cutoffs, Expiry
from barycenter_jobs.core.rows import Candidate, Page

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CREATED_AT = "created_at"


class ScannedRows:
    """Reads a whole table, or with `outside_shards` only what an index of so many shards does not hold."""

    def __init__(
        self, client: DynamoDBClient, table: str, key: str, *, outside_shards: int | None = None
    ) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._outside_shards = outside_shards

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield the expired rows of each page that the scan reads, in the table's order."""
        request = self._request()
        while True:
            with store_errors("scan", self._table):
                answer = self._client.scan(**request)
            yield self._page(answer, cutoffs)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _request(self) -> dict[str, Any]:
        names = {"#key": self._key, "#expires_at": EXPIRES_AT, "#created_at": CREATED_AT}
        request: dict[str, Any] = {
            "TableName": self._table,
            "ProjectionExpression": "#key, #expires_at, #created_at",
            "ExpressionAttributeNames": names,
            "ReturnConsumedCapacity": "TOTAL",
        }
        if self._outside_shards is not None:
            names["#shard"] = SHARD
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
        unreadable = 0
        for item in answer["Items"]:
            expires_at = epoch_seconds(item.get(EXPIRES_AT))
            match cutoffs.judge(expires_at, epoch_seconds(item.get(CREATED_AT))):
                case Expiry.EXPIRED | Expiry.EXPIRED_BY_AGE:
                    # judge() calls nothing expired whose expires_at is unreadable
                    candidates.append(Candidate(item[self._key]["S"], expires_at))  # type: ignore[arg-type]
                case Expiry.UNREADABLE:
                    unreadable += 1
        return Page(
            candidates,
            unreadable=unreadable,
            unindexed=0 if self._outside_shards is None else len(candidates),
            read_units=answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0),
        )
