"""Following a run to its end, with a bar on a terminal and a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from console.cli.api import Api, Json
from console.cli.documents import BACKLOG, RUN
from console.cli.exits import INTERRUPTED, NotDone, Unreachable
from console.cli.output import console
from console.cli.pace import Clock
from console.cli.patience import Patience
from console.cli.progress import LINE_SECONDS

_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 2.0
_GONE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Watch:
    """A run to be followed, for `at_most` so many seconds where that is given."""

    api: Api
    clock: Clock
    run_id: str
    at_most: int | None = None

    def to_its_end(self) -> Json:
        """Return the run once it is over, or as it is when time is up. Raises Unreachable.

        Ctrl-C leaves the run alone, and says how to go on.
        """
        try:
            return self._to_its_end()
        except KeyboardInterrupt:
            click.echo(
                f"Interrupted. Run {self.run_id} goes on: follow it with `barycenter-jobs show {self.run_id} "
                f"--wait`, stop it with `barycenter-jobs cancel {self.run_id}`.",
                err=True,
            )
            raise click.exceptions.Exit(INTERRUPTED) from None

    def _to_its_end(self) -> Json:
        began_at = self.clock.monotonic()
        pause = _FIRST_PAUSE
        run = self._read(_tell)
        if run["status"] != "running":
            return run
        with _shown(run, self._expected(run), self.clock) as (step, tell):
            while run["status"] == "running":
                waited = self.clock.monotonic() - began_at
                if self.at_most is not None and waited >= self.at_most:
                    break
                self.clock.sleep(pause if self.at_most is None else min(pause, self.at_most - waited))
                pause = min(pause * 1.5, _LONGEST_PAUSE)
                run = self._read(tell)
                step(run)
        return run

    def _read(self, tell: Callable[[str], None]) -> Json:
        patience = Patience(self.clock, tell, _GONE_SECONDS)
        run = patience.ask(lambda: self.api.once(RUN, id=self.run_id))["jobLog"]
        if run is None:
            raise NotDone(f"There is no run {self.run_id}. `barycenter-jobs logs` lists those there are.")
        return dict(run)

    def _expected(self, run: Json) -> int | None:
        """Return about how many rows the run is going to have dealt with, None where nobody knows."""
        if run["methodName"] != "run_job":
            return None
        try:
            (found,) = self.api.once(BACKLOG, job=run["jobName"])["backlog"]
        except (Unreachable, click.UsageError):
            return None  # the bar does without
        return dealt_with(run) + int(found["expired"]["rows"]) if found["expired"] else None


def dealt_with(run: Json) -> int:
    """Return how many expired rows a run has done with so far."""
    counts = run["counts"]
    return sum(int(counts[name]) for name in ("deleted", "becameLive", "alreadyGone", "failed", "uncertain"))


def _tell(message: str) -> None:
    click.echo(message, err=True)


@contextmanager
def _shown(
    run: Json, expected: int | None, clock: Clock
) -> Iterator[tuple[Callable[[Json], None], Callable[[str], None]]]:
    """Yield what is called with the run as it is, and with a message that must not disturb the bar."""
    terminal = console(err=True)
    if not terminal.is_terminal:
        yield _lines(clock), _tell
        return
    with bar(terminal, clock) as progress:
        task = progress.add_task(str(run["jobName"]), total=expected or None, told="")

        def step(now: Json) -> None:
            progress.update(task, completed=dealt_with(now), told=told(now))

        step(run)
        yield step, lambda message: progress.console.print(message, markup=False)


def bar(terminal: Console, clock: Clock) -> Progress:
    """Return the bar of a run on a terminal; its tasks have the field `told`."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=terminal, transient=True, get_time=clock.monotonic)


def _lines(clock: Clock) -> Callable[[Json], None]:
    told_at = clock.monotonic()

    def step(run: Json) -> None:
        nonlocal told_at
        if clock.monotonic() - told_at >= LINE_SECONDS:
            told_at = clock.monotonic()
            _tell(f"{run['jobName']}: {told(run)}")

    return step


def told(run: Json) -> str:
    """Return how far a run is, in one line."""
    counts = run["counts"]
    kept = {"failed": "failed", "uncertain": "uncertain", "quarantined": "quarantined"}
    facts = [
        f"{counts['deleted']:,} deleted",
        *(f"{counts[name]:,} {word}" for name, word in kept.items() if counts[name]),
    ]
    return ", ".join(facts)
