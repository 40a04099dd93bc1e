"""What DynamoDB tells of a table's TTL, its stream and its replicas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.ttl_findings import ConsumerFacts, TableFacts

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from barycenter_jobs.core.removal_totals import Progress


class DynamoDBTtlFacts:
    """Asks DynamoDB about a table: DescribeTable and DescribeTimeToLive.

    `oldest_expiry` reads the earliest expiry before an instant, `quarantined` counts rows whose expiry is no
    epoch second, `progress` reads how far the accounts have come.
    `iterator_age` tells how far the reader of its stream is behind.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        oldest_expiry: Callable[[datetime], datetime | None] | None = None,
        quarantined: Callable[[], int] | None = None,
        progress: Callable[[], Progress | None] | None = None,
        iterator_age: Callable[[datetime], timedelta | None] | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._oldest_expiry = oldest_expiry
        self._quarantined = quarantined
        self._progress = progress
        self._iterator_age = iterator_age

    def table(self, now: datetime) -> TableFacts:
        """Return what DynamoDB tells of the table. See `TtlFacts`."""
        with store_errors("describe", self._table):
            described: Any = self._client.describe_table(TableName=self._table)["Table"]
            told: Any = self._client.describe_time_to_live(TableName=self._table)
        ttl = told.get("TimeToLiveDescription", {})
        stream = described.get("StreamSpecification") or {}
        return TableFacts(
            table=self._table,
            ttl_status=ttl.get("TimeToLiveStatus", "DISABLED"),
            ttl_attribute=ttl.get("AttributeName"),
            stream_view=stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
            replicas=tuple(replica["RegionName"] for replica in described.get("Replicas", ())),
            oldest_expiry=None if self._oldest_expiry is None else self._oldest_expiry(now),
            quarantined=None if self._quarantined is None else self._quarantined(),
        )

    def consumer(self, now: datetime) -> ConsumerFacts:
        """Return what is known of the reading of the stream. See `TtlFacts`."""
        progress = None if self._progress is None else self._progress()
        return ConsumerFacts(progress, None if self._iterator_age is None else self._iterator_age(now))
