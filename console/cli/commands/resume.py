"""`barycenter-jobs resume`: let a job run by itself again."""

from __future__ import annotations

import click

from barycenter_jobs.core.jobs import Job
from console.cli.acting import tell
from console.cli.api import Api
from console.cli.documents import RESUME
from console.cli.options import api_options, job_argument, reason_option
from console.cli.output import Output


@click.command(short_help="Let a paused job run by itself again.")
@job_argument
@reason_option
@api_options
def resume(*, job: Job, reason: str | None, api: Api, output: Output) -> None:
    """Let a job run by its schedule again, from the next time that it is due.

    \b
    Examples:
      barycenter-jobs resume sessions
      barycenter-jobs resume sessions --reason "restore is done" --json
    """
    tell(api.act(RESUME, job=job.name, reason=reason)["resumeJob"], output)
