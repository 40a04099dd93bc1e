"""A provider's table, and the client that reaches it with the operator's own credentials."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, NoRegionError, ProfileNotFound

from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.adapters.dynamodb.indexed_rows import EXPIRY_INDEX
from barycenter_jobs.core.errors import AccessRefused, RequestRefused, StoreUnavailable, TableMissing
from barycenter_jobs.core.jobs import Kind
from console.cli.access import Access

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_WRITE_UNIT_BYTES = 1024
_TYPICAL_ROW_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Table:
    """A provider's table as DynamoDB describes it. Sizes are some hours old, and 0 for a new table.

    `id` is another one when a table is made anew under its old name.
    """

    client: DynamoDBClient
    name: str
    kind: Kind
    arn: str
    id: str
    about_rows: int
    about_bytes: int
    has_index: bool

    @property
    def row_bytes(self) -> float:
        """How large a row is on average, by a guess where DynamoDB has not counted yet."""
        known = self.about_rows and self.about_bytes
        return self.about_bytes / self.about_rows if known else _TYPICAL_ROW_BYTES

    @property
    def units_to_stamp(self) -> int:
        """How many write units it takes to stamp an average row: those of the row, and one for the index."""
        return math.ceil(self.row_bytes / _WRITE_UNIT_BYTES) + int(self.has_index)


def open_table(access: Access, kind: Kind, name: str | None) -> Table:
    """Return the table of this kind. Raises StoreError, and UsageError for a bad profile or region.

    A table with another key than the kind's is refused.
    """
    name = name or kind.name
    # Whoever waits for the first answer has probably mistyped something; later, patience saves a long run.
    description = described(quick_client(access), access, name)
    check_key(description, name, kind)
    return Table(
        client=_client(access, attempts=10),
        name=name,
        kind=kind,
        arn=description["TableArn"],
        id=_identity(description),
        about_rows=description.get("ItemCount", 0),
        about_bytes=description.get("TableSizeBytes", 0),
        has_index=EXPIRY_INDEX.is_in(description),
    )


def quick_client(access: Access) -> DynamoDBClient:
    """Return a client that soon gives up. Raises UsageError for a bad profile or region."""
    return _client(access, attempts=2)


def described(client: DynamoDBClient, access: Access, name: str) -> Any:  # noqa: ANN401 - the SDK's own dictionary
    """Return what DynamoDB says about a table. Raises StoreError."""
    try:
        with store_errors("describe", name):
            return client.describe_table(TableName=name)["Table"]
    except TableMissing as error:
        raise TableMissing(f"{error} in {_place(client, access)}. Name it with --table") from None
    except AccessRefused as error:
        raise AccessRefused(f"{error}. Credentials come from --profile or AWS's own environment") from None
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} at {client.meta.endpoint_url}") from None


def _place(client: DynamoDBClient, access: Access) -> str:
    return f"region {client.meta.region_name}" if access.endpoint_url is None else client.meta.endpoint_url


def _identity(description: Any) -> str:  # noqa: ANN401 - the SDK's own dictionary
    """Return what no other table has ever had; not every engine gives its tables an id."""
    made = f"{description['TableArn']} {description['CreationDateTime']}"
    return str(description.get("TableId") or hashlib.sha256(made.encode()).hexdigest())


def check_key(description: Any, name: str, kind: Kind) -> None:  # noqa: ANN401 - the SDK's own dictionary
    """Raise RequestRefused for a table that has another key than the kind's."""
    types = {part["AttributeName"]: part["AttributeType"] for part in description["AttributeDefinitions"]}
    key = [(part["AttributeName"], types.get(part["AttributeName"])) for part in description["KeySchema"]]
    if key != [(kind.key, "S")]:
        attributes = ", ".join(f"{attribute} {type_}" for attribute, type_ in key)
        raise RequestRefused(
            f"Table {name} has the key ({attributes}), but rows of {kind.name} have the key ({kind.key} S)"
        )


def _client(access: Access, *, attempts: int) -> DynamoDBClient:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=3,
        read_timeout=20,
        max_pool_connections=16,
        proxies={} if access.is_local else None,  # a proxy cannot reach this machine
    )
    try:
        session = boto3.Session(profile_name=access.profile, region_name=access.region)
        if access.is_local and session.get_credentials() is None:
            session = boto3.Session("local", "local", region_name=access.region or "us-east-1")
        return session.client("dynamodb", endpoint_url=access.endpoint_url, config=config)
    except ProfileNotFound as error:
        raise click.UsageError(f"{error}.") from None
    except NoRegionError:
        raise click.UsageError("No AWS region. Name one with --region or AWS_REGION.") from None
    except BotoCoreError as error:
        raise click.UsageError(f"The AWS configuration cannot be used ({type(error).__name__}).") from None
