"""Gives rows the shard that their writer left out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from barycenter_jobs.adapters.aws_errors import code_of
from barycenter_jobs.adapters.dynamodb.attributes import EXPIRES_AT, SHARD
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.rows import Stamping

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class ShardStamper:
    """Sets `expiry_shard` of one row a request, some at once. Needs `dynamodb:UpdateItem`.

    `client` may repeat its requests: a second stamp is the first one.
    """

    def __init__(
        self, client: DynamoDBClient, table: str, key: str, shards: int, *, at_once: int = 8
    ) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._shards = shards
        self._at_once = at_once

    def stamp(self, keys: Sequence[str]) -> Stamping:
        """Stamp these rows. See `Stamper`."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="stamp") as pool:
            broken = Event()
            stampings = list(pool.map(lambda key: self._stamp_unless(broken, key), keys))
        return Stamping(
            sum(stamping.stamped for stamping in stampings),
            sum(stamping.write_units for stamping in stampings),
            next((stamping.broken_by for stamping in stampings if stamping.broken_by is not None), None),
        )

    def _stamp_unless(self, broken: Event, key: str) -> Stamping:
        if broken.is_set():
            return Stamping(0)
        try:
            return self._stamp_one(key)
        except StoreError as error:
            broken.set()
            return Stamping(0, broken_by=error)

    def _stamp_one(self, key: str) -> Stamping:
        with store_errors("stamp a row of", self._table):
            try:
                answer: Any = self._client.update_item(
                    TableName=self._table,
                    Key={self._key: {"S": key}},
                    UpdateExpression="SET #shard = :shard",
                    # Without it an update of a row that is gone by now would make it anew, as a stump.
                    ConditionExpression="attribute_exists(#expires_at)",
                    ExpressionAttributeNames={"#shard": SHARD, "#expires_at": EXPIRES_AT},
                    ExpressionAttributeValues={":shard": {"N": str(expiry_shard(key, self._shards))}},
                    ReturnConsumedCapacity="TOTAL",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return Stamping(stamped=0, write_units=1.0)  # a refused condition is billed
        return Stamping(1, answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))
