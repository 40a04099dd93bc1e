"""The process in which a function is invoked: `python -P invoked.py [FILE]`, its events on standard input.

Each event is a line of JSON, and each answer a line on the standard output that the process began with: what
the invocation took, and the most memory that the process has held. The first line is what the start took: the
function's own, as far as it comes before the first event, without the interpreter's. FILE takes the process
into a group with less of the processor. What the function prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """What Lambda hands over beside the event."""

    function_name: str = "function"
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"

    def get_remaining_time_in_millis(self) -> int:
        """Return more time than anything here takes."""
        return 300_000


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak_bytes() -> int:
    # Not ru_maxrss: that begins with what the process held that started this one.
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise AssertionError("Linux tells a process's peak")
    return int(found[1]) * 1024


def main() -> None:
    """Start, and serve until standard input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(str(os.getpid()))
    wall, cpu = time.perf_counter(), _cpu_seconds()
    handler = importlib.import_module("app").handler
    while True:
        took = {
            "seconds": time.perf_counter() - wall,
            "cpu_seconds": _cpu_seconds() - cpu,
            "peak_bytes": _peak_bytes(),
        }
        out.write(f"{json.dumps(took)}\n")
        out.flush()
        line = sys.stdin.readline()
        if not line:
            return
        wall, cpu = time.perf_counter(), _cpu_seconds()
        handler(json.loads(line), Context())


if __name__ == "__main__":
    main()
