"""`barycenter-jobs quarantine`: list the rows that no cleanup will ever remove."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

import click

from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.scanned_rows import KeyedQuarantined, ScannedRows
from barycenter_jobs.core.jobs import Job
from barycenter_jobs.core.parts import parts
from barycenter_jobs.core.rows import Quarantined
from console.cli.access import Access
from console.cli.database import Table, open_table
from console.cli.money import counted, dollars, number
from console.cli.options import access_options, job_argument, read_rate_option, shards_option, table_option
from console.cli.pace import Clock
from console.cli.progress import Plan, Tally, shown

_Row = TypeVar("_Row", KeyedQuarantined, Quarantined)


@click.command(short_help="List the rows that stay because their expiry is no epoch second.")
@job_argument
@table_option
@shards_option
@click.option("--scan", is_flag=True, help="Read the whole table, for rows that the index cannot hold.")
@read_rate_option
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="The most rows to list; 0 for all of them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a list.")
@click.option(
    "--keys-to",
    type=click.Path(path_type=Path),
    help="Write the listed rows' keys, which are secrets, to this new file that only you can read.",
)
@access_options
@click.pass_obj
def quarantine(
    clock: Clock,
    *,
    job: Job,
    table: str | None,
    shards: int,
    scan: bool,
    read_units_per_second: int,
    limit: int,
    as_json: bool,
    keys_to: Path | None,
    access: Access,
) -> None:
    """List the rows of a table that stay because their expiry is no epoch second.

    JOB|KIND is a job, such as cleanup_expired_sessions, or its kind of row, such as sessions.

    A row is called by a part of its key's SHA-256, since the key is a secret. Without --scan the list is
    what expiry-index holds: milliseconds in expires_at. With --scan it is everything.

    Needs dynamodb:DescribeTable on the table, and Query on its index or, with --scan, Scan on the table.

    \b
    Examples:
      barycenter-jobs quarantine sessions
      barycenter-jobs quarantine sessions --scan --keys-to keys.jsonl
    """
    if keys_to and not scan:
        raise click.UsageError("--keys-to needs --scan, since names are all that a list of the index has.")
    target = open_table(access, job.kind, table)
    if scan:
        tally = Tally()
        with _new_private_file(keys_to) as keys:
            found = list(_first(limit, _scanned(target, read_units_per_second, tally, clock)))
            listed = found[: limit or None]
            if keys is not None:
                keys.writelines(_key_line(target, row) for row in listed)
        _tell(target, [row.row for row in found], limit, as_json=as_json)
        _tell_scan(target, tally, keys_to if listed else None)
    else:
        if not target.has_index:
            raise click.ClickException(
                f"Table {target.name} has no expiry-index that can be read. Read the table with --scan."
            )
        rows = TableRows(target.client, target.name, target.kind, shards).quarantined()
        _tell(target, list(_first(limit, rows)), limit, as_json=as_json)


def _first(limit: int, rows: Iterator[_Row]) -> Iterator[_Row]:
    # One more than is shown tells whether there are more.
    return islice(rows, limit + 1) if limit else rows


def _scanned(table: Table, read_rate: int, tally: Tally, clock: Clock) -> Iterator[KeyedQuarantined]:
    budget = clock.ceiling(read_rate)
    rows = ScannedRows(table.client, table.name, table.kind.key)
    with shown(Plan(table.name, table.about_rows, "quarantined"), tally, clock) as step:
        for page in rows.quarantine_pages(parts(1), by_age=table.kind.age_limit is not None):
            tally.examined += page.examined
            tally.found += len(page.found)
            tally.read_units += page.read_units
            step()
            yield from page.found
            if budget is not None:
                budget.consumed(page.read_units)
                budget.wait(lambda: True)


@contextmanager
def _new_private_file(path: Path | None) -> Iterator[TextIO | None]:
    """Yield a new file that only this user can read, None where no path is given; an empty one is taken away.

    Raises UsageError for a path at which there is something already.
    """
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise click.UsageError(f"{path} exists already. Name a new file.") from None
    except OSError as error:
        raise click.UsageError(f"Cannot write {path}: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    finally:
        if path.stat().st_size == 0:
            path.unlink()


def _key_line(table: Table, found: KeyedQuarantined) -> str:
    """Return a row's name and its key, as the AWS CLI's `--key` wants it."""
    return json.dumps({"name": found.row.name, "key": {table.kind.key: {"S": found.key}}}) + "\n"


def _tell(table: Table, rows: list[Quarantined], limit: int, *, as_json: bool) -> None:
    listed = rows[: limit or None]
    more = len(listed) < len(rows)
    if as_json:
        answer = {"table": table.name, "rows": [asdict(row) for row in listed], "more": more}
        click.echo(json.dumps(answer, indent=2))
        return
    if not listed:
        click.echo(f"No quarantined rows were found in {table.name}.")
        return
    for name, attribute, value in [("name", "attribute", "value"), *(astuple(row) for row in listed)]:
        click.echo(f"{name:12}  {attribute:10}  {value}")
    if more:
        click.echo(f"There are more than {limit:,}; --limit 0 lists all of them.", err=True)


def _tell_scan(table: Table, tally: Tally, keys: Path | None) -> None:
    click.echo(
        f"{counted(tally.examined, 'row')} of {table.name} read, {number(tally.read_units)} read units "
        f"({dollars(tally.read_units)}).",
        err=True,
    )
    if keys is not None:
        click.echo(f"Their keys are in {keys}. They are secrets: delete the file after use.", err=True)
