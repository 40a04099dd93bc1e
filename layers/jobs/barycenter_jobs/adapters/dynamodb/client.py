"""The ways of this process to DynamoDB."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from barycenter_jobs.adapters.dynamodb.plain_answers import leave_answers_plain
from barycenter_jobs.adapters.sdk import Sdk

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class DynamoDB:
    """An endpoint of DynamoDB, AWS's own if none is given, and the two clients that all adapters share.

    They are made on first use, by the `sdk`.
    """

    def __init__(self, endpoint_url: str | None = None, sdk: Sdk | None = None) -> None:
        self._endpoint_url = endpoint_url
        self.sdk = sdk or Sdk()
        self.models: dict[tuple[type, str], Any] = {}  # of PynamoDB, bound to their tables: see `bound`
        leave_answers_plain(self.sdk.session)

    @cached_property
    def reading(self) -> DynamoDBClient:
        """A client for requests that do no harm when they are sent twice: the SDK repeats them."""
        return self._client(attempts=5)

    @cached_property
    def deleting(self) -> DynamoDBClient:
        """A client that asks once and never retries by itself.

        A retry hidden in the SDK would turn "deleted, answer lost" into "already gone" and falsify the
        counts. The sweep retries instead, and knows what it does not know.
        """
        return self._client(attempts=1)

    def _client(self, *, attempts: int) -> DynamoDBClient:
        config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=3,
            read_timeout=10,  # so that a record whose answer is lost is written again in the time left for it
            max_pool_connections=16,
            parameter_validation=False,  # a seventh of a request's client time, for what we alone build
        )
        client: DynamoDBClient = self.sdk.client("dynamodb", self._endpoint_url, config)
        return client
