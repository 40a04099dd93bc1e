"""`barycenter-jobs logs`: the history of runs, and what comes in."""

from __future__ import annotations

import click

from barycenter_jobs.core.jobs import Job
from console.cli.api import Api, Json
from console.cli.log_pages import LARGEST_PAGE, RunFilter, page, pages, run_filter
from console.cli.options import api_options, filter_options, job_option
from console.cli.output import Output
from console.cli.patience import Patience
from console.cli.runs import COLUMNS, row
from console.cli.times import Moment

_DEFAULT_LIMIT = 20
_POLL_SECONDS = 2.0
_WINDOW = 100  # hours of runs, so that those which end meanwhile are in it


@click.command(short_help="List runs, the newest first, or follow them.")
@job_option
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_DEFAULT_LIMIT,
    show_default=True,
    help="The most runs to list; 0 for all of them.",
)
@click.option(
    "--follow", "-f", is_flag=True, help="List the newest last, and go on with what begins and ends."
)
@api_options
def logs(
    *,
    job: Job | None,
    failures: bool,
    status: str | None,
    since: Moment | None,
    until: Moment | None,
    limit: int,
    follow: bool,
    api: Api,
    output: Output,
) -> None:
    """List the runs, the one that began last first.

    Times are so long ago (45s, 30m, 2h, 3d, 1w), today, yesterday, a date or ISO 8601; without an offset
    they are local, or UTC with --utc.

    --follow shows each run when it begins and again when it has ended. It asks every two seconds, goes on
    when the server is gone for a while, and ends with Ctrl-C. With --json each run is a line.

    \b
    Examples:
      barycenter-jobs logs --failures --since 2h
      barycenter-jobs logs --job sessions --status skipped --since 2026-02-14 --limit 0
      barycenter-jobs logs --follow
      barycenter-jobs logs --json --since yesterday --until today
    """
    wanted = run_filter(
        job,
        failures=failures,
        status=status,
        since=since,
        until=until,
        now=output.clock.now(),
        utc=output.utc,
    )
    if follow:
        if until:
            raise click.UsageError("--follow has no end: leave out --until.")
        _follow(api, wanted, limit, output)
        return
    # One more than is shown tells whether there are more.
    found = [run for runs in pages(api, wanted, limit + 1 if limit else None) for run in runs]
    shown = found[: limit or None]
    more = len(shown) < len(found)
    if output.as_json:
        output.json({"runs": [_bare(run) for run in shown], "more": more})
        return
    if not shown:
        click.echo("There are no such runs.", err=True)
        return
    output.table(COLUMNS, [row(run, output) for run in shown])
    if more:
        click.echo(f"There are more than {limit:,}; --limit 0 lists all of them.", err=True)


def _bare(run: Json) -> Json:
    return {name: value for name, value in run.items() if name != "cursor"}


def _follow(api: Api, wanted: RunFilter, limit: int, output: Output) -> None:
    clock = output.clock
    patience = Patience(clock, lambda message: click.echo(message, err=True))
    size = min(max(limit or LARGEST_PAGE, _WINDOW), LARGEST_PAGE)
    found = patience.ask(lambda: page(api, wanted, size, patient=True))
    seen = {run["id"]: run["status"] for run in found}
    _tell(found[: limit or None], output, headed=True)
    while True:
        clock.sleep(_POLL_SECONDS)
        found = patience.ask(lambda: page(api, wanted, _WINDOW, patient=True))
        news = [run for run in found if seen.get(run["id"]) != run["status"]]
        _tell(news, output, headed=False)
        seen.update((run["id"], run["status"]) for run in found)


def _tell(runs: list[Json], output: Output, *, headed: bool) -> None:
    """Show runs, the newest last."""
    if output.as_json:
        for run in reversed(runs):
            output.json_line(_bare(run))
    elif runs or headed:
        output.table(COLUMNS, [row(run, output) for run in reversed(runs)], headed=headed)
