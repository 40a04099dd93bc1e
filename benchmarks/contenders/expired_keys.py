"""The keys that the expiry index shows, by boto3's own paginator, for contenders that delete by a client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.contenders import Target

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def expired_keys(client: DynamoDBClient, target: Target) -> Iterator[list[str]]:
    """Yield the keys of the expired rows, a page at a time."""
    for shard in range(target.shards):
        pages = client.get_paginator("query").paginate(
            TableName=target.table,
            IndexName="expiry-index",
            KeyConditionExpression="expiry_shard = :shard AND expires_at < :now",
            ExpressionAttributeValues={":shard": {"N": str(shard)}, ":now": {"N": str(target.now)}},
        )
        for page in pages:
            yield [item["session_id"]["S"] for item in page["Items"]]
