"""The tables of the template in a DynamoDB engine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's name
from botocore.session import Session as BotocoreSession

from console.local_stack.errors import EngineRefused, EngineUnreachable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBServiceResource

    from console.local_stack.credentials import Credentials
    from console.local_stack.template import Table

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"total_max_attempts": 2},
    proxies={},  # the engine is usually on this machine, where a proxy from the environment cannot reach it
)

# A profile that AWS_PROFILE names and nobody has would stop the SDK, though nothing here needs one. Each
# is (name in a configuration file, environment variables, default, conversion).
_NO_CONFIGURATION = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def connect(endpoint: str, credentials: Credentials) -> DynamoDBServiceResource:
    """Return a client of the engine at `endpoint` that reads nobody's AWS configuration."""
    session = boto3.Session(botocore_session=BotocoreSession(session_vars=_NO_CONFIGURATION))
    return session.resource(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=credentials.region,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.session_token,
        config=_CONFIG,
    )


def create_missing_tables(database: DynamoDBServiceResource, tables: Iterable[Table]) -> list[Table]:
    """Create the tables that the engine does not have and return those.

    Raises EngineUnreachable and EngineRefused.
    """
    with _explained(database.meta.client.meta.endpoint_url):
        return [table for table in tables if _create(database, table)]


def put_rows(database: DynamoDBServiceResource, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows in batches. Raises EngineUnreachable and EngineRefused."""
    with _explained(database.meta.client.meta.endpoint_url), database.Table(table).batch_writer() as batch:
        for row in rows:
            batch.put_item(Item=row)


def _create(database: DynamoDBServiceResource, table: Table) -> bool:
    try:
        made = database.create_table(TableName=table.name, **table.definition)
    except database.meta.client.exceptions.ResourceInUseException:
        return False
    made.wait_until_exists()
    if table.ttl_attribute:
        database.meta.client.update_time_to_live(
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
        )
    return True


@contextmanager
def _explained(endpoint: str) -> Iterator[None]:
    """Tell what went wrong with an engine in words for the person who started the stack."""
    try:
        yield
    except (ConnectionError, HTTPClientError) as error:
        raise EngineUnreachable(
            f"No DynamoDB engine answers at {endpoint}. Start it, correct DYNAMODB_ENDPOINT_URL, "
            "or unset it to use the embedded engine."
        ) from error
    except (ClientError, BotoCoreError) as error:
        raise EngineRefused(f"The DynamoDB engine at {endpoint} does not do as asked: {error}") from error
