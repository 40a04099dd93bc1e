"""How far the reader of a stream is behind, as CloudWatch has it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.adapters.sdk import Sdk

_PERIOD = timedelta(minutes=15)


class IteratorAge:
    """Asks for the age of the oldest record that a function was handed lately.

    Lambda tells it of batches that fail as well, so that it grows while a reader cannot get on.
    """

    def __init__(self, function: str, client: Any = None, sdk: Sdk | None = None) -> None:  # noqa: ANN401 - no types for one call
        self._function = function
        self._given = client
        self._sdk = sdk or Sdk()

    def __call__(self, now: datetime) -> timedelta | None:
        """Return it, None where the function was handed nothing or CloudWatch cannot be asked."""
        try:
            answer = self._client.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName="IteratorAge",
                Dimensions=[{"Name": "FunctionName", "Value": self._function}],
                StartTime=now - _PERIOD,
                EndTime=now,
                Period=int(_PERIOD.total_seconds()),
                Statistics=["Maximum"],
            )
        except (ClientError, BotoCoreError):
            return None  # what the accounts tell stands without it
        ages = [point["Maximum"] for point in answer["Datapoints"]]
        return timedelta(milliseconds=max(ages)) if ages else None

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401
        # Made on first use, after a sweep: a slow CloudWatch must not eat the seconds that are left then.
        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
        return self._given or self._sdk.client("cloudwatch", None, config)
