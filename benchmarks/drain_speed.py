"""How fast sweeps side by side delete rows: some seconds of them, request by request, on a simulated clock.

The pacing is the product's own, `Backoff` and `Concurrency`. A function's processor is handed from request to
request; an answer comes a latency after the processor is done with its request. A sweep gives up when a batch
has been throttled as often as `Backoff` allows, as the product's does, and is followed by a new one at once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from heapq import heappop, heappush
from itertools import cycle, islice
from random import Random

from barycenter_jobs.core.pacing import Backoff, Concurrency
from barycenter_jobs.core.sweep import BATCH_SIZE
from benchmarks.drain_limits import Limits, Table

SAMPLE_SECONDS = 90.0
_SEED = 16
_MEMORY_OF_A_VCPU = 1_769  # megabytes
_LATENCY_SPREAD = 0.3  # sigma of a lognormal distribution: nine in ten answers within 0.6 to 1.6 medians
_NEARLY = 0.95

Shards = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """A function that sweeps. `cpu_seconds` is what a row takes of a whole vCPU."""

    memory_mb: int = 512
    cpu_seconds: float = 200e-6
    latency_seconds: float = 0.020
    in_flight: int = 8
    attempts: int = 20

    @property
    def seconds_for_row(self) -> float:
        """How long the function's share of a processor takes for a row."""
        return self.cpu_seconds / min(1.0, self.memory_mb / _MEMORY_OF_A_VCPU)


@dataclass(frozen=True, slots=True)
class Speed:
    """What sweeps did in a second, on average. `most` is the most rows in any one second."""

    rows: float
    requests: float
    throttled: float
    gave_up: float
    most: int
    bound: str


@dataclass
class _Sweep:
    """One function's requests. `waiting` have no slot, since fewer are allowed while the table throttles."""

    shards: Shards
    client: Client
    concurrency: Concurrency = field(init=False)
    waiting: deque[_Request] = field(default_factory=deque)
    under_way: int = 0
    busy_until: float = 0.0
    has_given_up: bool = False

    def __post_init__(self) -> None:
        self.concurrency = Concurrency(self.client.in_flight)
        self._keys = cycle(self.shards)

    def next_request(self) -> _Request:
        return _Request(self, list(islice(self._keys, BATCH_SIZE)))


@dataclass
class _Request:
    """A batch that is asked for until each of its rows, named by their shards, is deleted."""

    sweep: _Sweep
    pending: list[int]
    attempt: int = 0
    is_sent: bool = False


class _Run:
    """Sweeps on one simulated clock."""

    def __init__(self, limits: Limits, client: Client, sweeps: Sequence[Shards]) -> None:
        self._random = Random(_SEED)  # noqa: S311 - jitter, and the same at every run
        self._slept = 0.0
        self._backoff = Backoff(self._sleep, self._random.random, attempts=client.attempts)
        self._events: list[tuple[float, int, _Request]] = []
        self._number = 0
        self.client = client
        self.table = Table(limits)
        self.requests = self.throttled = self.gave_up = 0
        self.seconds = [0] * math.ceil(SAMPLE_SECONDS)
        for shards in sweeps:
            self._begin(shards, 0.0)

    def play(self) -> None:
        """Sweep for the length of the sample."""
        while self._events[0][0] < SAMPLE_SECONDS:
            now, _, request = heappop(self._events)
            if request.sweep.has_given_up:
                continue
            if request.is_sent:
                self._answered(request, now)
            else:
                request.sweep.waiting.append(request)
            self._send(request.sweep, now)

    def _begin(self, shards: Shards, now: float) -> None:
        sweep = _Sweep(shards, self.client)
        for _ in range(self.client.in_flight):
            self._at(now, sweep.next_request())

    def _send(self, sweep: _Sweep, now: float) -> None:
        while sweep.waiting and sweep.under_way < sweep.concurrency.allowed:
            request = sweep.waiting.popleft()
            request.is_sent = True
            sweep.under_way += 1
            work = len(request.pending) * self.client.seconds_for_row
            sweep.busy_until = max(now, sweep.busy_until) + work
            spread = self._random.lognormvariate(0.0, _LATENCY_SPREAD)
            self._at(sweep.busy_until + self.client.latency_seconds * spread, request)

    def _answered(self, request: _Request, now: float) -> None:
        sweep, asked = request.sweep, len(request.pending)
        request.is_sent = False
        request.pending = self.table.delete(request.pending, now)
        self.seconds[int(now)] += asked - len(request.pending)
        sweep.under_way -= 1
        self.requests += 1
        if not request.pending:
            sweep.concurrency.succeeded()
            self._at(now, sweep.next_request())
            return
        sweep.concurrency.throttled()
        self.throttled += 1
        request.attempt += 1
        if request.attempt == self._backoff.attempts:
            self.gave_up += 1
            sweep.has_given_up = True
            self._begin(sweep.shards, now)
            return
        self._backoff.wait(request.attempt - 1)
        self._at(now + self._slept, request)

    def _at(self, when: float, request: _Request) -> None:
        self._number += 1
        heappush(self._events, (when, self._number, request))

    def _sleep(self, seconds: float) -> None:
        self._slept = seconds


@cache
def speed(limits: Limits, client: Client, sweeps: tuple[Shards, ...]) -> Speed:
    """Return how fast these sweeps are, each of the shards that it names."""
    run = _Run(limits, client, sweeps)
    run.play()
    rows = sum(run.seconds) / SAMPLE_SECONDS
    return Speed(
        rows,
        requests=run.requests / SAMPLE_SECONDS,
        throttled=run.throttled / SAMPLE_SECONDS,
        gave_up=run.gave_up / SAMPLE_SECONDS,
        most=max(run.seconds),
        bound=_bound(run, rows, len(sweeps)),
    )


def _bound(run: _Run, rows: float, sweeps: int) -> str:
    if rows * run.client.seconds_for_row > _NEARLY * sweeps:
        return "client CPU"
    if run.table.refused_by_table > run.table.refused_by_index:
        return "table"
    if run.table.refused_by_index:
        return "index partitions"
    return "latency"
