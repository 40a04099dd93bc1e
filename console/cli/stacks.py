"""A deployed stack: where its HTTP API is, and the signature that it asks for."""

from __future__ import annotations

from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from console.cli.aws import NO_CREDENTIALS, QUICK, aws_errors, open_session
from console.cli.endpoints import Choice
from console.cli.exits import Refused
from console.cli.signing import SigV4, amazon_host


def http_endpoint(choice: Choice) -> str:
    """Return the address of the stack's HTTP API. Raises Unreachable, and UsageError without a region."""
    session = open_session(choice.profile, choice.region)
    outputs = outputs_of(described(session, str(choice.stack)))
    if "HttpEndpoint" not in outputs:
        raise Refused(
            f"Stack {choice.stack} has no output HttpEndpoint, so it is none of barycenter-jobs or not "
            "deployed to its end. Look at it with `aws cloudformation describe-stacks`."
        )
    return outputs["HttpEndpoint"].rstrip("/")


def described(session: boto3.Session, stack: str) -> Any:  # noqa: ANN401 - the SDK's own dictionary
    """Return what CloudFormation says about a stack. Raises Unreachable, and UsageError without a region."""
    with aws_errors(f"look at stack {stack}"):
        client = session.client("cloudformation", config=QUICK)
        try:
            return client.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
    raise Refused(
        f"There is no stack {stack} in region {session.region_name}. Check the name, --region and --profile."
    )


def outputs_of(stack: Any) -> dict[str, str]:  # noqa: ANN401 - the SDK's own dictionary
    """Return a stack's outputs by their names."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def signature(choice: Choice, host: str, default_service: str = "execute-api") -> SigV4:
    """Return what signs requests to a host. Raises Refused without credentials, UsageError without region."""
    session = open_session(choice.profile, choice.region)
    with aws_errors("sign requests"):
        credentials = session.get_credentials()
    if credentials is None:
        raise Refused(NO_CREDENTIALS)
    service, region = amazon_host(host) or (default_service, choice.region or session.region_name)
    if not region:
        raise click.UsageError("No AWS region to sign for. Name one with --region or AWS_REGION.")
    return SigV4(credentials, region, service)
