"""An event bus of Amazon EventBridge, to put events on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.adapters.aws_errors import why
from barycenter_jobs.adapters.sdk import Sdk

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

MOST_AT_ONCE = 10  # entries that PutEvents takes


class Refusal(NamedTuple):
    """An entry that the bus did not take, and EventBridge's own word for why."""

    entry: dict[str, Any]
    code: str


class BusUnavailable(Exception):
    """The bus took none of the entries; the message is one word for why."""


class EventBridge:
    """The bus `name`. Its client is made on first use, which is at the end of a run if at all."""

    def __init__(self, name: str, endpoint_url: str | None = None, sdk: Sdk | None = None) -> None:
        self.name = name
        self._endpoint_url = endpoint_url
        self._sdk = sdk or Sdk()

    def put(self, entries: Sequence[dict[str, Any]]) -> list[Refusal]:
        """Put up to `MOST_AT_ONCE` entries on the bus and return those that it refused.

        Raises BusUnavailable where the whole request failed.
        """
        addressed: Any = [{"EventBusName": self.name, **entry} for entry in entries]
        try:
            answer = self._client.put_events(Entries=addressed)
        except (BotoCoreError, ClientError) as error:
            raise BusUnavailable(why(error)) from None
        if not answer["FailedEntryCount"]:
            return []
        # A refused entry is no error of the request; the answers are in the entries' order.
        return [
            Refusal(entry, told.get("ErrorCode", "UnknownError"))
            for entry, told in zip(entries, answer["Entries"], strict=True)
            if "EventId" not in told
        ]

    @cached_property
    def _client(self) -> EventBridgeClient:
        # A slow bus must not eat the seconds that are left to a run.
        config = Config(
            connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        client: EventBridgeClient = self._sdk.client("events", self._endpoint_url, config)
        return client
