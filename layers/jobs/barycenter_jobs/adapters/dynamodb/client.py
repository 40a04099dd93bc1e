"""The DynamoDB clients of a sweep: one that reads, one that deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config

from barycenter_jobs.adapters.dynamodb.plain_answers import leave_answers_plain
from barycenter_jobs.adapters.dynamodb.service_model import share_service_model

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def deleting_client(endpoint_url: str | None = None, *, connections: int = 16) -> DynamoDBClient:
    """Return a client that asks once and never retries by itself.

    A retry hidden in the SDK would turn "deleted, answer lost" into "already gone" and falsify the
    counts. The sweep retries instead, and knows what it does not know.
    """
    return _client(endpoint_url, attempts=1, read_timeout=10, connections=connections)


def reading_client(endpoint_url: str | None = None, *, connections: int = 16) -> DynamoDBClient:
    """Return a client for requests that do no harm when they are sent twice: the SDK repeats them."""
    return _client(endpoint_url, attempts=5, read_timeout=20, connections=connections)


def _client(
    endpoint_url: str | None, *, attempts: int, read_timeout: int, connections: int
) -> DynamoDBClient:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=3,
        read_timeout=read_timeout,
        max_pool_connections=connections,
        parameter_validation=False,  # a seventh of a request's client time, for requests that we alone build
    )
    core = leave_answers_plain(share_service_model(botocore.session.get_session()))
    return boto3.Session(botocore_session=core).client("dynamodb", endpoint_url=endpoint_url, config=config)
