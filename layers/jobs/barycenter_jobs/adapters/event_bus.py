"""Telling of finished runs on an event bus of Amazon EventBridge."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.core.errors import RunNotTold
from barycenter_jobs.core.executions import Execution
from barycenter_jobs.core.run_events import DETAIL_TYPE, SOURCE, detail_of

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient


class EventBus:
    """Puts an event on the bus `name` for each run of the log `log`. Links in it begin with `public_url`."""

    def __init__(self, name: str, log: str, public_url: str = "", endpoint_url: str | None = None) -> None:
        self._name = name
        self._log = log
        self._public_url = public_url
        self._endpoint_url = endpoint_url

    def tell(self, execution: Execution) -> None:
        """Put one event on the bus. See `RunEvents`."""
        try:
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._name,
                        "Source": SOURCE,
                        "DetailType": DETAIL_TYPE,
                        "Time": execution.completed_at or execution.started_at,
                        "Detail": json.dumps(detail_of(execution, self._log, self._public_url)),
                    }
                ]
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "UnknownError")
            raise RunNotTold(f"Bus {self._name} did not take the event: {code}") from None
        except BotoCoreError as error:
            raise RunNotTold(f"Bus {self._name} did not take the event: {type(error).__name__}") from None
        if answer["FailedEntryCount"]:  # a refused entry is no error of the request
            code = answer["Entries"][0].get("ErrorCode", "UnknownError")
            raise RunNotTold(f"Bus {self._name} did not take the event: {code}")

    @cached_property
    def _client(self) -> EventBridgeClient:
        # Made on first use, which is after the run. A slow bus must not eat the seconds that are left then.
        config = Config(
            connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        return boto3.client("events", endpoint_url=self._endpoint_url, config=config)
