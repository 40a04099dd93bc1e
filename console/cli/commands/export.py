"""`barycenter-jobs export`: the log as a file that other programs read."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from barycenter_jobs.core.jobs import Job
from console.cli.api import Api
from console.cli.exporting import FORMATS, written
from console.cli.log_pages import run_filter
from console.cli.money import counted
from console.cli.options import api_only_options, filter_options, job_option
from console.cli.pace import Clock
from console.cli.times import Moment


@click.command(short_help="Write the log as CSV, JSON or NDJSON.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="The format. By default what the file's name ends with, or csv.",
)
@click.option(
    "--output",
    "-o",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. By default standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file where there is one already.")
@job_option
@filter_options
@click.option(
    "--limit", type=click.IntRange(min=0), default=0, show_default=True, help="The most runs; 0 for all."
)
@click.option("--utc", is_flag=True, help="Read --since and --until in UTC instead of the local zone.")
@api_only_options
@click.pass_obj
def export(
    clock: Clock,
    *,
    format_name: str | None,
    path: Path | None,
    force: bool,
    job: Job | None,
    failures: bool,
    status: str | None,
    since: Moment | None,
    until: Moment | None,
    limit: int,
    utc: bool,
    api: Api,
) -> None:
    """Write the runs, the newest first: all of them, or those that the options choose.

    It reads page after page, in bounded memory. A file appears only when it is complete. Times are in UTC,
    and the fields have the names of the REST API.

    \b
    Examples:
      barycenter-jobs export > runs.csv
      barycenter-jobs export --format ndjson --since 7d --failures
      barycenter-jobs export --output january.json --since 2026-01-01 --until 2026-02-01 --utc
    """
    wanted = run_filter(
        job, failures=failures, status=status, since=since, until=until, now=clock.now(), utc=utc
    )
    suffix = path.suffix.removeprefix(".").lower() if path else ""
    name = format_name or (suffix if suffix in FORMATS else "csv")
    with _destination(path, force=force) as file:
        count = written(file, api, wanted, name, limit or None)
    if path:
        click.echo(f"{counted(count, 'run')} written to {path}.", err=True)


@contextmanager
def _destination(path: Path | None, *, force: bool) -> Iterator[TextIO]:
    """Yield standard output, or a file that takes its place when it is complete. Raises UsageError."""
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    if path.exists() and not force:
        raise click.UsageError(f"{path} exists already. Replace it with --force, or name another file.")
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise click.UsageError(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(temporary).replace(path)
    except OSError as error:
        raise click.ClickException(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
