"""What a long command shows while it works: a bar on a terminal, and a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from console.cli.money import number
from console.cli.pace import Clock

LINE_SECONDS = 5.0


@dataclass(slots=True)
class Tally:
    """What a command has done so far. `found` is what it looks for, such as rows stamped.

    `unreadable` rows have an expiry that is no epoch second, where that is not what is looked for.
    """

    examined: int = 0
    found: int = 0
    unreadable: int = 0
    read_units: float = 0.0
    write_units: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do: about so many rows of a table, of which `before` were read by an earlier call.

    `about_rows` is 0 where nobody knows. `found` says what is counted.
    """

    table: str
    about_rows: int
    found: str
    before: int = 0


@contextmanager
def shown(plan: Plan, tally: Tally, clock: Clock) -> Iterator[Callable[[], None]]:
    """Yield what is to be called after each step, and show the tally on standard error.

    Standard output stays free for what the command answers.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(plan, tally, clock, console) as step:
            yield step
    else:
        yield _lines(plan, tally, clock)


@contextmanager
def _bar(plan: Plan, tally: Tally, clock: Clock, console: Console) -> Iterator[Callable[[], None]]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
    )
    began_at = clock.monotonic()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(plan.table, total=plan.about_rows or None, completed=plan.before, told="")

        def step() -> None:
            seconds = clock.monotonic() - began_at
            progress.update(task, completed=plan.before + tally.examined, told=told(plan, tally, seconds))

        step()
        yield step


def _lines(plan: Plan, tally: Tally, clock: Clock) -> Callable[[], None]:
    began_at = told_at = clock.monotonic()

    def step() -> None:
        nonlocal told_at
        now = clock.monotonic()
        if now - told_at >= LINE_SECONDS:
            told_at = now
            click.echo(f"{plan.table}: {told(plan, tally, now - began_at)}", err=True)

    return step


def told(plan: Plan, tally: Tally, seconds: float) -> str:
    """Return how far a command is, in one line."""
    of = f" of about {plan.about_rows:,}" if plan.about_rows else ""
    facts = [f"{plan.before + tally.examined:,}{of} rows", f"{tally.found:,} {plan.found}"]
    units = f"{number(tally.read_units)} read"
    if tally.write_units:
        units += f" and {number(tally.write_units)} write"
    facts.append(f"{units} units")
    if seconds > 0:
        facts.append(f"{number(round(tally.examined / seconds))} rows/s")
    return ", ".join(facts)
