"""What each function takes and costs by the memory that it is given, as a model of measured times.

Lambda gives processor time in proportion to memory, 1,769 MB being one processor. So a function is measured
in fresh processes, with a whole processor: how long an invocation computes, and how long it waits for
DynamoDB. At a size, the computing takes longer by the size's share. The model is held against processes that
really have the share. The engine answers after `LATENCY_MS`; the sweep's own table is played by the stand-in,
since the embedded engine would be what a sweep waits for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any

from barycenter_jobs.core.costs import BATCH_ROWS
from barycenter_jobs.core.jobs import JOBS
from benchmarks.api_overhead import fill_log
from benchmarks.cold_start import lay_out
from benchmarks.engine import MeteredEngine, metered_engine
from benchmarks.meter import Orders
from benchmarks.seeding import KEY, ROW_BYTES, create_sessions
from benchmarks.throttle import CannotThrottle, throttled
from console.checkout import REPOSITORY

SIZES = (128, 256, 512, 1024, 1769)
CHECKED = (256, 512)
ONE_PROCESSOR_MB = 1769  # AWS: "At 1,769 MB, a function has the equivalent of one vCPU"
GB_SECOND = 0.0000133334  # US dollars, arm64, us-east-1, which samconfig.toml deploys
LATENCY_MS = 5
_ROWS = "sessions_that_expire"
_LOGGED = 400
# What is written into a log beside its counter leaves no number free for a run.
_READ_LOG, _RUNS_LOG = "log_to_read", "log_to_write"


@dataclass(frozen=True)
class Took:
    """What a start or an invocation took, and the most that its process had held by its end."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Play:
    """A function that is invoked with a sample event, so many times in one process.

    It meets `expired` rows. Where the sample is a batch, it has so many `records`, each another.
    """

    function: str
    sample: str
    invocations: int = 1
    expired: int = 0
    records: int = 0


@dataclass(frozen=True)
class Work:
    """One of the invocations of a play, by its number; 0 is the start of its process."""

    title: str
    play: Play
    number: int = 1


_IDLE = Play("cleanup_sessions", "eventbridge_cleanup_sessions", 2)
_WATCHDOG = Play("watchdog", "eventbridge_watchdog", 2)
_REMOVALS = Play("account_removals", "dynamodb_stream_ttl_removals", 2, records=BATCH_ROWS)
_RESOLVER = Play("graphql_resolver", "appsync_job_logs", 2)
_HTTP_API = Play("http_api", "httpapi_job_logs", 2)
_READERS = {play.function for play in (_WATCHDOG, _RESOLVER, _HTTP_API)}


def works(small: int = 1_000, large: int = 10_000) -> list[Work]:
    """Return the invocations that are measured, the sweeps of so many rows among them."""
    return [
        Work("start of a cleanup", _IDLE, 0),
        Work("cleanup of nothing", _IDLE),
        Work("cleanup of nothing, warm", _IDLE, 2),
        *(
            Work(f"cleanup of {rows:,} rows", Play(_IDLE.function, _IDLE.sample, expired=rows))
            for rows in (small, large)
        ),
        Work("watchdog, warm", _WATCHDOG, 2),
        Work(f"{BATCH_ROWS:,} removals by TTL, warm", _REMOVALS, 2),
        Work("start of the resolver", _RESOLVER, 0),
        Work("resolver, jobLogs", _RESOLVER),
        Work("resolver, jobLogs, warm", _RESOLVER, 2),
        Work("start of the HTTP API", _HTTP_API, 0),
        Work("HTTP API, jobLogs", _HTTP_API),
        Work("HTTP API, jobLogs, warm", _HTTP_API, 2),
    ]


@dataclass(frozen=True)
class Size:
    """A size of memory, and what an invocation takes and costs with it."""

    megabytes: int
    seconds: float
    dollars: float


@dataclass(frozen=True)
class Measured:
    """An invocation: what it took with a whole processor, and how long with each checked size's share."""

    title: str
    took: Took
    throttled_seconds: Mapping[int, float]

    @property
    def wait_seconds(self) -> float:
        """How long it did not compute."""
        return max(0.0, self.took.seconds - self.took.cpu_seconds)

    def with_memory(self, megabytes: int) -> Size:
        """Return what the model says of a size."""
        seconds = self.wait_seconds + self.took.cpu_seconds / min(1.0, share(megabytes))
        billed = ceil(seconds * 1000) / 1000
        return Size(megabytes, seconds, megabytes / 1024 * billed * GB_SECOND)


def share(megabytes: int) -> float:
    """Return how much of a processor a size of memory gets."""
    return megabytes / ONE_PROCESSOR_MB


