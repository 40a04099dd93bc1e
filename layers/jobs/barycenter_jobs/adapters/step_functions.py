"""Sharing a run out by a state machine of AWS Step Functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.adapters.aws_errors import why
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.core.errors import StateMachineNotStarted

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from barycenter_jobs.core.executions import Execution
    from barycenter_jobs.core.parts import Part


class StepFunctions:
    """Starts the state machine of `arn`, which invokes `function` for every part of a run.

    A run's name there is made of its id, so that it is started once however often it is asked for.
    """

    def __init__(
        self, arn: str, function: str, endpoint_url: str | None = None, sdk: Sdk | None = None
    ) -> None:
        self._arn = arn
        self._function = function
        self._endpoint_url = endpoint_url
        self._sdk = sdk or Sdk()

    def start(self, execution: Execution, parts: Sequence[Part], at_once: int) -> None:
        """Hand the parts over. See `StateMachine`."""
        handed = {
            "function": self._function,
            "executionId": str(execution.id),
            "parts": [str(part) for part in parts],
            "concurrency": at_once,
        }
        try:
            self._client.start_execution(
                stateMachineArn=self._arn,
                # With its start: a log that is made anew counts from 1 again, and names are kept 90 days.
                name=f"{execution.job_name}-{execution.id}-{int(execution.started_at.timestamp())}",
                input=json.dumps(handed),
            )
        except (BotoCoreError, ClientError) as error:
            if why(error) != "ExecutionAlreadyExists":
                raise StateMachineNotStarted(
                    f"The state machine could not be started: {why(error)}"
                ) from None

    @cached_property
    def _client(self) -> SFNClient:
        # Made on first use: few runs leave so much behind.
        config = Config(
            connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        client: SFNClient = self._sdk.client("stepfunctions", self._endpoint_url, config)
        return client
