"""How long each function takes before its first request, and what it weighs.

Each is measured in fresh processes beside a program that only makes a boto3 client for DynamoDB, in the time
that the processor spends. The least of all tries counts: what else the machine does can only add to it. The
packages are laid out as the layers have them, with their bytecode. The SDK is the one of this environment; in
Lambda, of the runtime.
"""

from __future__ import annotations

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distribution
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).parents[1]
PROCESSES = 15
BASELINE = "boto3 alone"
FUNCTIONS = ("cleanup_sessions", "watchdog", "account_removals", "graphql_resolver", "http_api")
AIM, AIM_OF = 1.25, {"http_api": 1.5}  # beside the baseline
MOST_BYTES = 25_000_000
_JOBS = ("SESSIONS", "REFRESH_TOKENS", "CHALLENGES", "DEVICE_CODES")
_RUNTIME_BRINGS = re.compile(r"^RUNTIME_BRINGS := (.*)$", re.MULTILINE)

_PROGRAM = """
import sys, time
began = time.process_time()
if sys.argv[1] == "boto3 alone":
    import boto3
    boto3.client("dynamodb")
else:
    import app
import json
print(json.dumps({"seconds": time.process_time() - began, "modules": sorted(sys.modules)}))
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One function: its processor time before the first event, and that relative to boto3 alone."""

    name: str
    milliseconds: float
    ratio: float


def lay_out(folder: Path) -> Path:
    """Copy what the two layers hold into `folder`, with bytecode for this Python, and return it."""
    makefile = (ROOT / "layers" / "dependencies" / "Makefile").read_text()
    brought = _RUNTIME_BRINGS.findall(makefile)[0]
    locked = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text()
    for name in re.findall(r"^([A-Za-z0-9-]+)==", locked, re.MULTILINE):
        if re.fullmatch(brought, name):
            continue
        package = distribution(name)
        for file in package.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(package.locate_file(file)), target)
    shutil.copytree(
        ROOT / "layers" / "jobs" / "barycenter_jobs",
        folder / "barycenter_jobs",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return folder


def weight(folder: Path) -> int:
    """Return how many bytes the files in a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def started(name: str, layers: Path) -> tuple[float, set[str]]:
    """Start one function in a process of its own, and return its seconds and the names of its modules."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": f"{ROOT / 'functions' / name}:{layers}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "POWERTOOLS_SERVICE_NAME": "barycenter_jobs",
        "JOB_EXECUTIONS_TABLE": "job_executions",
        "EXPIRING_TABLE": "sessions",
        "SHARE_OUT_STATE_MACHINE": "state-machine",
        "AWS_LAMBDA_FUNCTION_NAME": name,
    }
    for job in _JOBS:
        environment[f"CLEANUP_EXPIRED_{job}_FUNCTION"] = "function"
        environment[f"CLEANUP_EXPIRED_{job}_TABLE"] = "table"
        environment[f"CLEANUP_EXPIRED_{job}_SCHEDULE"] = "cron(0 * * * ? *)"
    done = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", _PROGRAM, name], env=environment, capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    return said["seconds"], set(said["modules"])


def measured(layers: Path, processes: int = PROCESSES) -> list[Start]:
    """Return the least of each function over so many processes, taken in turns."""
    names = (BASELINE, *FUNCTIONS)
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(processes):
        for name in names:
            times[name].append(started(name, layers)[0])
    alone = min(times[BASELINE])
    return [Start(name, 1000 * min(times[name]), min(times[name]) / alone) for name in names]


def missed(starts: Sequence[Start], bytes_shipped: int) -> list[str]:
    """Return the names of the functions that start too slowly, and `weight` if that is too much."""
    slow = [start.name for start in starts if start.name in FUNCTIONS and start.ratio > _aim(start.name)]
    return slow + ["weight"] * (bytes_shipped > MOST_BYTES)


def table(starts: Sequence[Start], bytes_shipped: int) -> str:
    """Return the figures as docs/benchmarks.md has them."""
    lines = ["| function | processor time, ms | beside boto3 alone | aim |", "|---|---|---|---|"]
    for start in starts:
        aim = f"{_aim(start.name)} |" if start.name in FUNCTIONS else "|"
        lines.append(f"| `{start.name}` | {start.milliseconds:.0f} | {start.ratio:.2f} | {aim}")
    lines += ["", f"Both layers together: {bytes_shipped / 1e6:.1f} MB unzipped."]
    if names := missed(starts, bytes_shipped):
        lines.append(f"The aim is missed by {', '.join(names)}.")
    return "\n".join(lines)


def _aim(name: str) -> float:
    return AIM_OF.get(name, AIM)


def starts_and_weight() -> tuple[dict[str, object], str]:
    """Measure, and return what was measured and the table of it."""
    with tempfile.TemporaryDirectory() as folder:
        layers = lay_out(Path(folder))
        starts, shipped = measured(layers), weight(layers)
    python = ".".join(map(str, sys.version_info[:3]))
    results: dict[str, object] = {
        "python": python,
        "starts": [asdict(start) for start in starts],
        "bytes": shipped,
        "missed": missed(starts, shipped),
    }
    return results, table(starts, shipped)
