"""Which API is asked, and how a request says who asks."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from console.cli.signing import SigV4, amazon_host, signable_query
from tests.cli.operator import Operator
from tests.cli.scripted_aws import Aws, scripted_aws
from tests.cli.served import Received, Served
from tests.cli.signatures import signed_for


@pytest.fixture
def aws(api: Served) -> Iterator[Aws]:
    """An account whose stack has the API."""
    with scripted_aws(HttpEndpoint=api.url) as account:
        yield account


def test_the_local_stack_is_asked_on_port(api: Served) -> None:
    port = api.url.rpartition(":")[2]

    result = Operator("").run("stats", BARYCENTER_JOBS_ENDPOINT=None, PORT=port)

    assert result.exit_code == 0
    assert api.requests[0].header("authorization") is None


def test_the_local_stack_is_on_8081_unless_port_says_otherwise() -> None:
    result = Operator("").run("stats", BARYCENTER_JOBS_ENDPOINT=None)

    assert result.exit_code in (0, 3)
    assert result.exit_code == 0 or "Nothing answers at http://127.0.0.1:8081." in result.stderr


def test_a_stack_is_found_by_its_name_and_asked_with_a_signature(api: Served, aws: Aws) -> None:
    result = Operator("").run("stats", "--stack", "prod", BARYCENTER_JOBS_ENDPOINT=None, **aws.environment)

    assert result.exit_code == 0
    assert signed_for(api.requests[0]) == ("execute-api", "us-east-1")


def test_temporary_credentials_send_their_token(api: Served, aws: Aws) -> None:
    result = Operator("").run(
        "stats",
        BARYCENTER_JOBS_ENDPOINT=None,
        BARYCENTER_JOBS_STACK="prod",
        AWS_SESSION_TOKEN="temporary",
        **aws.environment,
    )

    assert result.exit_code == 0
    assert signed_for(api.requests[0], token="temporary") == ("execute-api", "us-east-1")


def test_a_stack_with_a_token_is_asked_with_the_token(api: Served, aws: Aws) -> None:
    Operator("").run(
        "stats", "--stack", "prod", "--token", "t0k3n", BARYCENTER_JOBS_ENDPOINT=None, **aws.environment
    )

    assert api.requests[0].header("authorization") == "Bearer t0k3n"


def test_a_token_may_be_in_the_environment(operator: Operator, api: Served) -> None:
    operator.run("stats", BARYCENTER_JOBS_TOKEN="t0k3n")

    assert api.requests[0].header("authorization") == "Bearer t0k3n"


def test_a_region_to_sign_for_may_be_named(operator: Operator, api: Served) -> None:
    operator.run("pause", "sessions", "--sign", "--region", "eu-central-1")

    assert signed_for(api.requests[0]) == ("execute-api", "eu-central-1")


def test_what_is_typed_goes_before_the_environment(operator: Operator, api: Served, aws: Aws) -> None:
    typed = operator.run("stats", "--endpoint", api.url, BARYCENTER_JOBS_STACK="other", **aws.environment)

    assert typed.exit_code == 0
    assert aws.asked == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"stack": "other"},
            "There is no stack prod in region us-east-1. Check the name, --region and --profile.",
        ),
        ({"outputs": {}}, "Stack prod has no output HttpEndpoint"),
        ({"refuses": {"DescribeStacks"}}, "your AWS credentials do not allow it (AccessDenied)."),
        (
            {"refuses": {"DescribeStacks"}, "refusal": "ExpiredToken"},
            "AWS does not accept the credentials (ExpiredToken)",
        ),
    ],
)
def test_a_stack_that_cannot_be_found_is_told_with_what_to_do(
    aws: Aws, change: dict[str, object], message: str
) -> None:
    for name, value in change.items():
        setattr(aws, name, value)

    result = Operator("").run("stats", "--stack", "prod", BARYCENTER_JOBS_ENDPOINT=None, **aws.environment)

    assert result.exit_code == 3
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_no_credentials_are_told_with_what_to_do(operator: Operator, api: Served) -> None:
    result = operator.run("stats", "--sign", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)

    assert result.exit_code == 3
    assert (
        "There are no AWS credentials here. Name a profile with --profile, or sign in with" in result.stderr
    )
    assert api.requests == []


def test_a_profile_that_is_not_there_is_told(operator: Operator) -> None:
    result = operator.run("stats", "--sign", "--profile", "production")

    assert result.exit_code == 2
    assert "The config profile (production) could not be found." in result.stderr


def test_amazon_being_out_of_reach_is_told(aws: Aws) -> None:
    environment = dict.fromkeys(aws.environment, "http://127.0.0.1:1")

    result = Operator("").run("stats", "--stack", "prod", BARYCENTER_JOBS_ENDPOINT=None, **environment)

    assert result.exit_code == 3
    assert "Cannot look at stack prod: AWS cannot be reached" in result.stderr


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("abc123.execute-api.eu-west-1.amazonaws.com", ("execute-api", "eu-west-1")),
        ("abc123.execute-api.cn-north-1.amazonaws.com.cn", ("execute-api", "cn-north-1")),
        ("abc123.appsync-api.us-east-1.amazonaws.com", ("appsync", "us-east-1")),
        ("jobs.example.com", None),
        ("execute-api.us-east-1.amazonaws.com.example.com", None),
    ],
)
def test_a_host_of_amazons_tells_what_to_sign_for(host: str, expected: tuple[str, str] | None) -> None:
    assert amazon_host(host) == expected


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4), st.binary(max_size=50))
def test_any_request_is_signed_as_amazon_computes_it(query: dict[str, str], body: bytes) -> None:
    encoded = signable_query(str(httpx.QueryParams(query)))
    request = httpx.Request("POST", f"https://example.com/admin/jobs?{encoded}", content=body)
    flow = SigV4(Credentials("key", "local"), "us-east-1").auth_flow(request)

    signed = next(flow)

    target = signed.url.raw_path.decode()
    received = Received(signed.method, target, list(signed.headers.items()), body)
    assert signed_for(received) == ("execute-api", "us-east-1")
    assert dict(httpx.QueryParams(target.partition("?")[2])) == query
