"""Whether TTL does its part, for the kinds where it goes first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

import boto3
import click

from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts
from barycenter_jobs.adapters.dynamodb.ttl_facts import DynamoDBTtlFacts
from barycenter_jobs.adapters.iterator_age import IteratorAge
from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.core.expiry import DEFAULT_SHARDS
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.ttl_findings import Severity, TtlFinding
from barycenter_jobs.operations.inspect_ttl import InspectTtl
from console.cli.access import Access
from console.cli.aws import QUICK
from console.cli.checks.finding import Finding, Verdict
from console.cli.checks.tables import LOG_TABLE
from console.cli.database import quick_client
from console.cli.pace import Clock

PARAMETERS = {
    "sessions": "SessionsCleanupMode",
    "refresh_tokens": "RefreshTokensCleanupMode",
    "webauthn_challenges": "ChallengesCleanupMode",
    "device_codes": "DeviceCodesCleanupMode",
}
_MOST_COUNTED = 1000  # beyond that it is bad enough
_VERDICTS = {
    Severity.OK: Verdict.OK,
    Severity.WARNING: Verdict.WARNING,
    Severity.PROBLEM: Verdict.PROBLEM,
}


def parameters_of(stack: Any) -> dict[str, str]:  # noqa: ANN401 - the SDK's own dictionary
    """Return a stack's parameters by their names."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}


def ttl_findings(
    access: Access,
    session: boto3.Session,
    names: Mapping[str, str],
    parameters: Mapping[str, str],
    *,
    function: str | None,
    clock: Clock,
) -> Iterator[Finding]:
    """Yield what there is to say of each kind where TTL goes first; nothing where it goes first nowhere."""
    kinds = [job.kind for job in JOBS if parameters.get(PARAMETERS[job.kind.name]) == Mode.TTL_FIRST.value]
    if not kinds:
        return
    try:
        client = quick_client(access)
    except click.UsageError as error:
        yield Finding.of_failure("TTL", error.message)
        return
    age = None if function is None else IteratorAge(function, session.client("cloudwatch", config=QUICK))
    patience = timedelta(seconds=int(parameters.get("TtlPatienceSeconds", "172800")))
    shards = int(parameters.get("ExpiryShards", DEFAULT_SHARDS))
    log_table = names.get(LOG_TABLE, LOG_TABLE)
    accounts = DynamoDBRemovalAccounts(client, log_table, Backoff(time.sleep, lambda: 0.5))
    for kind in kinds:
        name = names.get(kind.name, kind.name)
        rows = TableRows(client, name, kind, shards)
        facts = DynamoDBTtlFacts(
            client,
            name,
            oldest_expiry=lambda now, rows=rows: rows.earliest(int(now.timestamp())),  # type: ignore[misc]
            quarantined=lambda rows=rows: sum(1 for _ in islice(rows.quarantined(), _MOST_COUNTED)),  # type: ignore[misc]
            progress=lambda kind=kind: accounts.progress(kind.name),  # type: ignore[misc]
            iterator_age=age,
        )
        try:
            found = InspectTtl(facts, Mode.TTL_FIRST, patience, clock.now)()
        except StoreError as error:
            yield Finding.of_failure(f"TTL of {name}", f"{error}. Allow yourself to describe and query it.")
            continue
        yield from (_finding(name, each) for each in found)


def _finding(table: str, found: TtlFinding) -> Finding:
    step = found.next_step
    more = "" if found.severity is Severity.OK else f"docs/ttl.md#{found.name}"
    return Finding(
        f"TTL of {table}", _VERDICTS[found.severity], found.message, f"{step} ({more})" if more else step
    )