def memory_sizes(
    asked: Sequence[Work], rounds: int, say: Callable[[str], None], checked: Sequence[int] = CHECKED
) -> list[Measured]:
    """Measure each of them in so many fresh processes, and as many again for each checked size.

    Where this machine lets nobody limit a processor, there is no check, and `say` tells so.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        metered_engine(stand_in_table=_ROWS) as engine,
    ):
        layers = lay_out(Path(folder))
        create_sessions(engine.dynamodb, _ROWS)
        fill_log(engine, _READ_LOG, _LOGGED)
        fill_log(engine, _RUNS_LOG, 0)
        plays = list(dict.fromkeys(work.play for work in asked))
        played: dict[tuple[Play, int | None], list[list[Took]]] = {}
        # In turns, since a shared machine gets slower and faster.
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for play, megabytes in product(plays, (None, *checked)):
                if megabytes is not None and not checked:
                    continue
                try:
                    took = _played(engine, layers, play, megabytes)
                except CannotThrottle as refused:
                    say(f"no check against a limited processor: {refused}")
                    checked = ()
                else:
                    played.setdefault((play, megabytes), []).append(took)
    return [
        Measured(
            work.title,
            _least(played[work.play, None], work.number),
            {megabytes: _least(played[work.play, megabytes], work.number).seconds for megabytes in checked},
        )
        for work in asked
    ]


def _least(played: Sequence[Sequence[Took]], number: int) -> Took:
    """Return the least that an invocation took: a busy machine only ever adds to it."""
    same = [each[number] for each in played]
    return Took(
        min(took.seconds for took in same),
        min(took.cpu_seconds for took in same),
        max(took.peak_bytes for took in same),
    )


def _played(engine: MeteredEngine, layers: Path, play: Play, megabytes: int | None) -> list[Took]:
    """Return what a play's start and its invocations took, with the share of a size or a whole processor."""
    if play.expired:
        engine.fill(_ROWS, "expired", play.expired, int(time.time()))
    engine.measure(Orders(_ROWS, KEY, ROW_BYTES, latency_ms=LATENCY_MS))
    try:
        if megabytes is None:
            return _once(engine, layers, play, None)
        with throttled(share(megabytes)) as group:
            return _once(engine, layers, play, group)
    finally:
        engine.record()


def _once(engine: MeteredEngine, layers: Path, play: Play, group: Path | None) -> list[Took]:
    events = [json.dumps(_event(play)) for _ in range(play.invocations)]
    program = [sys.executable, "-P", str(Path(__file__).with_name("invoked.py"))]
    done = subprocess.run(  # noqa: S603 - our own program
        [*program, *([str(group)] if group else [])],
        input="\n".join([*events, ""]),
        env=_environment(engine.endpoint, play.function, layers),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{play.function} failed: {done.stderr[-2000:]}")
    return [Took(**json.loads(line)) for line in done.stdout.splitlines()]


def _event(play: Play) -> dict[str, Any]:
    """Return the play's event as if for the first time: one that is known would leave nothing to do."""
    event: dict[str, Any] = json.loads((REPOSITORY / "events" / f"{play.sample}.json").read_text())
    if "id" in event:
        event["id"] = f"{time.time_ns()}"
    if play.records:
        record, first = event["Records"][0], time.time_ns()
        event["Records"] = [
            record
            | {"eventID": f"{number:032x}", "dynamodb": record["dynamodb"] | {"SequenceNumber": f"{number}"}}
            for number in range(first, first + play.records)
        ]
    return event


def _environment(endpoint: str, function: str, layers: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    environment |= {
        "PATH": os.defpath,
        "PYTHONPATH": f"{REPOSITORY / 'functions' / function}:{layers}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "POWERTOOLS_SERVICE_NAME": "barycenter_jobs",
        "JOB_EXECUTIONS_TABLE": _READ_LOG if function in _READERS else _RUNS_LOG,
        "EXPIRING_TABLE": _ROWS,
        "DYNAMODB_ENDPOINT_URL": endpoint,
    }
    for job in JOBS:
        environment |= {
            f"{job.name.upper()}_FUNCTION": job.function,
            f"{job.name.upper()}_SCHEDULE": "cron(0/5 * * * ? *)",
            f"{job.name.upper()}_TABLE": job.kind.name,
        }
    return environment


def memory_table(found: Sequence[Measured]) -> str:
    """Return the curve and its check as docs/benchmarks.md has them."""
    lines = [
        f"| | computes, ms | waits, ms | held, MB | {' | '.join(f'{size:,} MB' for size in SIZES)} |",
        "|---" * (4 + len(SIZES)) + "|",
    ]
    for each in found:
        sizes = [each.with_memory(size) for size in SIZES]
        cells = [f"{1000 * size.seconds:,.0f} ms, ${1e6 * size.dollars:.2f}" for size in sizes]
        lines.append(
            f"| {each.title} | {1000 * each.took.cpu_seconds:,.0f} | {1000 * each.wait_seconds:,.0f} "
            f"| {each.took.peak_bytes / 1e6:.0f} | {' | '.join(cells)} |"
        )
    if any(each.throttled_seconds for each in found):
        lines += ["", "| | memory | model, ms | limited process, ms | ratio |", "|---|---|---|---|---|"]
    for each in found:
        for megabytes, seconds in each.throttled_seconds.items():
            model = each.with_memory(megabytes).seconds
            lines.append(
                f"| {each.title} | {megabytes:,} MB | {1000 * model:,.0f} | {1000 * seconds:,.0f} "
                f"| {seconds / model:.2f} |"
            )
    return "\n".join(lines)


def plain(found: Sequence[Measured]) -> list[dict[str, Any]]:
    """Return everything that was measured and computed."""
    return [asdict(each) | {"sizes": [asdict(each.with_memory(size)) for size in SIZES]} for each in found]
