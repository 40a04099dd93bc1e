"""Query the expiry index, shard by shard, and hand what it shows to boto3's batch_writer: no guard."""

from __future__ import annotations

import boto3
from boto3.dynamodb.conditions import Key

from benchmarks.contenders import Claim, Cleaning, Target


def prepare(target: Target) -> Cleaning:
    """Return a cleaning that believes the index."""
    table = boto3.resource("dynamodb", endpoint_url=target.endpoint).Table(target.table)
    query = table.meta.client.get_paginator("query")

    def clean() -> Claim:
        deleted = 0
        with table.batch_writer() as batch:
            for shard in range(target.shards):
                expired = Key("expiry_shard").eq(shard) & Key("expires_at").lt(target.now)
                pages = query.paginate(
                    TableName=target.table,
                    IndexName="expiry-index",
                    KeyConditionExpression=expired,  # type: ignore[arg-type]  # a resource's client
                )
                for page in pages:
                    for item in page["Items"]:
                        batch.delete_item(Key={"session_id": item["session_id"]})
                        deleted += 1
        return Claim(deleted)

    return clean
