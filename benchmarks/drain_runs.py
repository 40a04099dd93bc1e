"""A backlog's runs, share-outs and invocations, event by event, after state_machines/share_out.asl.yaml.

Between two events every sweep goes at the speed that `drain_speed` found for as many in one index partition:
partitions do not touch each other, since a table takes what its index's partitions take together.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from barycenter_jobs.core.expiry import DEFAULT_SHARDS
from barycenter_jobs.core.prices import DOCUMENTED_PRICES
from benchmarks.drain_limits import GROWTH_SECONDS, TABLE_QUOTA, Limits
from benchmarks.drain_speed import Client, Speed, speed

SCHEDULE_SECONDS = 3_600.0
SWEEP_SECONDS = 285.0  # a timeout of 300 less the margin of 15
PAUSE_SECONDS = 1.0  # between two invocations of a part
RETRY_SECONDS = (5.0, 15.0, 45.0)  # the state machine's, each with full jitter; then the part has failed
WRITE_UNITS_OF_A_ROW = 2
READ_UNITS_OF_A_ROW = 0.0125  # 100 bytes of the index, eventually consistent
GIGABYTE_SECOND = 0.0000133334  # US dollars, arm64
MILLION_INVOCATIONS = 0.20
THOUSAND_TRANSITIONS = 0.025
ALL_SHARDS = tuple(range(DEFAULT_SHARDS))
NEW_TABLE = Limits()
WARM_TABLE = Limits.of_table_for(TABLE_QUOTA)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a backlog is drained. `concurrency` is how many parts are swept at once, 0 for no share-out."""

    concurrency: int = 8
    threshold: int = 50_000
    client: Client = field(default_factory=Client)


@dataclass
class Drain:
    """The account of a backlog's end. `bounds` has the seconds that each bound held for."""

    deleted: int = 0
    seconds: float = 0.0
    runs: int = 0
    invocations: int = 0
    gave_up: int = 0
    parts_failed: int = 0
    lambda_seconds: float = 0.0
    requests: float = 0.0
    throttled: float = 0.0
    transitions: int = 0
    bounds: Counter[str] = field(default_factory=Counter)

    @property
    def write_units(self) -> int:
        """What the deletes consumed: DynamoDB counts nothing for a throttled one."""
        return WRITE_UNITS_OF_A_ROW * self.deleted

    def dollars(self, memory_mb: int) -> tuple[float, float, float]:
        """Return what DynamoDB, Lambda and Step Functions cost."""
        gigabyte_seconds = self.lambda_seconds * memory_mb / 1024
        return (
            DOCUMENTED_PRICES.cost(READ_UNITS_OF_A_ROW * self.deleted, self.write_units),
            gigabyte_seconds * GIGABYTE_SECOND + self.invocations * MILLION_INVOCATIONS / 1e6,
            self.transitions * THOUSAND_TRANSITIONS / 1e3,
        )


@dataclass
class _Part:
    """A shard that is being drained, by an invocation that begins at `rests_until` and stops at `ends_at`."""

    shard: int
    rests_until: float
    ends_at: float
    retries: int = 0

    def rest(self, now: float, seconds: float) -> None:
        """Be invoked again that much later."""
        self.rests_until = now + seconds
        self.ends_at = self.rests_until + SWEEP_SECONDS


def drain(rows: int, plan: Plan, limits: Limits) -> Drain:
    """Return how a backlog drains with hourly runs, the first of them now."""
    draining = _Draining(rows, plan, limits)
    draining.play()
    return draining.drain


