"""A recording of the command line: what three commands show, and when, while a job runs.

The commands are the real ones and ask the real API, over a log in memory. Their clock is ours, and moves only
when they wait: the recording is the same each time that it is made, and making it takes no time.
"""

from __future__ import annotations

import io
import re
import shlex
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich.live import _RefreshThread

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Backlog, Execution, Status, Usage
from barycenter_jobs.core.prices import DOCUMENTED_PRICES
from barycenter_jobs.operations.read_backlog import ReadBacklog
from console.cli.group import cli
from console.cli.pace import Clock
from docs.pictures.animation import Frame
from tests.graphql.service import NOW, TABLES

if TYPE_CHECKING:
    from tests.cli.served import Served

ROWS = 3120
SECONDS = 8.4
_RUN = 43  # the one that the first command starts
_TICK = 0.2
_KEYSTROKE = 0.05
_READING = 2.0
_SEQUENCE = re.compile(r"\x1b\[\??[0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+")


class Screen(io.StringIO):
    """A terminal that knows what is on it, as far as our commands write there."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = [""]
        self._row = 0
        self._lock = threading.Lock()  # the bar of a run is drawn by a thread of its own

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            for part in _SEQUENCE.findall(text):
                self._take(part)
        return len(text)

    def lines(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._lines)

    def _take(self, part: str) -> None:
        if part == "\n":
            self._row += 1
            self._lines += [""] * (self._row + 1 - len(self._lines))
        elif part == "\x1b[2K":
            self._lines[self._row] = ""
        elif part == "\x1b[1A":
            self._row -= 1
        elif part in ("\r", "\x1b[?25l", "\x1b[?25h"):
            pass  # what follows is always a line that was erased; and we draw no cursor
        elif part.startswith("\x1b") and not part.endswith("m"):
            raise NotImplementedError(repr(part))
        else:
            self._lines[self._row] += part


@dataclass
class Recorder:
    """Types commands and takes down what is on the screen. `meanwhile` is told the time as it passes."""

    screen: Screen = field(default_factory=Screen)
    frames: list[Frame] = field(default_factory=list)
    now: float = 0.0
    meanwhile: Callable[[float], None] = lambda _now: None

    def types(self, command: str) -> None:
        """Have a command typed and run, and its answer read."""
        self.screen.write("\x1b[2m$ \x1b[0m")
        self._pass(0.6)
        for character in f"barycenter-jobs {command}":
            self.screen.write(character)
            self._pass(_KEYSTROKE)
        self._pass(0.4)
        self.screen.write("\n")
        clock = Clock(monotonic=lambda: self.now, sleep=self._sleep, now=lambda: NOW)
        with redirect_stdout(self.screen), redirect_stderr(self.screen), suppress(click.exceptions.Exit):
            cli.main(shlex.split(command), obj=clock, standalone_mode=False)
        self._pass(_READING)

    def _sleep(self, seconds: float) -> None:
        left = seconds
        while left > 0:
            self._pass(min(_TICK, left))
            left -= _TICK

    def _pass(self, seconds: float) -> None:
        self._draw_bars()
        lines = self.screen.lines()
        if not self.frames or self.frames[-1].lines != lines:
            self.frames.append(Frame(round(self.now, 3), lines))
        self.now += seconds
        self.meanwhile(self.now)

    def _draw_bars(self) -> None:
        # Their threads draw them by the time of day; here it is to be by ours.
        for thread in threading.enumerate():
            if isinstance(thread, _RefreshThread):
                thread.live.refresh()


def recorded(api: Served) -> list[Frame]:
    """Return a run of a job that is followed to its end, the log, and how all jobs are."""
    log = api.operations.read_log.log
    assert isinstance(log, MemoryExecutionLog)  # noqa: S101 - as `served` has it
    second = int(NOW.timestamp())
    tables = TABLES | {
        "cleanup_expired_sessions": MemoryTable({f"s-{n}": {"expires_at": second - n} for n in range(ROWS)})
    }
    api.operations = replace(
        api.operations, read_backlog=ReadBacklog(tables.__getitem__, lambda: NOW, lambda: 0.0)
    )
    recorder = Recorder(meanwhile=_Worker(log))
    recorder.types("run sessions --wait")
    recorder.types("logs --limit 5")
    recorder.types("health")
    return recorder.frames


@dataclass
class _Worker:
    """The function that runs the job: so many rows a second, from the time when somebody has started it."""

    log: MemoryExecutionLog
    began_at: float | None = None

    def __call__(self, now: float) -> None:
        run = self.log.get(_RUN)
        if run is None or run.status is not Status.RUNNING:
            return
        self.began_at = now if self.began_at is None else self.began_at
        share = min((now - self.began_at) / SECONDS, 1.0)
        if share < 1:
            done = self._account(run, share)
            self.log.renew(done, NOW + timedelta(minutes=10))
            return
        done = self._account(run, 1.0)
        self.log.finish(
            done.finished(
                Status.SUCCESS,
                NOW + timedelta(seconds=SECONDS),
                counts=done.counts,
                usage=done.usage,
                backlog=Backlog(),
            )
        )

    def _account(self, run: Execution, share: float) -> Execution:
        became_live = round(4 * share)
        deleted = round(ROWS * share) - became_live
        usage = Usage(8.0, 2.0 * deleted, DOCUMENTED_PRICES.cost(8.0, 2.0 * deleted))
        return replace(run, counts=Counts(deleted=deleted, became_live=became_live), usage=usage)
