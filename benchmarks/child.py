"""The process in which one contender cleans: `python -m benchmarks.child NAME`.

For each line on standard input, a target in JSON, it prepares, says `ready`, waits for a line, cleans, and
answers with a line of JSON: what the contender claims, and what the cleaning alone took.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks.contenders import Claim, Cleaning, Target, contender_named
from benchmarks.peak_memory import PeakMemory


@dataclass(frozen=True)
class Measure:
    """What a cleaning claims and took."""

    claim: Claim
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measured(clean: Cleaning) -> Measure:
    """Clean once, under measurement."""
    memory, cpu, start = PeakMemory(), _cpu_seconds(), time.perf_counter()
    claim = clean()
    return Measure(claim, time.perf_counter() - start, _cpu_seconds() - cpu, memory.bytes())


def main() -> None:
    """Serve the process that started this one until it closes standard input."""
    contender = contender_named(sys.argv[1])
    while line := sys.stdin.readline():
        clean = contender.prepare(Target(**json.loads(line)))
        _say("ready")
        sys.stdin.readline()
        _say(json.dumps(asdict(measured(clean))))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