class _Draining:
    def __init__(self, rows: int, plan: Plan, limits: Limits) -> None:
        self.drain = Drain()
        self._plan = plan
        self._limits = limits
        self._random = Random(1)  # noqa: S311 - jitter, and the same at every run
        self._left = [rows // DEFAULT_SHARDS + (shard < rows % DEFAULT_SHARDS) for shard in ALL_SHARDS]
        self._peak = 0.0
        self._grows_at = GROWTH_SECONDS

    def play(self) -> None:
        while True:
            self._run()
            if self._plan.concurrency and sum(self._left) > self._plan.threshold:
                self._share_out()
            if not any(self._left):
                return
            wait = SCHEDULE_SECONDS - self.drain.seconds % SCHEDULE_SECONDS
            self._pass(wait, 0.0, "schedule")

    def _run(self) -> None:
        pace = speed(self._limits, self._plan.client, (ALL_SHARDS,))
        left = sum(self._left)
        deleted = min(left, int(pace.rows * SWEEP_SECONDS))
        seconds = deleted / pace.rows
        for shard, rows in enumerate(self._left):  # the oldest first, so evenly
            share = deleted * rows // left if left else 0
            self._left[shard] -= share
            deleted, left = deleted - share, left - rows
            self.drain.deleted += share
        self.drain.runs += 1
        self.drain.invocations += 1
        self._sweep(seconds, pace, 1)
        self._pass(seconds, pace.rows, pace.bound)

    def _share_out(self) -> None:
        self.drain.transitions += 3  # the start, the map, the closing of the record
        self.drain.invocations += 1  # which closes the record
        waiting = deque(shard for shard in ALL_SHARDS if self._left[shard])
        parts: list[_Part] = []
        while waiting or parts:
            while waiting and len(parts) < self._plan.concurrency:
                parts.append(_Part(waiting.popleft(), 0.0, 0.0))
                self._invoke(parts[-1], PAUSE_SECONDS)
            self._until_next_event(parts)
            parts = [part for part in parts if self._goes_on(part)]

    def _until_next_event(self, parts: Sequence[_Part]) -> None:
        now = self.drain.seconds
        running = [part for part in parts if part.rests_until <= now]
        beside = Counter(self._partition(part) for part in running)
        paces = {partition: self._pace(count) for partition, count in beside.items()}
        rates = {
            part.shard: paces[self._partition(part)].rows / beside[self._partition(part)] for part in running
        }
        ends = {part.shard: self._left[part.shard] / rates[part.shard] for part in running}
        gives_up = {
            part.shard: self._seconds_until(
                paces[self._partition(part)].gave_up / beside[self._partition(part)]
            )
            for part in running
        }
        rests = (part.rests_until - now for part in parts if part not in running)
        runs_out = (part.ends_at - now for part in running)
        seconds = min(self._grows_at - now, *rests, *runs_out, *ends.values(), *gives_up.values())
        for part in running:
            done = self._left[part.shard] if ends[part.shard] <= seconds else int(rates[part.shard] * seconds)
            self._left[part.shard] -= done
            self.drain.deleted += done
        for partition, pace in paces.items():
            self._sweep(seconds, pace, beside[partition])
        bounds = Counter(pace.bound for pace in paces.values())
        bound = bounds.most_common(1)[0][0] if bounds else "pauses"
        if bound == "index partitions":
            bound = f"{len(beside)} {bound}"
        self._pass(seconds, sum(pace.rows for pace in paces.values()), bound)
        for part in running:
            if gives_up[part.shard] <= seconds and self._left[part.shard]:
                self._give_up(part)

    def _goes_on(self, part: _Part) -> bool:
        if not self._left[part.shard]:
            self.drain.transitions += 2  # asked whether time ran out, drained
            return False
        if math.isinf(part.rests_until):
            return False
        if part.ends_at <= self.drain.seconds:
            self.drain.transitions += 1  # asked whether time ran out
            part.retries = 0
            self._invoke(part, PAUSE_SECONDS)
        return True

    def _give_up(self, part: _Part) -> None:
        self.drain.gave_up += 1
        if part.retries == len(RETRY_SECONDS):
            self.drain.parts_failed += 1
            self.drain.transitions += 1
            part.rests_until = math.inf
            return
        wait = RETRY_SECONDS[part.retries] * self._random.random()
        part.retries += 1
        self._invoke(part, wait)

    def _invoke(self, part: _Part, wait: float) -> None:
        self.drain.invocations += 1
        self.drain.transitions += 1
        part.rest(self.drain.seconds, wait)

    def _partition(self, part: _Part) -> int:
        return part.shard % self._limits.partitions

    def _pace(self, sweeps: int) -> Speed:
        return speed(self._limits.of_one_partition(), self._plan.client, ((0,),) * sweeps)

    def _seconds_until(self, per_second: float) -> float:
        return self._random.expovariate(per_second) if per_second else math.inf

    def _sweep(self, seconds: float, pace: Speed, sweeps: int) -> None:
        self.drain.lambda_seconds += seconds * sweeps
        self.drain.requests += seconds * pace.requests
        self.drain.throttled += seconds * pace.throttled

    def _pass(self, seconds: float, rate: float, bound: str) -> None:
        self.drain.seconds += seconds
        self.drain.bounds[bound] += seconds  # type: ignore[assignment]
        self._peak = max(self._peak, rate)
        while self.drain.seconds >= self._grows_at:
            self._limits = self._limits.grown(self._peak)
            self._peak = rate
            self._grows_at += GROWTH_SECONDS
