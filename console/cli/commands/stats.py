"""`barycenter-jobs stats`: how the jobs have fared, in numbers."""

from __future__ import annotations

import click

from barycenter_jobs.core.jobs import Job
from console.cli.api import Api, Json
from console.cli.documents import STATS
from console.cli.options import api_options, optional_job_argument
from console.cli.output import Cell, Column, Output, count, job_name, milliseconds, percent

_COLUMNS = (
    Column("job"),
    Column("runs", right=True),
    Column("succeeded", right=True, for_pipes_only=True),
    Column("failed", right=True),
    Column("success", right=True),
    Column("mean", right=True, for_pipes_only=True),
    Column("p50", right=True),
    Column("p95", right=True),
    Column("p99", right=True),
    Column("deleted", right=True),
)


@click.command(short_help="Show how the jobs have fared, in numbers.")
@optional_job_argument
@api_options
def stats(*, job: Job | None, api: Api, output: Output) -> None:
    """Show how often the jobs ran and succeeded, how long they took and how much they deleted.

    The row "all" is of the runs whose records are there; "ever" also counts those whose records are gone.

    \b
    Examples:
      barycenter-jobs stats
      barycenter-jobs stats refresh_tokens
      barycenter-jobs stats --json
    """
    figures = api.read(STATS, job=job.name if job else None)["jobStats"]
    if output.as_json:
        output.json(figures)
        return
    rows = [_row(str(each["jobName"]), each) for each in figures["byJob"]]
    output.table(_COLUMNS, [*rows, _row("all", figures), _row("ever", figures["lifetime"])])


def _row(name: str, figures: Json) -> list[Cell]:
    return [
        job_name(name),
        count(figures["total"]),
        count(figures["successCount"]),
        count(figures["errorCount"]),
        percent(figures["successRate"], figures["successCount"] + figures["errorCount"]),
        milliseconds(figures["averageDurationMs"] if figures["total"] else None),
        milliseconds(figures["p50"]),
        milliseconds(figures["p95"]),
        milliseconds(figures["p99"]),
        count(figures["recordsProcessed"]),
    ]
