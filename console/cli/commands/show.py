"""`barycenter-jobs show`: one run with every field."""

from __future__ import annotations

import click

from console.cli.api import Api
from console.cli.documents import RUN
from console.cli.exits import NotDone, status_of
from console.cli.options import api_options, id_argument, timeout_option
from console.cli.output import Output
from console.cli.runs import facts
from console.cli.watching import Watch


@click.command(short_help="Show one run with every field.")
@id_argument
@click.option("--wait", is_flag=True, help="Follow the run to its end first, and exit with its outcome.")
@timeout_option
@api_options
@click.pass_context
def show(
    ctx: click.Context, *, run_id: int, wait: bool, timeout: int | None, api: Api, output: Output
) -> None:
    """Show a run: when, why, what it counted, what it cost, and its error in full.

    With --wait the status tells the outcome, as that of `barycenter-jobs run --wait` does.

    \b
    Examples:
      barycenter-jobs show 17
      barycenter-jobs show 17 --wait
      barycenter-jobs show 17 --json --utc
    """
    if timeout is not None and not wait:
        raise click.UsageError("--timeout is about --wait: give both.")
    if wait:
        run = Watch(api, output.clock, str(run_id), timeout).to_its_end()
    else:
        run = api.read(RUN, id=str(run_id))["jobLog"]
    if run is None:
        raise NotDone(f"There is no run {run_id}. `barycenter-jobs logs` lists those there are.")
    if output.as_json:
        output.json(run)
    else:
        output.facts(facts(run, output))
    if wait:
        ctx.exit(status_of(run["status"]))
