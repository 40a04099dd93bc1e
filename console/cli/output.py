"""What a command answers on standard output: a table for a person, plain columns for a pipe, or JSON."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

import click
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from barycenter_jobs.core.jobs import JOBS
from console.cli.pace import Clock
from console.cli.times import distance, duration, instant

_GAP = 2  # between columns
_LEAST_TEXT = 12  # the width of a column that wraps, at least
_STYLES = {
    "healthy": "green",
    "success": "green",
    "ok": "green",
    "running": "cyan",
    "waiting": "cyan",
    "paused": "yellow",
    "late": "bold red",
    "failing": "bold red",
    "error": "bold red",
    "timeout": "bold red",
    "problem": "bold red",
    "warning": "yellow",
    "cancelled": "yellow",
    "skipped": "dim",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table: as a pipe gets it, and as a person sees it where that is something else."""

    plain: str
    pretty: str | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `width` is what it takes at least where rows are shown as they come."""

    name: str
    width: int = 0
    right: bool = False
    wraps: bool = False
    for_pipes_only: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """How answers are shown."""

    clock: Clock
    as_json: bool = False
    utc: bool = False

    @property
    def for_people(self) -> bool:
        """Whether standard output is a terminal, and not JSON."""
        return not self.as_json and sys.stdout.isatty()

    def json(self, answer: object) -> None:
        """Print one JSON document."""
        click.echo(json.dumps(answer, indent=2))

    def json_line(self, answer: object) -> None:
        """Print a JSON document on a line of its own, at once."""
        click.echo(json.dumps(answer))
        sys.stdout.flush()

    def table(
        self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, headed: bool = True
    ) -> None:
        """Print rows below the names of their columns."""
        if self.for_people:
            self._pretty(columns, rows, headed=headed)
            return
        lines = [[column.name for column in columns]] if headed else []
        for line in [*lines, *([cell.plain for cell in row] for row in rows)]:
            click.echo("\t".join(_one_line(text) for text in line))
        sys.stdout.flush()

    def _pretty(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, headed: bool) -> None:
        table = Table(
            box=SIMPLE_HEAD, show_edge=False, show_header=headed, header_style="bold", padding=(0, 1, 0, 0)
        )
        for column in columns:
            if not column.for_pipes_only:
                table.add_column(
                    column.name,
                    justify="right" if column.right else "left",
                    no_wrap=not column.wraps,
                    overflow="fold",
                    min_width=column.width or None,
                    ratio=1 if column.wraps else None,
                )
        named = [
            [
                (column.name, cell)
                for column, cell in zip(columns, row, strict=True)
                if not column.for_pipes_only
            ]
            for row in rows
        ]
        for row in named:
            table.add_row(*(_text(cell) for _, cell in row))
        terminal = console()
        if _width(columns, named) <= terminal.width:
            terminal.print(table)
            return
        for row in named:  # one below the other, where cutting them off would be the other way to fit
            self.facts(row)
            terminal.print()

    def facts(self, pairs: Iterable[tuple[str, Cell]]) -> None:
        """Print names and values, one pair a line; a pair without a value is left out."""
        known = [(name, cell) for name, cell in pairs if cell.plain]
        if not self.for_people:
            for name, cell in known:
                click.echo(f"{name}\t{_one_line(cell.plain)}")
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, cell in known:
            grid.add_row(name, _text(cell))
        console().print(grid)

    def time(self, text: str | None, *, far: bool = False) -> Cell:
        """Return a time of the API as a cell; `far` shows a person how far off it is instead."""
        at = instant(text) if text else None
        if at is None:
            return Cell(text or "")
        shown = at.astimezone(UTC if self.utc else None)
        plain = shown.isoformat(timespec="seconds").replace("+00:00", "Z")
        pretty = f"{shown:%Y-%m-%d %H:%M:%S}" + ("Z" if self.utc else "")
        if far:
            pretty = distance(at, self.clock.now())
        return Cell(plain, pretty)

    def near(self, text: str | None) -> Cell:
        """Return a time of the API as a cell that is short for a person, as today's need no date."""
        cell = self.time(text)
        today = self.clock.now().astimezone(UTC if self.utc else None)
        pretty = (cell.pretty or cell.plain).removeprefix(f"{today:%Y-%m-%d} ")
        return Cell(cell.plain, pretty)


def console(*, err: bool = False) -> Console:
    """Return the terminal; NO_COLOR and TERM are heeded."""
    return Console(file=sys.stderr if err else sys.stdout, highlight=False, soft_wrap=False)


def job_name(name: str) -> Cell:
    """Return a job as a cell: a person sees the kind of row that it removes, which commands take as well."""
    return Cell(name, next((job.kind.name for job in JOBS if job.name == name), name))


def percent(rate: float, judged: int) -> Cell:
    """Return a rate as a cell, empty where nothing was judged."""
    return Cell(f"{rate:.1f}", f"{rate:.1f} %".replace(".0 %", " %")) if judged else Cell("")


def milliseconds(value: float | None) -> Cell:
    """Return a duration as a cell."""
    return Cell("" if value is None else f"{value:.0f}", duration(value))


def word(text: str) -> Cell:
    """Return a state or an outcome as a cell, in its colour."""
    return Cell(text, style=_STYLES.get(text, ""))


def count(value: float | None) -> Cell:
    """Return a whole number as a cell."""
    return Cell("" if value is None else f"{value:.0f}", "" if value is None else f"{value:,.0f}")


def printable(text: str) -> str:
    """Return a text of the API with nothing in it that a terminal would obey."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char)[0] != "C" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def _width(columns: Sequence[Column], rows: Sequence[Sequence[tuple[str, Cell]]]) -> int:
    """Return how wide a table is at least, if nothing is cut off and only texts are wrapped."""
    shown = [column for column in columns if not column.for_pipes_only]
    widths = [
        _LEAST_TEXT
        if column.wraps
        else max([cell_len(column.name), column.width, *(_text(row[number][1]).cell_len for row in rows)])
        for number, column in enumerate(shown)
    ]
    return sum(widths) + _GAP * len(widths)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split("\n")).replace("\t", " ")


def _text(cell: Cell) -> Text:
    return Text(printable(cell.plain if cell.pretty is None else cell.pretty), style=cell.style)
