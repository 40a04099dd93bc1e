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
from benchmarks.seeding import put_sessions
from benchmarks.stand_in_engine import ROWS_PATH
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
    """A running engine. `dynamodb` is a client for creating and recounting tables.

    A `stand_in` plays with our own sweep only. See `stand_in_engine`.
    """

    endpoint: str
    dynamodb: DynamoDBClient
    stand_in: bool = False

    @property
    def name(self) -> str:
        """What a report calls it."""
        return "stand-in" if self.stand_in else "ministack"

    def fill(self, table: str, state: str, count: int, now: int) -> None:
        """Add `count` rows of this state, `expired` or `live`, to a table."""
        if self.stand_in:
            self._ask(ROWS_PATH, {"TableName": table, "rows": {"state": state, "count": count, "now": now}})
        else:
            put_sessions(self.dynamodb, table, state, count, now)

    def measure(self, orders: Orders) -> None:
        """Begin a record and give the meter its orders."""
        self._ask(CONTROL_PATH, asdict(orders))

    def record(self) -> Record:
        """End the record and return it."""
        fields = self._ask(CONTROL_PATH)
        reads = [Read(**read) for read in fields.pop("reads")]
        return Record(**fields, reads=reads)

    def _ask(self, path: str, orders: dict[str, Any] | None = None) -> dict[str, Any]:
        # The address is our own, and no proxy from the environment can reach it.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        body = None if orders is None else json.dumps(orders).encode()
        with direct.open(self.endpoint + path, data=body, timeout=120) as answer:
            answered: dict[str, Any] = json.load(answer)
        return answered


@contextmanager
def metered_engine(*, stand_in: bool = False, stand_in_table: str | None = None) -> Iterator[MeteredEngine]:
    """Run the engine, or its stand-in, with its meter on a free port of the loopback interface.

    With a `stand_in_table`, the stand-in plays that table and the engine all others.
    """
    kind = ["stand-in"] if stand_in else []
    if stand_in_table is not None:
        stand_in, kind = True, ["stand-in", stand_in_table]
    with listen(0, "PORT") as listener:
        endpoint = address_of(listener)
        process = subprocess.Popen(  # noqa: S603 - our own program
            [str(ENGINE_PYTHON), "-s", "-m", "benchmarks.metered_engine", str(listener.fileno()), *kind],
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
            yield MeteredEngine(endpoint, _client(endpoint), stand_in)
        finally:
            process.stdin.close()


def _client(endpoint: str) -> DynamoDBClient:
    config = Config(parameter_validation=False, proxies={}, read_timeout=120)
    return boto3.client("dynamodb", endpoint_url=endpoint, config=config)
