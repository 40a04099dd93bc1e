"""Starting the Lambda function behind a job, asynchronously."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from barycenter_jobs.adapters.aws_errors import why
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.core.errors import FunctionNotInvoked
from barycenter_jobs.core.timestamps import iso

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

    from barycenter_jobs.core.executions import Execution


class LambdaInvoker:
    """Invokes functions with an event in EventBridge's shape that names the execution to work on."""

    def __init__(self, endpoint_url: str | None = None, sdk: Sdk | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._sdk = sdk or Sdk()

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:
        """Hand the execution to the function and return at once. See `JobInvoker`."""
        event = {
            "version": "0",
            "id": execution.delivery_id,
            "detail-type": "Job Triggered",
            "source": "barycenter.jobs",
            "time": iso(now),
            # Repeated after a failure, the event starts a record of its own: it has to say all by itself.
            "detail": {"executionId": str(execution.id), "dryRun": execution.dry_run},
        }
        try:
            self._client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))
        except (BotoCoreError, ClientError) as error:
            raise FunctionNotInvoked(f"Function {function} could not be invoked: {why(error)}") from None

    @cached_property
    def _client(self) -> LambdaClient:
        # Made on first use: most requests to the API only read.
        config = Config(
            connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        client: LambdaClient = self._sdk.client("lambda", self._endpoint_url, config)
        return client
