"""Telling of removed rows on an event bus of Amazon EventBridge, ten at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.core.errors import RemovalsNotTold
from barycenter_jobs.core.removal_events import DETAIL_TYPE, SOURCE, RemovedRow, detail_of

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

MOST_AT_ONCE = 10  # entries that PutEvents takes
_ROUNDS = 3  # for entries that a request did not get through, while others of it did


class RemovalBus:
    """Puts an event on the bus of that name for each row."""

    def __init__(self, name: str, endpoint_url: str | None = None) -> None:
        self._name = name
        self._endpoint_url = endpoint_url

    def tell(self, removed: Sequence[RemovedRow]) -> None:
        """Put the events on the bus. See `RemovalEvents`."""
        for first in range(0, len(removed), MOST_AT_ONCE):
            entries = [self._entry(row) for row in removed[first : first + MOST_AT_ONCE]]
            code = ""
            for _ in range(_ROUNDS):
                answer = self._put(entries)
                if not answer["FailedEntryCount"]:
                    break
                # A refused entry is no error of the request; the answers are in the entries' order.
                refused = [
                    (entry, told)
                    for entry, told in zip(entries, answer["Entries"], strict=True)
                    if "ErrorCode" in told
                ]
                entries, code = [entry for entry, _ in refused], refused[0][1]["ErrorCode"]
            else:
                raise RemovalsNotTold(f"Bus {self._name} did not take {len(entries)} removals: {code}")

    def _put(self, entries: Sequence[Any]) -> Any:  # noqa: ANN401 - the SDK's own dictionaries
        try:
            return self._client.put_events(Entries=list(entries))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "UnknownError")
            raise RemovalsNotTold(f"Bus {self._name} did not take removals: {code}") from None
        except BotoCoreError as error:
            raise RemovalsNotTold(f"Bus {self._name} did not take removals: {type(error).__name__}") from None

    def _entry(self, row: RemovedRow) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(detail_of(row)),
        }
        return entry if row.removed_at is None else entry | {"Time": row.removed_at}

    @cached_property
    def _client(self) -> EventBridgeClient:
        # Made on first use: hardly a stack tells of rows. A slow bus must not eat a run's last seconds.
        config = Config(
            connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        return boto3.client("events", endpoint_url=self._endpoint_url, config=config)
