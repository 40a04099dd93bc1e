"""An emulator that refuses what no policy allows, and principals that have one function's policy each."""

from __future__ import annotations

import io
import itertools
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from barycenter_jobs.bootstrap import apis, cleanups, removals, watchdog
from console.local_stack.intrinsics import ACCOUNT, REGION
from tests.cloud import emulated_cloud
from tests.engine import create_table
from tests.functions.loading import load
from tests.permissions.policies import (
    BUS,
    DEAD_LETTERS,
    SHARE_OUT,
    Json,
    document_of,
    environment,
    function_name,
    statements,
)
from tests.permissions.scenes import Invoke, Passing
from tests.template.reading import FOLDERS

TABLES = ("sessions", "refresh_tokens", "webauthn_challenges", "device_codes", "job_executions")
ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            for service in ("lambda", "states")
        ],
    }
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cloud:
    """An emulated account in which only its root may do everything."""

    endpoint: str

    def root(self, service: Any) -> Any:  # noqa: ANN401 - a client of any service
        return boto3.client(
            service, endpoint_url=self.endpoint, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def principal(self, allowed: list[Json]) -> dict[str, str]:
        """Return the credentials of somebody who may do just this."""
        iam, name = self.root("iam"), f"principal-{next(_numbers)}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document_of(allowed))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def client(self, service: Any, folder: str) -> Any:  # noqa: ANN401 - a client of any service
        """Return a client that may do what a function may."""
        key = self.principal(statements(folder))
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
        )

    def empty_tables(self) -> None:
        dynamodb = self.root("dynamodb")
        for table in set(dynamodb.list_tables()["TableNames"]) & set(TABLES):
            dynamodb.delete_table(TableName=table)
        for table in TABLES:
            create_table(dynamodb, table, table)


@pytest.fixture(scope="session")
def _account(tmp_path_factory: pytest.TempPathFactory, _made_up_credentials: None) -> Iterator[Cloud]:
    with emulated_cloud(tmp_path_factory.mktemp("cloud"), guarded=True) as endpoint:
        cloud = Cloud(endpoint)
        _stand_up(cloud)
        yield cloud


def _stand_up(cloud: Cloud) -> None:
    """Make what functions call: each other, a state machine and a bus, all without anything inside."""
    role = cloud.root("iam").create_role(RoleName="any", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return {}\n")
    for folder in FOLDERS:
        cloud.root("lambda").create_function(
            FunctionName=function_name(folder),
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
        )
    cloud.root("stepfunctions").create_state_machine(
        name=SHARE_OUT,
        roleArn=role,
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
    )
    cloud.root("events").create_event_bus(Name=BUS)
    cloud.root("sqs").create_queue(QueueName=DEAD_LETTERS)


@pytest.fixture
def cloud(_account: Cloud) -> Cloud:
    """The account, its tables empty."""
    _account.empty_tables()
    return _account


@pytest.fixture
def invoke(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[str, list[Json]], Invoke]]:
    """A maker of functions that run in their own environment and as somebody who may do just so much."""
    made = (cleanups.cleanup, apis.operations, watchdog.watch, removals.account_removals)

    def loaded(folder: str, allowed: list[Json]) -> Invoke:
        for name, value in {**environment(folder), **cloud.principal(allowed), "AWS_REGION": REGION}.items():
            monkeypatch.setenv(name, value)
        for name in ("DYNAMODB", "LAMBDA", "STEP_FUNCTIONS", "EVENTS", "SQS"):
            monkeypatch.setenv(f"{name}_ENDPOINT_URL", cloud.endpoint)
        monkeypatch.setenv("UNREADABLE_REMOVALS_QUEUE_URL", f"{cloud.endpoint}/{ACCOUNT}/{DEAD_LETTERS}")
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function_name(folder))
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"guarded_{next(_numbers)}")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials of who came first
        for each in made:
            each.cache_clear()
        caplog.clear()
        handler = load(folder, f"guarded_{next(_numbers)}").handler

        def invoked(event: object, passing: Passing | None = None) -> Any:  # noqa: ANN401 - any JSON
            with caplog.at_level(logging.WARNING, "barycenter_jobs"):
                return handler(event, passing or Passing())  # type: ignore[arg-type]

        return invoked

    yield loaded
    for each in made:
        each.cache_clear()
