"""`barycenter-jobs clear`: remove the records of finished runs."""

from __future__ import annotations

import sys

import click

from barycenter_jobs.core.jobs import Job
from console.cli.acting import tell
from console.cli.api import Api
from console.cli.documents import CLEAR, STATS
from console.cli.exits import BAD
from console.cli.money import counted
from console.cli.options import api_options, job_option, reason_option
from console.cli.output import Output

_MOST_CALLS = 1000


@click.command(short_help="Remove the records of finished runs, for good.")
@job_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask whether to do so.")
@reason_option
@api_options
def clear(*, job: Job | None, yes: bool, reason: str | None, api: Api, output: Output) -> None:
    """Remove the records of all finished runs, or of one job's. They do not come back.

    What is running keeps its record, and it is recorded who cleared what. Figures of all time stay.

    \b
    Examples:
      barycenter-jobs clear --job sessions
      barycenter-jobs clear --yes --reason "end of the rehearsal"
    """
    if not yes:
        _ask(api, job)
    cleared = 0
    for _ in range(_MOST_CALLS):
        result = api.act(CLEAR, job=job.name if job else None, reason=reason)["clearHistory"]
        cleared += result["recordsCleared"]
        if result["success"] or not result["recordsCleared"]:
            break
        click.echo(
            f"{counted(cleared, 'record')} removed so far.", err=True
        )  # its time ran out: there are more
    tell({**result, "recordsCleared": cleared}, output, more=f": {counted(cleared, 'record')} removed.")


def _ask(api: Api, job: Job | None) -> None:
    """Go on if somebody agrees. Raises UsageError where nobody can be asked, Exit where they do not."""
    if not _somebody_is_there():
        raise click.UsageError("Nobody can be asked here whether to remove the records. Agree with --yes.")
    there = api.read(STATS, job=job.name if job else None)["jobStats"]["recordsKept"]
    whose = f"of {job.name}" if job else "of all jobs"
    question = (
        f"Remove the records of {counted(there, 'finished run')} {whose} at {api.endpoint.called}, for good?"
    )
    if not click.confirm(question, err=True):
        click.echo("Nothing was removed.", err=True)
        raise click.exceptions.Exit(BAD)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty()
