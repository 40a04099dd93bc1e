"""`barycenter-jobs doctor`: what keeps the jobs, or the operator, from working."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from console.cli.access import Access
from console.cli.aws import open_session
from console.cli.checks.account import appsync_finding, credentials_finding, schedule_findings, stack_finding
from console.cli.checks.finding import Finding, Verdict, skipped
from console.cli.checks.interface import interface_findings
from console.cli.checks.tables import LOG_TABLE, table_findings
from console.cli.checks.ttl import parameters_of, ttl_findings
from console.cli.endpoints import Choice, choose
from console.cli.exits import BAD, DONE, Unreachable
from console.cli.options import endpoint_options, output_options
from console.cli.output import Cell, Column, Output, word
from console.cli.pace import Clock
from console.cli.stacks import described, outputs_of

_COLUMNS = (
    Column("verdict"),
    Column("check"),
    Column("finding", wraps=True),
    Column("next step", for_pipes_only=True),
)
_LOCAL_ENGINE = "http://127.0.0.1:8000"
_TABLES = {
    "sessions": "SessionsTableName",
    "refresh_tokens": "RefreshTokensTableName",
    "webauthn_challenges": "WebauthnChallengesTableName",
    "device_codes": "DeviceCodesTableName",
    LOG_TABLE: "JobExecutionsTableName",
}


@click.command(short_help="Look for what keeps the jobs, or you, from working.")
@output_options
@endpoint_options
@click.pass_context
def doctor(ctx: click.Context, *, choice: Choice, output: Output) -> None:
    """Check credentials, clock, API, permissions, tables, indexes and schedules, and say what to do.

    A deployed stack is checked whole with --stack; with --endpoint only what the API tells. On the local
    stack the tables are those of its engine, at DYNAMODB_ENDPOINT_URL or http://127.0.0.1:8000.

    Exits with 1 if there is a problem. A warning is none. Nothing is changed.

    \b
    Examples:
      barycenter-jobs doctor
      barycenter-jobs doctor --stack barycenter-jobs-prod
      barycenter-jobs doctor --json
    """
    findings = list(_findings(choice, output.clock))
    well = all(finding.verdict is not Verdict.PROBLEM for finding in findings)
    if output.as_json:
        output.json(
            {
                "healthy": well,
                "findings": [
                    {
                        "check": finding.check,
                        "verdict": finding.verdict.value,
                        "message": finding.message,
                        "next": finding.next_step or None,
                    }
                    for finding in findings
                ],
            }
        )
    else:
        output.table(
            _COLUMNS,
            [
                [
                    word(each.verdict.value),
                    Cell(each.check),
                    Cell(each.message, f"{each.message}. {each.next_step}." if each.next_step else None),
                    Cell(each.next_step),
                ]
                for each in findings
            ],
        )
    ctx.exit(DONE if well else BAD)


def _findings(choice: Choice, clock: Clock) -> Iterator[Finding]:
    if choice.stack:
        yield from _of_stack(choice, choice.stack, clock)
        return
    yield from _of_api(choice, clock)
    if choice.is_deployed:
        yield skipped(
            "AWS account and tables", "an address does not tell them", "Name the stack with --stack"
        )
    else:
        access = Access(
            os.environ.get("DYNAMODB_ENDPOINT_URL") or _LOCAL_ENGINE, choice.region, choice.profile
        )
        yield from table_findings(access, {})


def _of_stack(choice: Choice, name: str, clock: Clock) -> Iterator[Finding]:
    session = open_session(choice.profile, choice.region)
    yield credentials_finding(session)
    try:
        stack = described(session, name)
    except (Unreachable, click.UsageError) as error:
        yield Finding.of_failure("stack", error.message)
        return
    yield stack_finding(name, stack)
    outputs = outputs_of(stack)
    yield from _of_api(choice, clock)
    yield appsync_finding(choice, outputs.get("GraphqlEndpoint"))
    names = {table: outputs[output] for table, output in _TABLES.items() if output in outputs}
    yield from table_findings(Access(None, choice.region, choice.profile), names)
    yield from schedule_findings(session, name)
    access = Access(None, choice.region, choice.profile)
    reader = outputs.get("AccountRemovalsFunctionName")
    yield from ttl_findings(access, session, names, parameters_of(stack), function=reader, clock=clock)


def _of_api(choice: Choice, clock: Clock) -> Iterator[Finding]:
    try:
        endpoint = choose(choice)
    except (Unreachable, click.UsageError) as error:
        yield Finding.of_failure("HTTP API", error.message)
        return
    yield from interface_findings(endpoint, clock)
