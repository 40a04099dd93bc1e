"""`barycenter-jobs doctor` looks at the tables where TTL goes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest

from console.cli.access import Access
from console.cli.checks.finding import Finding, Verdict
from console.cli.checks.ttl import parameters_of, ttl_findings
from console.cli.pace import Clock
from tests.engine import client, create_table

FIRST = {"SessionsCleanupMode": "ttl-first", "ChallengesCleanupMode": "sweep", "TtlPatienceSeconds": "3600"}


class Session:
    """An AWS session, as far as it is asked."""

    def client(self, service: str, **_: Any) -> Session:  # noqa: ANN401
        assert service == "cloudwatch"
        return self

    def get_metric_statistics(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        return {"Datapoints": [{"Maximum": 4 * 3_600_000.0}]}


@pytest.fixture
def names(engine: str, new_name: Callable[[str], str]) -> Iterator[dict[str, str]]:
    made = {"sessions": new_name("sessions"), "job_executions": new_name("job_executions")}
    for kind, name in made.items():
        create_table(client(engine), kind, name)
    yield made
    for name in made.values():
        client(engine).delete_table(TableName=name)


def found(engine: str, names: dict[str, str], parameters: dict[str, str]) -> list[Finding]:
    session = cast("boto3.Session", Session())
    access = Access(engine, "us-east-1", None)
    return list(ttl_findings(access, session, names, parameters, function="reader", clock=Clock()))


def test_a_stack_that_sweeps_has_nothing_to_look_at(engine: str) -> None:
    assert found(engine, {}, {"SessionsCleanupMode": "sweep"}) == []


def test_what_keeps_ttl_from_its_part_is_said_with_what_to_do(engine: str, names: dict[str, str]) -> None:
    row = {"session_id": {"S": "secret"}, "expires_at": {"N": "1790000000"}, "expiry_shard": {"N": "3"}}
    client(engine).put_item(TableName=names["sessions"], Item=row)
    odd = row | {"session_id": {"S": "secret-2"}, "expires_at": {"N": "1790000000000"}}
    client(engine).put_item(TableName=names["sessions"], Item=odd)

    told = found(engine, names, FIRST)

    assert {each.check for each in told} == {f"TTL of {names['sessions']}"}
    assert [each.next_step.rpartition("#")[2].rstrip(")") for each in told] == [
        "ttl-off",
        "stream-off",
        "iterator-age",
        "ttl-stalled",
        "not-a-number",
    ]
    assert [each.verdict for each in told] == [
        Verdict.PROBLEM,
        Verdict.PROBLEM,
        Verdict.WARNING,
        Verdict.WARNING,
        Verdict.WARNING,
    ]
    assert "secret" not in str(told)


def test_a_table_that_is_not_there_is_a_finding(engine: str) -> None:
    (told,) = found(engine, {"sessions": "there-is-none"}, FIRST)

    assert told.verdict is Verdict.PROBLEM
    assert "no such table" in told.message


def test_a_stack_s_parameters_are_read_by_their_names() -> None:
    stack = {"Parameters": [{"ParameterKey": "SessionsCleanupMode", "ParameterValue": "ttl-first"}]}

    assert parameters_of(stack) == {"SessionsCleanupMode": "ttl-first"}
    assert parameters_of({}) == {}
