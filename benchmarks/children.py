"""Child processes in which contenders clean, each a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from benchmarks.child import Measure
from benchmarks.contenders import Claim, Contender, Target
from benchmarks.engine import environment
from console.checkout import REPOSITORY


class ContenderFailed(Exception):
    """A contender's process ended before it had cleaned; what it said is on standard error."""


class Child:
    """A contender in its own process."""

    def __init__(self, contender: Contender, process: subprocess.Popen[str]) -> None:
        self.contender = contender
        self._process = process

    def prepare(self, target: Target) -> None:
        """Return when the contender could begin. Raises ContenderFailed."""
        self._tell(json.dumps(asdict(target)))
        self._answer()

    def clean(self) -> Measure:
        """Let the contender clean what it has prepared for. Raises ContenderFailed."""
        self._tell("go")
        fields = json.loads(self._answer())
        return Measure(**fields | {"claim": Claim(**fields["claim"])})

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise AssertionError("a pipe was asked for")
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        if self._process.stdout is None:
            raise AssertionError("a pipe was asked for")
        line = self._process.stdout.readline()
        if not line:
            raise ContenderFailed(f"{self.contender.title} ended with status {self._process.wait()}")
        return line


@contextmanager
def child_of(contender: Contender) -> Iterator[Child]:
    """Run a contender's process, which knows no AWS account but the engine's."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "benchmarks.child", contender.name],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
        text=True,
    )
    with process:
        try:
            yield Child(contender, process)
        except BaseException:
            process.kill()  # it may be in the midst of a table and would not look up
            raise
        if process.stdin is not None:
            process.stdin.close()
