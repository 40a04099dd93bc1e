"""Query the expiry index and delete row by row, each on the condition that it is still expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from benchmarks.contenders import Claim, Cleaning, Target
from benchmarks.contenders.expired_keys import expired_keys

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def prepare(target: Target) -> Cleaning:
    """Return a cleaning that sends one request after the other."""
    client = boto3.client("dynamodb", endpoint_url=target.endpoint)

    def clean() -> Claim:
        return Claim(
            sum(delete(client, target, key) for page in expired_keys(client, target) for key in page)
        )

    return clean


def delete(client: DynamoDBClient, target: Target, key: str) -> bool:
    """Delete a row if it is still expired and return whether it was."""
    try:
        client.delete_item(
            TableName=target.table,
            Key={"session_id": {"S": key}},
            ConditionExpression="expires_at < :now",
            ExpressionAttributeValues={":now": {"N": str(target.now)}},
        )
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
