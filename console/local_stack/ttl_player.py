"""Plays DynamoDB's TTL where a kind is ttl-first: the embedded engine's own tells nobody what it removed.

It removes rows whose expiry has passed, a while later and a few at a time as AWS's does, and hands what a
stream would tell of them to the very function that accounts for it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from console.local_stack.functions import Functions
from console.local_stack.intrinsics import ACCOUNT, REGION
from console.local_stack.template import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBServiceResource

FUNCTION = "AccountRemovalsFunction"
TTL_ATTRIBUTE = "expires_at"
EVERY_SECONDS = 10.0
ROWS_AT_ONCE = 25
_FIVE_YEARS = 5 * 365 * 86_400
_BY_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_STREAM = "2026-01-01T00:00:00.000"
_OVERHEAD_BYTES = 100  # of an item, beside its names and values
_numbers: Iterator[int] = itertools.count(time.time_ns())


def played(tables: Sequence[Table]) -> list[Table]:
    """Return the tables whose TTL goes by their rows' own expiry: those where it goes first."""
    return [table for table in tables if table.ttl_attribute == TTL_ATTRIBUTE]


@dataclass(frozen=True)
class TtlPlayer:
    """Removes expired rows of `tables` and tells the function of them; `say` is told how many."""

    database: DynamoDBServiceResource
    tables: Sequence[Table]
    functions: Functions
    say: Callable[[str], None]

    async def play(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            for table in self.tables:
                records = await asyncio.to_thread(remove_expired, self.database, table, int(time.time()))
                if records:
                    await self.functions.invoke(FUNCTION, {"Records": records})
                    self.say(f"TTL, played here, removed {len(records)} rows of {table.name}")


def remove_expired(database: DynamoDBServiceResource, table: Table, now: int) -> list[dict[str, Any]]:
    """Remove some rows that TTL would remove, and return what a stream would tell of them.

    Rows whose expiry is no Number, or more than five years past, stay. So does one that is renewed meanwhile.
    An engine that cannot be asked has nothing removed, and is asked again.
    """
    handle, records = database.Table(table.name), []
    try:
        expired = handle.scan(
            FilterExpression=Attr(TTL_ATTRIBUTE).between(now - _FIVE_YEARS, now - 1), ConsistentRead=True
        )["Items"]
        for row in sorted(expired, key=_expiry)[:ROWS_AT_ONCE]:
            try:
                gone = handle.delete_item(
                    Key={table.key: row[table.key]},
                    ConditionExpression=Attr(TTL_ATTRIBUTE).eq(row[TTL_ATTRIBUTE]),
                    ReturnValues="ALL_OLD",
                )
            except database.meta.client.exceptions.ConditionalCheckFailedException:
                continue
            records.append(_record(table, gone["Attributes"], now))
    except (ClientError, BotoCoreError):
        return records
    return records


def _expiry(row: Mapping[str, Any]) -> Decimal:
    return Decimal(row[TTL_ATTRIBUTE])


def _record(table: Table, row: Mapping[str, Any], now: int) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    image = {name: serialize(value) for name, value in row.items()}
    number = next(_numbers)
    return {
        "eventID": f"{number:032x}",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": now,
            "Keys": {table.key: image[table.key]},
            "OldImage": image,
            "SequenceNumber": str(number),
            "SizeBytes": _OVERHEAD_BYTES + sum(len(name) + len(str(value)) for name, value in row.items()),
            "StreamViewType": "OLD_IMAGE",
        },
        "userIdentity": dict(_BY_TTL),
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table.name}/stream/{_STREAM}",
    }
