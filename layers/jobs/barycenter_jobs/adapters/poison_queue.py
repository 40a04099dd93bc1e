"""A queue of Amazon SQS for records that nobody can account for, beside what Lambda itself gives up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.adapters.aws_errors import why
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.core.errors import NotKept

if TYPE_CHECKING:
    from barycenter_jobs.core.removals import Poison

_MOST_AT_ONCE = 10


class PoisonQueue:
    """Sends a message for each record: why, of which table, and its place in the stream. Never the record."""

    def __init__(self, url: str, endpoint_url: str | None = None, sdk: Sdk | None = None) -> None:
        self._url = url
        self._endpoint_url = endpoint_url
        self._sdk = sdk or Sdk()

    def keep(self, poisoned: Sequence[Poison], table: str) -> None:
        """Send the messages. See `PoisonedRecords`."""
        for first in range(0, len(poisoned), _MOST_AT_ONCE):
            some = poisoned[first : first + _MOST_AT_ONCE]
            try:
                answer = self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(place), "MessageBody": _told(each, table)}
                        for place, each in enumerate(some)
                    ],
                )
            except (BotoCoreError, ClientError) as error:
                raise NotKept(f"The queue did not take a record: {why(error)}") from None
            if answer.get("Failed"):
                raise NotKept(f"The queue did not take a record: {answer['Failed'][0]['Code']}")

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - no types for one call
        config = Config(
            connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        return self._sdk.client("sqs", self._endpoint_url, config)


def _told(poison: Poison, table: str) -> str:
    return json.dumps({"table": table, "sequenceNumber": poison.sequence_number, "reason": poison.reason})
