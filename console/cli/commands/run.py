"""`barycenter-jobs run`: run a job now."""

from __future__ import annotations

from typing import NoReturn

import click

from barycenter_jobs.core.jobs import Job
from console.cli.api import Api, Json
from console.cli.documents import RUN, TRIGGER
from console.cli.exits import BAD, STILL_RUNNING, status_of
from console.cli.options import api_options, job_argument, reason_option, timeout_option
from console.cli.output import Output, printable
from console.cli.runs import sentence
from console.cli.watching import Watch


@click.command(short_help="Run a job now.")
@job_argument
@click.option("--dry-run", is_flag=True, help="Only look, and record what would be deleted.")
@click.option("--wait", is_flag=True, help="Follow the run to its end, and exit with its outcome.")
@timeout_option
@reason_option
@api_options
@click.pass_context
def run(
    ctx: click.Context,
    *,
    job: Job,
    dry_run: bool,
    wait: bool,
    timeout: int | None,
    reason: str | None,
    api: Api,
    output: Output,
) -> None:
    """Run a job now, whether it is paused or not.

    Without --wait the run is only started, and the status is 0. With --wait it tells the outcome: 0 success,
    1 error or timeout, 4 skipped (another run of the job was under way), 5 cancelled, 6 still running after
    --timeout. Ctrl-C stops the waiting and not the run.

    \b
    Examples:
      barycenter-jobs run sessions
      barycenter-jobs run sessions --dry-run --wait
      barycenter-jobs run cleanup_expired_sessions --wait --timeout 600 --reason "after the outage"
    """
    if timeout is not None and not wait:
        raise click.UsageError("--timeout is about --wait: give both.")
    result = api.act(TRIGGER, job=job.name, dryRun=dry_run, reason=reason)["triggerJob"]
    run_id = result["executionId"]
    if not result["success"] or run_id is None:
        _tell_refusal(ctx, api, output, result)
    if not wait:
        if output.as_json:
            output.json({**result, "run": None})
        else:
            click.echo(printable(f"{result['message']}. Run {run_id} is under way."))
            click.echo(f"Follow it with `barycenter-jobs show {run_id} --wait`.", err=True)
        return
    if not output.as_json:
        click.echo(f"Run {run_id} of {job.name} is under way.", err=True)
    ended = Watch(api, output.clock, str(run_id), timeout).to_its_end()
    if output.as_json:
        output.json({**result, "run": ended})
    else:
        status = status_of(ended["status"])
        click.echo(printable(sentence(ended)), err=status == BAD)
        for warning in ended["warnings"]:
            click.echo(printable(f"Warning: {warning}"), err=True)
        if status == STILL_RUNNING:
            click.echo(f"It goes on: follow it with `barycenter-jobs show {run_id} --wait`.", err=True)
    ctx.exit(status_of(ended["status"]))


def _tell_refusal(ctx: click.Context, api: Api, output: Output, result: Json) -> NoReturn:
    """Say why nothing runs, and end with the status of the run that is recorded, such as a skipped one."""
    run_id = result["executionId"]
    refused = api.read(RUN, id=run_id)["jobLog"] if run_id is not None else None
    if output.as_json:
        output.json({**result, "run": refused})
    else:
        click.echo(f"Error: {printable(str(result['message']))}", err=True)
    ctx.exit((refused and status_of(refused["status"])) or BAD)
