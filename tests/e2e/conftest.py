"""The real template, built and deployed by the SAM CLI to an emulator that knows nothing of this project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from console.checkout import REPOSITORY
from console.local_stack.intrinsics import ACCOUNT, REGION
from tests.cloud import SAM_PYTHON, emulated_cloud

Json = dict[str, Any]
Found = TypeVar("Found")

SAM = REPOSITORY / ".venv" / "sam" / "bin" / "sam"
STACK = "jobs"


def runtime_python() -> Path | None:
    """Return the folder of a Python of the runtime's version; a shim that leads to none is not one."""
    # A shim of pyenv is on PATH whether it leads to a Python or not; pyenv itself knows.
    for command in (["python3.13", "-c", "import sys; print(sys.prefix)"], ["pyenv", "prefix", "3.13"]):
        if shutil.which(command[0]) is not None:
            asked = subprocess.run(command, capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                return Path(asked.stdout.strip()) / "bin"
    return None


def sam(*arguments: str, endpoint: str = "http://127.0.0.1:9") -> str:
    """Run the SAM CLI and return what it said. Without an endpoint it would talk to AWS itself."""
    python = runtime_python()
    environment = {
        "PATH": f"{python}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }
    done = subprocess.run(
        [SAM, *arguments], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@dataclass(frozen=True)
class Deployment:
    """A deployed stack and how to reach it."""

    endpoint: str
    build: Path

    def client(self, service: Any) -> Any:  # noqa: ANN401 - a client of any service
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,  # twelve digits are an account's root
            aws_secret_access_key="test",
        )

    def deploy(self, *parameters: str) -> None:
        sam(
            *("deploy", "--template-file", str(self.build / "template.yaml"), "--stack-name", STACK),
            *("--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--parameter-overrides", *parameters),
            endpoint=self.endpoint,
        )

    @property
    def outputs(self) -> dict[str, str]:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def resources(self, kind: str) -> dict[str, str]:
        """Return the physical ids of the stack's resources of a type, by their logical ids."""
        found = self.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found
            if each["ResourceType"] == kind
        }

    def invoke(self, output: str, event: object) -> tuple[Any, str | None]:
        """Invoke a function, and return its answer and the kind of its error."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[output], Payload=json.dumps(event).encode()
        )
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def http(
        self, method: str, path: str, body: Json | None = None, *, signed: bool = True
    ) -> tuple[int, str]:
        """Send a request to the HTTP API, and return the answer's status and body."""
        api = self.outputs["HttpEndpoint"].removeprefix("https://").partition(".")[0]
        address = f"{self.endpoint}/_aws/execute-api/{api}/$default{path}"
        return self._sent(method, address, body, "execute-api", signed=signed)

    def graphql(self, query: str) -> Json:
        """Send a query to AppSync."""
        (api,) = self.resources("AWS::AppSync::GraphQLApi").values()
        address = f"{self.endpoint}/v1/apis/{api.rpartition('/')[2]}/graphql"
        status, body = self._sent("POST", address, {"query": query}, "appsync", signed=True)
        assert status == 200, body
        answer: Json = json.loads(body)
        return answer

    def _sent(
        self, method: str, address: str, body: Json | None, service: str, *, signed: bool
    ) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        request = AWSRequest(method, address, data=data, headers={"Content-Type": "application/json"})
        if signed:
            SigV4Auth(Credentials(ACCOUNT, "test"), service, REGION).add_auth(request)
        sent = urllib.request.Request(address, data, dict(request.headers), method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:  # noqa: S310 - the emulator's own
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()


def eventually(look: Callable[[], Found | None], seconds: float = 75) -> Found:
    """Return what `look` finds, as soon as it finds something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"Nothing came of it within {seconds} seconds")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sam build` makes of the repository."""
    if not SAM.exists() or not SAM_PYTHON.exists():
        pytest.skip("the SAM CLI or the emulator is not set up here: run `make e2e`")
    if runtime_python() is None:
        pytest.skip("sam build needs python3.13 on PATH")
    folder = tmp_path_factory.mktemp("build")
    sam("build", "--build-dir", str(folder))
    return folder


@pytest.fixture(scope="session")
def deployment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The stack in a new and empty account. Its challenges are due every minute: so a rule fires soon."""
    with emulated_cloud(tmp_path_factory.mktemp("cloud"), python=SAM_PYTHON) as endpoint:
        stack = Deployment(endpoint, built)
        stack.deploy("EventBusName=default", 'ChallengesSchedule="cron(* * * * ? *)"')
        yield stack
