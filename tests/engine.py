"""The embedded DynamoDB engine for tests, and the tables of template.yaml in it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from console.local_stack.engine import ENGINE_PYTHON
from console.local_stack.template import Table, read_template

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

REPOSITORY = Path(__file__).parent.parent
_PROGRAM = REPOSITORY / "console" / "local_stack" / "engine_process.py"


@contextmanager
def embedded_engine() -> Iterator[str]:
    """Run an engine on a free port of the loopback interface and yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [ENGINE_PYTHON, "-P", "-s", _PROGRAM, str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()


@cache
def client(endpoint: str) -> DynamoDBClient:
    """Return a client that a test uses as any other program would: with the SDK's own retries."""
    return boto3.client("dynamodb", endpoint_url=endpoint, config=Config(max_pool_connections=32))


@cache
def template_table(name: str) -> Table:
    """Return a table as template.yaml defines it."""
    return next(table for table in read_template(REPOSITORY / "template.yaml").tables if table.name == name)


def create_table(dynamodb: DynamoDBClient, definition_of: str, name: str, *, indexed: bool = True) -> None:
    """Create table `name` as template.yaml defines `definition_of`; not `indexed` leaves its indexes out."""
    definition = dict(template_table(definition_of).definition)
    if not indexed:
        key = {part["AttributeName"] for part in definition["KeySchema"]}
        del definition["GlobalSecondaryIndexes"]
        definition["AttributeDefinitions"] = [
            attribute for attribute in definition["AttributeDefinitions"] if attribute["AttributeName"] in key
        ]
    dynamodb.create_table(TableName=name, **definition)
