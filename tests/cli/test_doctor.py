"""`barycenter-jobs doctor`: what it finds, and what to do about each finding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from barycenter_jobs.core.callers import Caller, Permission
from barycenter_jobs.core.jobs import JOBS
from tests.cli.operator import Operator
from tests.cli.scripted_aws import Aws, scripted_aws
from tests.cli.served import Answer, Served, served
from tests.cli.signatures import signed_for
from tests.cli.terminal import FakeTime
from tests.engine import client, create_table

Names = dict[str, str]


class Today(Operator):
    """An operator whose clock is as right as that of the server."""

    ahead = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.ahead, UTC)


@pytest.fixture(scope="module")
def tables(engine: str, new_name: Callable[[str], str]) -> Names:
    """Tables as template.yaml has them, by their kinds."""
    names = {name: new_name(name) for name in ("job_executions", *(job.kind.name for job in JOBS))}
    for kind, name in names.items():
        create_table(client(engine), kind, name)
    return names


@pytest.fixture
def aws(api: Served, tables: Names) -> Iterator[Aws]:
    """An account whose stack is as it should be."""
    outputs = {
        "SessionsTableName": tables["sessions"],
        "RefreshTokensTableName": tables["refresh_tokens"],
        "WebauthnChallengesTableName": tables["webauthn_challenges"],
        "DeviceCodesTableName": tables["device_codes"],
        "JobExecutionsTableName": tables["job_executions"],
    }
    with scripted_aws(HttpEndpoint=api.url, **outputs) as account:
        account.outputs["GraphqlEndpoint"] = f"{account.url}/graphql"
        yield account


def findings(operator: Operator, *arguments: str, **environment: str | None) -> dict[str, Any]:
    """Return the findings by what was checked, each with a next step unless all is well."""
    result = operator.run("doctor", *arguments, "--json", **environment)
    said = json.loads(result.stdout)
    problems = [each for each in said["findings"] if each["verdict"] == "problem"]
    assert said["healthy"] == (not problems)
    assert result.exit_code == (1 if problems else 0)
    for each in said["findings"]:
        assert each["next"] or each["verdict"] == "ok", each
    return {each["check"]: each for each in said["findings"]}


def of_stack(aws: Aws, engine: str, **environment: str | None) -> dict[str, Any]:
    variables = {**aws.environment, "AWS_ENDPOINT_URL_DYNAMODB": engine, "BARYCENTER_JOBS_ENDPOINT": None}
    return findings(Today("", FakeTime()), "--stack", "prod", **(variables | environment))


def test_a_stack_is_checked_whole(aws: Aws, engine: str, api: Served, tables: Names) -> None:
    found = of_stack(aws, engine)

    assert {check: each["verdict"] for check, each in found.items()} == {
        "credentials": "ok",
        "stack": "ok",
        "clock": "ok",
        "HTTP API": "ok",
        "permission to read": "ok",
        "permission to act": "ok",
        "REST API": "ok",
        "job sessions": "ok",
        "job refresh_tokens": "problem",
        "job webauthn_challenges": "problem",
        "job device_codes": "warning",
        "AppSync": "ok",
        **{f"table {name}": "ok" for name in tables.values()},
        "schedules": "ok",
    }
    assert found["credentials"]["message"] == "arn:aws:iam::123456789012:user/alice in account 123456789012"
    assert {signed_for(request) for request in api.requests if request.method == "POST"} == {
        ("execute-api", "us-east-1")
    }
    assert {signed_for(request) for request in aws.asked if request.target == "/graphql"} == {
        ("appsync", "us-east-1")
    }


def test_nothing_is_changed(aws: Aws, engine: str, api: Served) -> None:
    before = Operator(api.url).json("logs", "--limit", "0"), Operator(api.url).json("jobs")

    of_stack(aws, engine)

    assert (Operator(api.url).json("logs", "--limit", "0"), Operator(api.url).json("jobs")) == before


@pytest.mark.parametrize(
    ("change", "check", "verdict", "message"),
    [
        ({"status": "ROLLBACK_COMPLETE"}, "stack", "problem", "prod is ROLLBACK_COMPLETE"),
        ({"status": "UPDATE_ROLLBACK_COMPLETE"}, "stack", "warning", "prod is UPDATE_ROLLBACK_COMPLETE"),
        ({"status": "UPDATE_IN_PROGRESS"}, "stack", "warning", "prod is UPDATE_IN_PROGRESS"),
        ({"rules": {"prod-Hourly": "DISABLED"}}, "schedules", "problem", "rule prod-Hourly is disabled"),
        ({"rules": {}}, "schedules", "problem", "the stack has no rules"),
        ({"refuses": {"DescribeRule"}}, "schedules", "problem", "do not allow it (AccessDeniedException)"),
        ({"refuses": {"ListStackResources"}}, "schedules", "problem", "do not allow it (AccessDenied)"),
        (
            {"refuses": {"GetCallerIdentity"}, "refusal": "ExpiredToken"},
            "credentials",
            "problem",
            "(ExpiredToken)",
        ),
        ({"appsync": Answer(401, {"errors": [{"message": "no"}]})}, "AppSync", "problem", "answered 401"),
        ({"appsync": Answer(200, {"data": None})}, "AppSync", "problem", "without the jobs"),
        ({"appsync": Answer(cut=True)}, "AppSync", "problem", "cannot be reached"),
    ],
)
def test_what_is_wrong_with_a_stack_is_found(  # noqa: PLR0917 - pytest passes them by name
    aws: Aws, engine: str, change: dict[str, object], check: str, verdict: str, message: str
) -> None:
    for name, value in change.items():
        setattr(aws, name, value)

    found = of_stack(aws, engine)[check]

    assert found["verdict"] == verdict
    assert message in found["message"]


def test_a_table_without_its_index_a_missing_one_and_one_of_another_kind_are_found(
    aws: Aws, engine: str, new_name: Callable[[str], str]
) -> None:
    unindexed, other = new_name("unindexed"), new_name("other")
    create_table(client(engine), "sessions", unindexed, indexed=False)
    create_table(client(engine), "sessions", other)
    aws.outputs |= {
        "SessionsTableName": unindexed,
        "RefreshTokensTableName": "nowhere",
        "DeviceCodesTableName": other,
        "JobExecutionsTableName": "nothing",
    }

    found = of_stack(aws, engine)

    assert found[f"table {unindexed}"]["verdict"] == "warning"
    assert "barycenter-jobs backfill sessions" in found[f"table {unindexed}"]["next"]
    assert "there is no such table" in found["table nowhere"]["message"]
    assert "has the key (session_id S)" in found[f"table {other}"]["message"]
    assert found["table nothing"]["verdict"] == "problem"


def test_a_stack_that_is_not_there_is_the_last_finding(aws: Aws, engine: str) -> None:
    aws.stack = "other"

    found = of_stack(aws, engine)

    assert list(found) == ["credentials", "stack"]
    assert "There is no stack prod" in found["stack"]["message"]


def test_missing_credentials_are_found(aws: Aws, engine: str) -> None:
    found = of_stack(aws, engine, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)

    assert found["credentials"]["verdict"] == "problem"
    assert "aws sso login" in found["credentials"]["next"]


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(0, "ok"), (-30, "ok"), (120, "warning"), (-120, "warning"), (400, "problem")]
)
def test_a_clock_that_is_wrong_is_found(api: Served, ahead: float, verdict: str) -> None:
    operator = Today(api.url)
    operator.ahead = ahead

    found = findings(operator)["clock"]

    assert found["verdict"] == verdict
    assert ("ahead of" in found["message"]) == (ahead > 60)


def test_an_address_is_checked_as_far_as_it_tells(api: Served) -> None:
    found = findings(Today(api.url))

    assert found["HTTP API"]["verdict"] == "ok"
    assert found["AWS account and tables"]["verdict"] == "skipped"
    assert found["AWS account and tables"]["next"] == "Name the stack with --stack"


def test_the_local_stack_is_checked_with_its_engine(api: Served, engine: str) -> None:
    found = findings(
        Today(""),
        BARYCENTER_JOBS_ENDPOINT=None,
        PORT=api.url.rpartition(":")[2],
        DYNAMODB_ENDPOINT_URL=engine,
    )

    assert found["HTTP API"]["verdict"] == "ok"
    assert "there is no such table" in found["table sessions"]["message"]  # this engine's have other names


def test_whoever_may_only_read_is_warned() -> None:
    with served(caller=Caller("bob", frozenset({Permission.READ}))) as api:
        found = findings(Today(api.url))

    assert found["permission to read"]["verdict"] == "ok"
    assert found["permission to act"]["verdict"] == "warning"


def test_an_api_that_refuses_or_is_not_there_is_found(api: Served) -> None:
    api.always = Answer(403, {"message": "Forbidden"})

    refused, missing = findings(Today(api.url)), findings(Today("http://127.0.0.1:1"))

    assert refused["HTTP API"]["verdict"] == "problem"
    assert "403" in refused["HTTP API"]["message"]
    assert missing["clock"]["verdict"] == "skipped"
    assert missing["HTTP API"]["next"].startswith("Start the local stack with `make run`")
