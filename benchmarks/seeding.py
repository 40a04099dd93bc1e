"""Tables full of expired and live sessions, the same on every run apart from the time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from barycenter_jobs.core.expiry import DEFAULT_SHARDS, expiry_shard
from benchmarks.capacity import item_bytes
from console.checkout import REPOSITORY
from console.local_stack.template import read_template

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEY = "session_id"
INDEX_KEYS = (KEY, "expiry_shard", "expires_at")
ROW_BYTES = 1000  # one write unit, and about what a session with its claims weighs
_BATCH = 25
_MINUTE, _DAY = 60, 86400
_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
)

Item = dict[str, dict[str, Any]]
Session = tuple[str, int, int]  # what a row is made of: its state, its number, its expiry


def create_sessions(dynamodb: DynamoDBClient, table: str) -> None:
    """Create an empty table with the definition that template.yaml has for sessions."""
    dynamodb.create_table(TableName=table, **_definition_of_sessions())


def put_expired(dynamodb: DynamoDBClient, table: str, count: int, now: int) -> None:
    """Add `count` rows that expired between a minute and a week before `now`."""
    put_sessions(dynamodb, table, "expired", count, now)


def put_live(dynamodb: DynamoDBClient, table: str, count: int, now: int) -> None:
    """Add `count` rows that expire between a day and a month after `now`."""
    put_sessions(dynamodb, table, "live", count, now)


def put_sessions(dynamodb: DynamoDBClient, table: str, state: str, count: int, now: int) -> None:
    """Add `count` rows of this state, `expired` or `live`."""
    _put(dynamodb, table, (session(*made) for made in sessions(state, count, now)))


def sessions(state: str, count: int, now: int) -> Iterator[Session]:
    """Yield what `session` makes so many rows of."""
    for number in range(count):
        if state == "expired":
            yield state, number, now - _MINUTE - number * 7 * _DAY // count
        else:
            yield state, number, now + _DAY + number * 30 * _DAY // count


def session_key(state: str, number: int) -> str:
    """Return the key of a row."""
    digest = hashlib.sha256(f"{state} {number}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def session(state: str, number: int, expires_at: int) -> Item:
    """Return a row of ROW_BYTES, by DynamoDB's own reckoning."""
    key = session_key(state, number)
    started_at = {"N": str(expires_at - _DAY)}
    row: Item = {
        KEY: {"S": key},
        "subject": {"S": f"user-{number:012}"},
        "auth_time": started_at,
        "created_at": started_at,
        "expires_at": {"N": str(expires_at)},
        "expiry_shard": {"N": str(expiry_shard(key, DEFAULT_SHARDS))},
        "acr": {"S": "urn:mace:incommon:iap:silver"},
        "amr": {"S": "pwd otp"},
        "ip_address": {"S": f"192.0.2.{number % 254 + 1}"},
        "user_agent": {"S": _AGENT},
        "claims": {"S": ""},
    }
    row["claims"] = {"S": "c" * (ROW_BYTES - item_bytes(row))}
    return row


def entry_bytes() -> int:
    """Return what the entry of such a row weighs in the expiry index."""
    row = session("live", 1, 1_800_000_001)
    return item_bytes({name: row[name] for name in INDEX_KEYS})


def keys_in(dynamodb: DynamoDBClient, table: str) -> set[str]:
    """Return the keys of all rows there are: the recount that a contender's own count is held against."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=True, ProjectionExpression=KEY
    )
    return {item[KEY]["S"] for page in pages for item in page["Items"]}


def keys_of(state: str, count: int) -> set[str]:
    """Return the keys that so many rows of this state were given."""
    return {session_key(state, number) for number in range(count)}


def rows_in(dynamodb: DynamoDBClient, table: str) -> int:
    """Return how many rows there are, by the embedded engine's own count (AWS's is hours old)."""
    return dynamodb.describe_table(TableName=table)["Table"]["ItemCount"]


@cache
def _definition_of_sessions() -> Mapping[str, Any]:
    template = read_template(REPOSITORY / "template.yaml")
    return next(table.definition for table in template.tables if table.name == "sessions")


def _put(dynamodb: DynamoDBClient, table: str, rows: Iterator[Item]) -> None:
    while batch := list(islice(rows, _BATCH)):
        requests: Any = [{"PutRequest": {"Item": row}} for row in batch]
        answer = dynamodb.batch_write_item(RequestItems={table: requests})
        if answer["UnprocessedItems"]:
            raise RuntimeError("The engine left rows out of a batch")
