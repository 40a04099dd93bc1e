"""The metered engine as a child process, and what can be asked of it."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.meter import CONTROL_PATH, Orders, Read, Record
from console.checkout import REPOSITORY
from console.local_stack.engine import ENGINE_PYTHON
from console.local_stack.ports import LOOPBACK, address_of, listen

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": LOOPBACK,
    "no_proxy": LOOPBACK,
}
_QUIET = {"LOG_LEVEL": "ERROR", "SERVICES": "dynamodb"}


def environment() -> dict[str, str]:
    """Return this process's environment, with made-up credentials in the place of anybody's account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | _CREDENTIALS


@dataclass(frozen=True)
class MeteredEngine:
    """A running engine. `dynamodb` is a client for filling and recounting tables."""

    endpoint: str
    dynamodb: DynamoDBClient

    def measure(self, orders: Orders) -> None:
        """Begin a record and give the meter its orders."""
        self._control(json.dumps(asdict(orders)).encode())

    def record(self) -> Record:
        """End the record and return it."""
        fields = self._control(None)
        reads = [Read(**read) for read in fields.pop("reads")]
        return Record(**fields, reads=reads)

    def _control(self, body: bytes | None) -> dict[str, Any]:
        # The address is our own, and no proxy from the environment can reach it.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.endpoint + CONTROL_PATH, data=body, timeout=30) as answer:
            record: dict[str, Any] = json.load(answer)
        return record


@contextmanager
def metered_engine() -> Iterator[MeteredEngine]:
    """Run the engine with its meter on a free port of the loopback interface."""
    with listen(0, "PORT") as listener:
        endpoint = address_of(listener)
        process = subprocess.Popen(  # noqa: S603 - our own program
            [str(ENGINE_PYTHON), "-s", "-m", "benchmarks.metered_engine", str(listener.fileno())],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            env={"PATH": os.defpath} | _QUIET,
            start_new_session=True,  # Ctrl-C is for the measurement, which ends the engine last
            text=True,
        )
    if process.stdin is None or process.stdout is None:
        raise AssertionError("pipes were asked for")
    with process:
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("The metered engine did not start")
            yield MeteredEngine(endpoint, _client(endpoint))
        finally:
            process.stdin.close()


def _client(endpoint: str) -> DynamoDBClient:
    config = Config(parameter_validation=False, proxies={}, read_timeout=120)
    return boto3.client("dynamodb", endpoint_url=endpoint, config=config)
