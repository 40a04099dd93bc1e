"""The stages on which the contracts are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.jobs import CHALLENGES, REFRESH_TOKENS, SESSIONS, Kind
from tests.contracts.stages import DynamoDBStage, MemoryStage, Stage
from tests.engine import client, create_table

MakeName = Callable[[str], str]


@pytest.fixture(
    params=["memory", "partiql on the engine", "delete-item on the engine", "delete-item on moto"],
)
def stage(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[Stage]:
    """A table of sessions, once for each way to delete from it."""
    yield from _stage(request, new_name, SESSIONS.kind)


@pytest.fixture(
    params=[
        "memory",
        pytest.param("partiql on the engine", marks=pytest.mark.scale),
        pytest.param("delete-item on the engine", marks=pytest.mark.scale),
    ],
)
def large_stage(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[Stage]:
    """The same without moto, which takes a minute for ten thousand rows."""
    yield from _stage(request, new_name, SESSIONS.kind)


@pytest.fixture(params=["memory", "partiql on the engine", "delete-item on the engine"])
def shared_stage(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[Stage]:
    """The same without moto, whose tables are not for several threads."""
    yield from _stage(request, new_name, SESSIONS.kind)


@pytest.fixture(params=["memory", "partiql on the engine", "delete-item on the engine"])
def challenges(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[Stage]:
    """A table of WebAuthn challenges, which also expire by age."""
    yield from _stage(request, new_name, CHALLENGES.kind)


@pytest.fixture(params=["memory", "partiql on the engine", "delete-item on the engine"])
def tokens(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[Stage]:
    """A table of refresh tokens, which are also rotated."""
    yield from _stage(request, new_name, REFRESH_TOKENS.kind)


def _stage(request: pytest.FixtureRequest, new_name: MakeName, kind: Kind) -> Iterator[Stage]:
    if request.param == "memory":
        yield MemoryStage()
        return
    deleter = PartiqlDeleter if request.param.startswith("partiql") else ConditionalDeleter
    table = new_name(kind.name)
    if request.param.endswith("moto"):
        with mock_aws():
            dynamodb = boto3.client("dynamodb")
            create_table(dynamodb, kind.name, table)
            yield DynamoDBStage(dynamodb, None, table, kind, deleter)
        return
    endpoint: str = request.getfixturevalue("engine")
    dynamodb = client(endpoint)
    create_table(dynamodb, kind.name, table)
    yield DynamoDBStage(dynamodb, endpoint, table, kind, deleter)
    dynamodb.delete_table(TableName=table)
