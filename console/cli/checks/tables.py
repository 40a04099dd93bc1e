"""Whether the tables are there, have the right keys, and can be read by age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from barycenter_jobs.adapters.dynamodb.indexed_rows import EXPIRY_INDEX
from barycenter_jobs.core.errors import (
    AccessRefused,
    RequestRefused,
    StoreError,
    StoreUnavailable,
    TableMissing,
)
from barycenter_jobs.core.jobs import JOBS, Kind
from console.cli.access import Access
from console.cli.checks.finding import Finding, Verdict, ok
from console.cli.database import check_key, described, quick_client

LOG_TABLE = "job_executions"
_NEXT_STEPS: Mapping[type[Exception], str] = {
    AccessRefused: "Allow yourself dynamodb:DescribeTable on it",
    TableMissing: "Deploy the stack again, or name the table in its parameters",
    StoreUnavailable: "Check the network, or name the engine in DYNAMODB_ENDPOINT_URL",
    RequestRefused: "Name the right table in the stack's parameters",
    click.UsageError: "Set --region and --profile",
}


def table_findings(access: Access, names: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what there is to say about each kind's table and the log's; `names` has those that differ."""
    try:
        client = quick_client(access)
    except click.UsageError as error:
        yield _failed("tables", error)
        return
    kinds = {job.kind.name: job.kind for job in JOBS}
    for called in (*kinds, LOG_TABLE):
        name = names.get(called, called)
        try:
            description = described(client, access, name)
            yield _of_table(name, description, kinds.get(called))
        except StoreError as error:
            yield _failed(f"table {name}", error)


def _of_table(name: str, description: Any, kind: Kind | None) -> Finding:  # noqa: ANN401 - the SDK's own dictionary
    check, state = f"table {name}", str(description["TableStatus"])
    if state not in ("ACTIVE", "UPDATING"):
        return Finding(check, Verdict.PROBLEM, f"it is {state.lower()}", "Wait until it is active")
    if kind is None:
        return ok(check, "active")
    check_key(description, name, kind)
    if not EXPIRY_INDEX.is_in(description):
        return Finding(
            check,
            Verdict.WARNING,
            "it has no expiry-index that can be read, so each run reads the whole table",
            f"Add the index (docs/tables.md), then `barycenter-jobs backfill {kind.name}`",
        )
    return ok(check, f"active, with expiry-index, about {description.get('ItemCount', 0):,} rows")


def _failed(check: str, error: StoreError | click.UsageError) -> Finding:
    fact = str(error).split(". ", maxsplit=1)[0].rstrip(".")
    next_step = next((step for kind, step in _NEXT_STEPS.items() if isinstance(error, kind)), "Try again")
    return Finding(check, Verdict.PROBLEM, fact, next_step)
