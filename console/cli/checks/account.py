"""Whether the AWS credentials are good, the stack is as it should be, and AppSync answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import click
import httpx

from console.cli.api import TIMEOUT
from console.cli.aws import QUICK, aws_errors
from console.cli.checks.finding import Finding, Verdict, ok, skipped
from console.cli.endpoints import Choice
from console.cli.exits import Unreachable
from console.cli.stacks import signature

_QUERY = {"query": "{ availableJobs { name } }"}


def credentials_finding(session: boto3.Session) -> Finding:
    """Return whose credentials these are, or why they are of no use."""
    try:
        with aws_errors("ask AWS who you are"):
            identity = session.client("sts", config=QUICK).get_caller_identity()
    except (Unreachable, click.UsageError) as error:
        return Finding.of_failure("credentials", error.message)
    return ok("credentials", f"{identity['Arn']} in account {identity['Account']}")


def stack_finding(name: str, stack: Any) -> Finding:  # noqa: ANN401 - the SDK's own dictionary
    """Return whether a stack is deployed to its end."""
    status = str(stack["StackStatus"])
    if status.endswith("_IN_PROGRESS"):
        return Finding("stack", Verdict.WARNING, f"{name} is {status}", "Wait for the deployment to end")
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
        return ok("stack", f"{name} is {status}")
    verdict = Verdict.WARNING if status == "UPDATE_ROLLBACK_COMPLETE" else Verdict.PROBLEM
    return Finding(
        "stack",
        verdict,
        f"{name} is {status}",
        f"See why: aws cloudformation describe-stack-events --stack-name {name}",
    )


def appsync_finding(choice: Choice, url: str | None) -> Finding:
    """Return whether the stack's AppSync API answers a signed query."""
    check = "AppSync"
    if not url:
        return skipped(check, "the stack has no output GraphqlEndpoint", "Deploy the stack again")
    try:
        auth = signature(choice, httpx.URL(url).host, default_service="appsync")
        response = httpx.post(url, json=_QUERY, auth=auth, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return Finding(
            check, Verdict.PROBLEM, f"{url} cannot be reached ({type(error).__name__})", "Check your network"
        )
    except (Unreachable, click.UsageError) as error:
        return Finding.of_failure(check, error.message)
    if _has_jobs(response):
        return ok(check, f"{url} answers")
    return Finding(
        check,
        Verdict.PROBLEM,
        f"{url} answered {response.status_code} without the jobs",
        "Allow appsync:GraphQL on it, and look at the logs of its function graphql_resolver",
    )


def _has_jobs(response: httpx.Response) -> bool:
    try:
        return bool(json.loads(response.content)["data"]["availableJobs"])
    except (ValueError, KeyError, TypeError):
        return False


def schedule_findings(session: boto3.Session, stack: str) -> Iterator[Finding]:
    """Yield for each rule of a stack whether it is enabled."""
    check = "schedules"
    try:
        with aws_errors("list the stack's rules"):
            pages = session.client("cloudformation", config=QUICK).get_paginator("list_stack_resources")
            rules = [
                resource["PhysicalResourceId"]
                for page in pages.paginate(StackName=stack)
                for resource in page["StackResourceSummaries"]
                if resource["ResourceType"] == "AWS::Events::Rule" and "PhysicalResourceId" in resource
            ]
        with aws_errors("describe the stack's rules"):
            events = session.client("events", config=QUICK)
            states = {rule: events.describe_rule(Name=rule.rpartition("|")[2]) for rule in rules}
    except (Unreachable, click.UsageError) as error:
        yield Finding.of_failure(check, error.message)
        return
    off = [rule for rule, described in states.items() if not str(described["State"]).startswith("ENABLED")]
    for rule in off:
        yield Finding(
            check,
            Verdict.PROBLEM,
            f"rule {rule} is disabled",
            f"Enable it: aws events enable-rule --name {rule}",
        )
    if not rules:
        yield Finding(check, Verdict.PROBLEM, "the stack has no rules", "Deploy the stack again")
    elif not off:
        yield ok(check, f"all {len(rules)} rules are enabled")
