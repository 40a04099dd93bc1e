"""Scan the table for what has expired and hand it to boto3's batch_writer.

The most common answer to "how do I delete old items": no index, no guard.
"""

from __future__ import annotations

import boto3
from boto3.dynamodb.conditions import Attr

from benchmarks.contenders import Claim, Cleaning, Target


def prepare(target: Target) -> Cleaning:
    """Return a cleaning that reads the whole table."""
    table = boto3.resource("dynamodb", endpoint_url=target.endpoint).Table(target.table)
    scan = table.meta.client.get_paginator("scan")

    def clean() -> Claim:
        deleted = 0
        pages = scan.paginate(
            TableName=target.table,
            FilterExpression=Attr("expires_at").lt(target.now),  # type: ignore[arg-type]  # a resource's client
            ProjectionExpression="session_id",
        )
        with table.batch_writer() as batch:
            for page in pages:
                for item in page["Items"]:
                    batch.delete_item(Key={"session_id": item["session_id"]})
                    deleted += 1
        return Claim(deleted)

    return clean
