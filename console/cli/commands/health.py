"""`barycenter-jobs health`: whether the jobs are well, as a probe asks it."""

from __future__ import annotations

import click

from barycenter_jobs.core.jobs import Job
from console.cli.api import Api
from console.cli.commands.jobs import note
from console.cli.documents import HEALTH
from console.cli.exits import BAD, DONE
from console.cli.options import api_options, optional_job_argument
from console.cli.output import Cell, Column, Output, job_name, word

_COLUMNS = (Column("job"), Column("state"), Column("next run"), Column("note", wraps=True))
_UNWELL = ("late", "failing")


@click.command(short_help="Tell whether the jobs are well, by the exit status too.")
@optional_job_argument
@api_options
@click.pass_context
def health(ctx: click.Context, *, job: Job | None, api: Api, output: Output) -> None:
    """Tell whether every job is well, or the one that is named.

    Exits with 0 if so, and with 1 if a job is late or failing. A job that is paused is as somebody wants it,
    so it counts as well. Without an answer from the API the status is 3.

    \b
    Examples:
      barycenter-jobs health
      barycenter-jobs health sessions
      barycenter-jobs health --json --stack barycenter-jobs-prod
    """
    found = api.read(HEALTH, job=job.name if job else None)["jobHealth"]
    well = all(each["state"] not in _UNWELL for each in found)
    if output.as_json:
        output.json({"healthy": well, "jobs": found})
    else:
        output.table(
            _COLUMNS,
            [
                [
                    job_name(str(each["jobName"])),
                    word(str(each["state"])),
                    output.time(each["nextDueAt"], far=True),
                    Cell(note(each, output)),
                ]
                for each in found
            ],
        )
    ctx.exit(DONE if well else BAD)
