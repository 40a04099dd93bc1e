"""`barycenter-jobs jobs`: every job and how it is doing."""

from __future__ import annotations

import click

from console.cli.api import Api, Json
from console.cli.documents import JOBS
from console.cli.options import api_options
from console.cli.output import Cell, Column, Output, job_name, milliseconds, percent, word

_COLUMNS = (
    Column("job"),
    Column("state"),
    Column("last run"),
    Column("outcome"),
    Column("next run"),
    Column("success", right=True),
    Column("p95", right=True),
    Column("note", for_pipes_only=True),
)


@click.command(short_help="Show every job, how it is doing and when it runs next.")
@api_options
def jobs(*, api: Api, output: Output) -> None:
    """Show every job with its health.

    A state is one of healthy, waiting (for the first run), running, paused, late and failing. The success
    rate and the 95th percentile of the durations are over the runs whose records are there.

    \b
    Examples:
      barycenter-jobs jobs
      barycenter-jobs jobs --stack barycenter-jobs-prod
      barycenter-jobs jobs --json
    """
    data = api.read(JOBS)
    health = {each["jobName"]: each for each in data["jobHealth"]}
    figures = {each["jobName"]: each for each in data["jobStats"]["byJob"]}
    if output.as_json:
        output.json(
            {
                "jobs": [
                    {**job, "health": health.get(job["name"]), "stats": figures.get(job["name"])}
                    for job in data["availableJobs"]
                ]
            }
        )
        return
    known = [job["name"] for job in data["availableJobs"] if job["name"] in health]
    output.table(_COLUMNS, [_row(health[name], figures.get(name), output) for name in known])
    if output.for_people:
        notes = {name: note(health[name], output) for name in known}
        output.facts((str(job_name(name).pretty), Cell(said)) for name, said in notes.items())


def _row(health: Json, figures: Json | None, output: Output) -> list[Cell]:
    last = health["lastRun"] or {}
    judged = figures["successCount"] + figures["errorCount"] if figures else 0
    return [
        job_name(str(health["jobName"])),
        word(str(health["state"])),
        output.time(last.get("startedAt"), far=True),
        word(str(last.get("status", ""))),
        output.time(health["nextDueAt"], far=True),
        percent(figures["successRate"] if figures else 0, judged),
        milliseconds(figures["p95"] if figures else None),
        Cell(note(health, output)),
    ]


def note(health: Json, output: Output) -> str:
    """Return what a person should know about a job's state."""
    notes = []
    if health["lateSince"]:
        notes.append(f"due since {_shown(output, health['lateSince'])}")
    if health["consecutiveFailures"]:
        failures = health["consecutiveFailures"]
        notes.append(f"failed {failures} times in a row" if failures > 1 else "failed last time")
    if paused := health["paused"]:
        by = f" by {paused['by']}" if paused["by"] else ""
        why = f": {paused['reason']}" if paused["reason"] else ""
        notes.append(f"paused{by} since {_shown(output, paused['at'])}{why}")
    if running := health["running"]:
        notes.append(f"run {running['id']} is under way, {running['counts']['deleted']:,} deleted")
    last = health["lastRun"]
    if last and last["errorMessage"]:
        notes.append(f"run {last['id']}: {last['errorMessage']}")
    return "; ".join(notes)


def _shown(output: Output, text: str) -> str:
    cell = output.time(text)
    return cell.pretty if output.for_people and cell.pretty else cell.plain
