"""`barycenter-jobs pause`: keep a job from running by itself."""

from __future__ import annotations

import click

from barycenter_jobs.core.jobs import Job
from console.cli.acting import tell
from console.cli.api import Api
from console.cli.documents import PAUSE
from console.cli.options import api_options, job_argument, reason_option
from console.cli.output import Output


@click.command(short_help="Keep a job from running by itself.")
@job_argument
@reason_option
@api_options
def pause(*, job: Job, reason: str | None, api: Api, output: Output) -> None:
    """Keep a job from running by its schedule until it is resumed.

    What is running goes on, and `barycenter-jobs run` still runs it. A job that is paused already stays so.

    \b
    Examples:
      barycenter-jobs pause sessions --reason "table restore"
      barycenter-jobs pause cleanup_expired_refresh_tokens --stack barycenter-jobs-prod
    """
    tell(api.act(PAUSE, job=job.name, reason=reason)["pauseJob"], output)
