#!/usr/bin/env python3
"""Make the pictures of docs/cli.md: what the commands show on a terminal, of a day that is always the same.

PYTHONPATH=.:layers/jobs .venv/dev/bin/python docs/pictures/make_cli_pictures.py
"""

from __future__ import annotations

import io
import itertools
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import timedelta
from pathlib import Path

import click
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from barycenter_jobs.core.callers import Caller
from console.cli.group import cli
from console.cli.pace import Clock
from console.cli.watching import bar, told
from docs.pictures.animation import animated
from docs.pictures.cli_recording import recorded
from tests.cli.served import Served, served
from tests.graphql.service import ALICE, NOW

FOLDER = Path(__file__).parent
WIDTH = 96
COMMANDS = {
    "cli_jobs.svg": "jobs",
    "cli_logs.svg": "logs --limit 8",
    "cli_doctor.svg": "doctor",
}
_LOCAL = "http://127.0.0.1:8081"
# The pictures bring no fonts from elsewhere: those of the reader do.
_TEMPLATE = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
_ENVIRONMENT = {
    "COLUMNS": str(WIDTH),
    "TERM": "xterm-256color",
    "TZ": "UTC",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_NOT_HERE = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "BARYCENTER_JOBS_STACK", "BARYCENTER_JOBS_TOKEN", "PORT")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def pictures() -> dict[str, str]:
    """Return each picture by the name of its file."""
    with served(caller=Caller(ALICE)) as api, _environment(api):
        api.told_time = NOW + timedelta(seconds=412)
        made = {name: _picture(command, _shown(command, api)) for name, command in COMMANDS.items()}
        made |= {"cli_run.svg": _picture("run sessions --wait", _run_under_way())}
    with served(caller=Caller(ALICE)) as api, _environment(api):
        moving = animated(recorded(api), WIDTH, "barycenter-jobs", rest=6)
        return made | {"cli_recording.svg": moving}


def main() -> None:
    """Write the pictures beside this file."""
    for name, picture in pictures().items():
        (FOLDER / name).write_text(picture)


@contextmanager
def _environment(api: Served) -> Iterator[None]:
    before = dict(os.environ)
    for name in _NOT_HERE:
        os.environ.pop(name, None)
    os.environ.update({**_ENVIRONMENT, "BARYCENTER_JOBS_ENDPOINT": api.url})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _shown(command: str, api: Served) -> str:
    """Return what a command writes to a terminal."""
    terminal = _Terminal()
    # The doctor's status says that it has found something.
    with redirect_stdout(terminal), redirect_stderr(terminal), suppress(click.exceptions.Exit):
        cli.main(shlex.split(command), obj=Clock(now=lambda: NOW), standalone_mode=False)
    return terminal.getvalue().replace(api.url, _LOCAL)


def _run_under_way() -> str:
    counts: Mapping[str, int] = {"deleted": 1875, "failed": 0, "uncertain": 0, "quarantined": 3}
    terminal = Console(
        file=_Terminal(), width=WIDTH, force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    seconds = itertools.chain([0.0], itertools.repeat(12.0))
    progress = bar(terminal, Clock(monotonic=lambda: next(seconds)))
    progress.add_task("cleanup_expired_sessions", total=3120, completed=1875, told=told({"counts": counts}))
    terminal.print("Run 43 of cleanup_expired_sessions is under way.", highlight=False)
    terminal.print(progress.get_renderable())
    assert isinstance(terminal.file, io.StringIO)  # noqa: S101 - made above
    return terminal.file.getvalue()


def _picture(command: str, text: str) -> str:
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.assemble(("$ ", "dim"), f"barycenter-jobs {command}"))
    console.print(Text.from_ansi(text.rstrip("\n")))
    svg = console.export_svg(title="barycenter-jobs", code_format=_TEMPLATE, unique_id="cli")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    sys.exit(main())
