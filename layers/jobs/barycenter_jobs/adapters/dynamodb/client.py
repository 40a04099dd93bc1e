"""The DynamoDB client of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config

from barycenter_jobs.adapters.dynamodb.service_model import share_service_model

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def sweeping_client(endpoint_url: str | None = None, *, connections: int = 16) -> DynamoDBClient:
    """Return a client that asks once and never retries by itself.

    A retry hidden in the SDK would turn "deleted, answer lost" into "already gone" and falsify the
    counts. The sweep retries instead, and knows what it does not know.
    """
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=3,
        read_timeout=10,
        max_pool_connections=connections,
        parameter_validation=False,  # a seventh of a request's client time, for requests that we alone build
    )
    session = boto3.Session(botocore_session=share_service_model(botocore.session.get_session()))
    return session.client("dynamodb", endpoint_url=endpoint_url, config=config)
