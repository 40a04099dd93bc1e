"""`barycenter-jobs backfill`: put a table's existing rows into its expiry index."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper
from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import Job
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.prices import DOCUMENTED_PRICES
from barycenter_jobs.core.rows import Page, Stamping
from barycenter_jobs.core.stores import RowsOutsideIndex, Stamper
from barycenter_jobs.operations.backfill_shards import BackfillShards, Progress
from console.cli import resume_file
from console.cli.access import Access
from console.cli.database import Table, open_table
from console.cli.exits import INTERRUPTED
from console.cli.money import counted, dollars, number
from console.cli.options import (
    access_options,
    job_argument,
    json_option,
    read_rate_option,
    shards_option,
    table_option,
)
from console.cli.pace import Clock
from console.cli.progress import Plan, Tally, shown
from console.cli.resume_file import Resume

LEAST_SEGMENTS = 8  # a table that DynamoDB has not measured yet may be large all the same
_SEGMENT_SECONDS = 30
_READ_UNIT_BYTES = 8192  # eventually consistent
_WITHOUT_CEILING = 1000  # what a partition writes in a second, if nobody slows it down


@dataclass(frozen=True, slots=True)
class _Rates:
    """The ceilings, in units a second; 0 for none."""

    write: int
    read: int

    def segment_bytes(self, table: Table) -> int:
        """Return how much of the table takes about half a minute if each of its rows has to be stamped."""
        by_reading = (self.read or _WITHOUT_CEILING) * _READ_UNIT_BYTES
        by_writing = (self.write or _WITHOUT_CEILING) / table.units_to_stamp * table.row_bytes
        return max(1, int(_SEGMENT_SECONDS * min(by_reading, by_writing)))


@dataclass(frozen=True, slots=True)
class _ToldRows:
    """Reads, and keeps the tally as soon as a page is there: stamping its rows may take minutes."""

    rows: RowsOutsideIndex
    tally: Tally
    step: Callable[[], None]

    def segments(self, bytes_each: int) -> Sequence[Part]:
        return self.rows.segments(bytes_each)

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]:
        for page in self.rows.outside_index(cutoffs, segment):
            self.tally.examined += page.examined
            self.tally.unreadable += page.unreadable
            self.tally.read_units += page.read_units
            self.step()
            yield page


@dataclass(frozen=True, slots=True)
class _ToldStamper:
    """Stamps, and keeps the tally: a page may hold thousands of rows, and somebody is watching."""

    stamper: Stamper
    tally: Tally
    step: Callable[[], None]

    def stamp(self, keys: Sequence[str]) -> Stamping:
        stamping = self.stamper.stamp(keys)
        self.tally.found += stamping.stamped
        self.tally.write_units += stamping.write_units
        self.step()
        return stamping


@dataclass(frozen=True, slots=True)
class _NoStamper:
    """Stamps nothing, and answers what it would take."""

    units_each: int

    def stamp(self, keys: Sequence[str]) -> Stamping:
        return Stamping(len(keys), float(len(keys) * self.units_each))


@click.command(short_help="Put a table's existing rows into its expiry index.")
@job_argument
@table_option
@shards_option
@click.option(
    "--write-units-per-second",
    "write_rate",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="The most write units to consume in a second; 0 for no ceiling.",
)
@read_rate_option
@click.option("--dry-run", is_flag=True, help="Only read, and tell how many rows would be stamped.")
@click.option(
    "--resume-file",
    "resume_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to keep what has been done. By default a file in your own state folder.",
)
@click.option("--restart", is_flag=True, help="Begin anew, whatever an earlier call has done.")
@json_option
@access_options
@click.pass_obj
def backfill(
    clock: Clock,
    *,
    job: Job,
    table: str | None,
    shards: int,
    write_rate: int,
    read_units_per_second: int,
    dry_run: bool,
    resume_path: Path | None,
    restart: bool,
    as_json: bool,
    access: Access,
) -> None:
    """Stamp expiry_shard on the rows of a table that lack it.

    JOB|KIND is a job, such as cleanup_expired_sessions, or its kind of row, such as sessions.

    Live writers need not stop: a row that is changed or deleted meanwhile stays as its writer left it, apart
    from its shard. Stop it whenever you like: the same command goes on with the first segment of the table
    that is not done.

    Needs dynamodb:DescribeTable, Scan and (without --dry-run) UpdateItem on the table.

    \b
    Examples:
      barycenter-jobs backfill sessions --dry-run
      barycenter-jobs backfill sessions --table my-sessions --write-units-per-second 500
    """
    if dry_run and (restart or resume_path):
        raise click.UsageError("A dry run reads the whole table: leave out --restart and --resume-file.")
    target = open_table(access, job.kind, table)
    if not target.has_index:
        click.echo(f"Table {target.name} has no expiry-index yet; rows enter it when it is made.", err=True)
    rates = _Rates(write_rate, read_units_per_second)
    if dry_run:
        _dry_run(target, shards, rates, clock, as_json=as_json)
    else:
        path = resume_path or resume_file.default_path(target.name, target.id, os.environ)
        _Backfill(target, shards, rates, clock, path).run(restart=restart, as_json=as_json)


def _dry_run(table: Table, shards: int, rates: _Rates, clock: Clock, *, as_json: bool) -> None:
    rows = TableRows(table.client, table.name, table.kind, shards)
    tally = Tally()
    with shown(Plan(table.name, table.about_rows, "to stamp"), tally, clock) as step:
        operation = BackfillShards(
            _ToldRows(rows, tally, step),
            _ToldStamper(_NoStamper(table.units_to_stamp), tally, step),
            read_budget=clock.ceiling(rates.read),
        )
        _work(operation(_segments(rows, rates.segment_bytes(table)), lambda _: None))
    if as_json:
        click.echo(_as_json(table, tally, dry_run=True))
        return
    seconds = tally.write_units / rates.write if rates.write else 0
    takes = f", which takes at least {_duration(seconds)}" if seconds >= 1 else ""
    click.echo(f"Dry run: {counted(tally.examined, 'row')} of {table.name} read, nothing was changed.")
    click.echo(
        f"To stamp: {counted(tally.found, 'row')}, about {number(tally.write_units)} write units "
        f"({dollars(0, tally.write_units)}){takes}."
    )
    _tell_unreadable(table, tally)
    click.echo(f"This run: {number(tally.read_units)} read units ({dollars(tally.read_units)}).")


class _Backfill:
    """A backfill that remembers how far it has come."""

    def __init__(self, table: Table, shards: int, rates: _Rates, clock: Clock, path: Path) -> None:
        self._table = table
        self._rates = rates
        self._shards = shards
        self._clock = clock
        self._path = path
        self._tally = Tally()

    def run(self, *, restart: bool, as_json: bool) -> None:
        rows = TableRows(self._table.client, self._table.name, self._table.kind, self._shards)
        self._resume = self._earlier(restart=restart) or self._begun(rows)
        # Whoever cannot keep what has been done should know before anything is.
        resume_file.write(self._path, self._resume)
        left = self._resume.left()
        if self._resume.done:
            click.echo(
                f"Going on with segment {left[0].number + 1} of {self._resume.segments}, "
                f"{len(self._resume.done)} done before.",
                err=as_json,
            )
        plan = Plan(self._table.name, self._table.about_rows, "stamped", self._read_before())
        with self._resumable(), shown(plan, self._tally, self._clock) as step:
            _work(self._operation(rows, step)(left, self._done))
        if as_json:
            click.echo(_as_json(self._table, self._tally, dry_run=False))
        else:
            self._tell("Stamped")

    def _operation(self, rows: TableRows, step: Callable[[], None]) -> BackfillShards:
        stamper = ShardStamper(self._table.client, self._table.name, self._table.kind.key, self._shards)
        return BackfillShards(
            _ToldRows(rows, self._tally, step),
            _ToldStamper(stamper, self._tally, step),
            read_budget=self._clock.ceiling(self._rates.read),
            write_budget=self._clock.ceiling(self._rates.write),
        )

    def _done(self, segment: Part) -> None:
        resume = self._resume.having_done(segment)
        if resume.is_complete:
            resume_file.remove(self._path)
        else:
            resume_file.write(self._path, resume)
        self._resume = resume

    def _earlier(self, *, restart: bool) -> Resume | None:
        resume = None if restart else resume_file.read(self._path)
        if resume is None or resume.is_complete:
            return None
        if resume.table_id != self._table.id:
            raise click.UsageError(
                f"{self._path} is about another table ({resume.table}). Name another --resume-file, or begin "
                "anew with --restart."
            )
        if resume.shards != self._shards:
            raise click.UsageError(
                f"The earlier call used --shards {resume.shards}. Use as many again, or begin anew with "
                "--restart."
            )
        return resume

    def _begun(self, rows: TableRows) -> Resume:
        segments = len(_segments(rows, self._rates.segment_bytes(self._table)))
        return Resume(self._table.arn, self._table.id, self._shards, segments)

    def _read_before(self) -> int:
        return self._table.about_rows * len(self._resume.done) // self._resume.segments

    @contextmanager
    def _resumable(self) -> Iterator[None]:
        """Say after a failure or Ctrl-C what was done, and how to go on."""
        try:
            yield
        except StoreError as error:
            self._tell("Stamped until then", err=True)
            raise click.ClickException(f"{error}. {self._how_to_go_on()}") from None
        except KeyboardInterrupt:
            self._tell("Interrupted. Stamped until then", err=True)
            click.echo(self._how_to_go_on(), err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None

    def _how_to_go_on(self) -> str:
        return (
            f"{len(self._resume.done)} of {self._resume.segments} segments are done; "
            f"the same command goes on from there ({self._path})."
        )

    def _tell(self, beginning: str, *, err: bool = False) -> None:
        tally = self._tally
        click.echo(
            f"{beginning}: {tally.found:,} of {counted(tally.examined, 'row')} read in {self._table.name}.",
            err=err,
        )
        _tell_unreadable(self._table, tally, err=err)
        click.echo(
            f"Consumed: {number(tally.read_units)} read and {number(tally.write_units)} write units "
            f"({dollars(tally.read_units, tally.write_units)}).",
            err=err,
        )


def _segments(rows: TableRows, bytes_each: int) -> Sequence[Part]:
    # In their order, not shuffled as they come: a person reads "segment 12 of 100" as twelve hundredths.
    return parts(max(LEAST_SEGMENTS, len(rows.segments(bytes_each))))


def _work(steps: Iterable[Progress]) -> None:
    for _ in steps:
        pass  # each has told of itself


def _tell_unreadable(table: Table, tally: Tally, *, err: bool = False) -> None:
    if tally.unreadable:
        click.echo(
            f"Left alone: {counted(tally.unreadable, 'row')} outside the index whose expiry is no epoch "
            f"second; `barycenter-jobs quarantine {table.kind.name} --scan` lists them.",
            err=err,
        )


def _as_json(table: Table, tally: Tally, *, dry_run: bool) -> str:
    answer = {
        "table": table.name,
        "dryRun": dry_run,
        "rowsRead": tally.examined,
        "stamped": tally.found,
        "leftAlone": tally.unreadable,
        "readUnits": tally.read_units,
        "writeUnits": tally.write_units,
        "costUsd": DOCUMENTED_PRICES.cost(tally.read_units, tally.write_units),
    }
    return json.dumps(answer, indent=2)


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if hours >= 1:
        return f"{hours:,.1f} hours"
    return f"{minutes:.0f} minutes" if minutes >= 2 else f"{seconds:.0f} seconds"  # noqa: PLR2004 - the plural
