"""`python -m console.local_stack` as a process, seen from a terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit

from console.local_stack.credentials import Credentials
from console.local_stack.demo_data import demo_rows
from console.local_stack.tables import connect, put_rows
from console.local_stack.template import read_template

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 90.0

T = TypeVar("T")


@dataclass
class StackProcess:
    """A started stack. What it prints is gathered in a file, as a log would be."""

    process: subprocess.Popen[bytes]
    output: Path
    errors: Path
    addresses: dict[str, str] = field(default_factory=dict)

    def wait_until_ready(self) -> None:
        """Read the addresses from the block that it prints when ready."""
        self.wait_for_line(r"Lambda endpoint +http")
        for name, address in re.findall(r"^ *(\S[^:]*?):? +(http://\S+)$", self.text(), re.MULTILINE):
            self.addresses[name] = address

    def port(self, name: str) -> int:
        """Return the port of one of its addresses."""
        return urlsplit(self.addresses[name]).port or 0

    def wait_for_line(self, pattern: str) -> str:
        """Return the first printed line that holds `pattern`."""
        return wait_for(lambda: self._line(pattern), f"{pattern!r} in the stack's output")

    def text(self) -> str:
        """Return all that it has printed so far."""
        return self.output.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def _line(self, pattern: str) -> str | None:
        if self.process.poll() is not None:
            raise AssertionError(f"The stack ended early: {self.errors.read_text()}")
        return next((line for line in self.text().splitlines() if re.search(pattern, line)), None)


@contextmanager
def started_stack(folder: Path, **settings: str) -> Iterator[StackProcess]:
    """Start a stack on free ports; kill it at the end if the test has not stopped it."""
    with (
        (folder / "output").open("wb") as output,
        (folder / "errors").open("wb") as errors,
        _popen(settings, output, errors) as process,
    ):
        try:
            yield StackProcess(process, folder / "output", folder / "errors")
        finally:
            process.kill()


@contextmanager
def quiet_stack(folder: Path) -> Iterator[StackProcess]:
    """Start a stack with demo data that is ready, and whose jobs run when they are due or asked only.

    `make run` runs each job once in its first minute, just when a test does.
    """
    template = read_template(REPOSITORY / "template.yaml")
    with started_stack(folder, SEED="0") as started:
        started.wait_until_ready()
        database = connect(started.addresses["DynamoDB engine"], Credentials())
        for table in template.tables:
            if shards := template.expiry_shards.get(table.name):
                put_rows(database, table.name, demo_rows(table.key, int(time.time()), shards))
        yield started
        assert started.stop() == 0
        assert started.errors.read_text() == ""


def run_to_end(**settings: str) -> subprocess.CompletedProcess[str]:
    """Start a stack that is expected to refuse to run, and return how it did."""
    return subprocess.run(
        [sys.executable, "-m", "console.local_stack"],
        cwd=REPOSITORY,
        env=_environment(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """Return what `look` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(f"Waited {PATIENCE_SECONDS:.0f} seconds for {what}")


def descendants(pid: int) -> set[int]:
    """Return the ids of the processes that a process has started, and those have started."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in map(str.split, listing.splitlines())}
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    """Return those of the processes that still run."""
    listing = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(pid) for pid, state in map(str.split, listing.splitlines()) if not state.startswith("Z")}
    return pids & running


def _popen(settings: dict[str, str], output: IO[bytes], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "console.local_stack"],
        cwd=REPOSITORY,
        env=_environment(settings),
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )


def _environment(settings: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PORT": "0", "DYNAMODB_PORT": "0"} | settings
