"""A day of a provider whose rows expire, replayed in each of the ways: `python -m benchmarks ttl`.

No engine: AWS alone has TTL's delays. They are modelled, and the model is stated: a row waits for DynamoDB's
background scan a time that is log-normal, with a median of `MEDIAN_HOURS` and a spread that leaves one row in
a hundred beyond 48 hours; one in a thousand waits for up to `STRAGGLER_DAYS` days. Amazon says "within a few
days" and, in the API reference, "typically within two days". The units hardly depend on the model; the
lateness does.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from barycenter_jobs.core.costs import Day, DayPrices, Way, needs

MEDIAN_HOURS = 10.0
STRAGGLER_DAYS = 6.0
STRAGGLERS = 0.001
ROW_KB = 0.5
_HOUR, _DAY = 3600.0, 86_400.0
# ln(48 h / median) is where 99 % of a log-normal lie, 2.326 standard deviations from its middle.
_SPREAD = math.log(48 / MEDIAN_HOURS) / 2.326
_BOUNDS = [60.0 * 1.02**step for step in range(520)]  # a minute to three weeks, 2 % apart


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late rows went, in seconds, within 2 %."""

    p50: float
    p95: float
    latest: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """One way's day: how late rows went, how many the sweep removed, and what it took."""

    way: str
    rows: int
    swept: int
    lateness: Lateness
    write_units: float
    account_units: float
    dollars: float


@dataclass
class _Account:
    """How late the rows of one way went, by buckets, and how many of them the sweep removed."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    latest: float = 0.0
    swept: int = 0

    def add(self, lateness: float) -> None:
        self.counts[bisect_right(_BOUNDS, lateness)] += 1
        self.latest = max(self.latest, lateness)


def replay(rows: int, seed: int, patience_seconds: float, interval_seconds: float = _HOUR) -> list[Replayed]:
    """Return what became of the same rows in each way. Same arguments, same answer."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    swept, ttl_first, ttl_alone = _Account(swept=rows), _Account(), _Account()
    for _ in range(rows):
        expires_at, delay = _expiry(dice), _delay(dice)
        swept.add(_until_run(expires_at, interval_seconds))
        ttl_alone.add(delay)
        lateness = delay
        if delay > patience_seconds:
            bound = patience_seconds + _until_run(expires_at + patience_seconds, interval_seconds)
            ttl_first.swept += bound < delay
            lateness = min(delay, bound)
        ttl_first.add(lateness)
    accounts = {Way.SWEEP: swept, Way.TTL_FIRST: ttl_first, Way.TTL_ALONE: ttl_alone}
    return [_replayed(way, rows, account) for way, account in accounts.items()]


def _replayed(way: Way, rows: int, account: _Account) -> Replayed:
    needed = needs(way, Day(rows, ROW_KB, swept_share=account.swept / rows if rows else 0.0))
    late = Lateness(_percentile(account.counts, 50), _percentile(account.counts, 95), account.latest)
    return Replayed(
        way.value,
        rows,
        account.swept,
        late,
        needed.write_units,
        needed.accounts,
        needed.dollars(DayPrices()),
    )


def _expiry(dice: random.Random) -> float:
    """Return a second of the day: twice as many rows expire in the evening as in the morning."""
    while True:
        second = dice.random() * _DAY
        if dice.random() * 1.5 < 1 + 0.5 * math.sin(2 * math.pi * (second / _DAY - 0.5)):
            return second


def _delay(dice: random.Random) -> float:
    straggles = dice.random() < STRAGGLERS
    usual = dice.lognormvariate(math.log(MEDIAN_HOURS * _HOUR), _SPREAD)
    return dice.uniform(2 * _DAY, STRAGGLER_DAYS * _DAY) if straggles else usual


def _until_run(at: float, interval: float) -> float:
    return interval - at % interval


def _percentile(counts: list[int], percent: int) -> float:
    rank = percent * (sum(counts) - 1) // 100
    for bucket, count in enumerate(counts):
        if rank < count:
            return _BOUNDS[min(bucket, len(_BOUNDS) - 1)]
        rank -= count
    return 0.0


def ttl_day(
    rows: int, seed: int, patience_seconds: float, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Return the day in each way, as results are written."""
    say(f"replaying a day of {rows:,} expiring rows in {len(Way)} ways")
    return [asdict(each) for each in replay(rows, seed, patience_seconds)]


def ttl_table(results: list[dict[str, Any]]) -> str:
    """Return the day as a table in Markdown."""
    head = "| way | swept | p50 late | p95 late | latest | write units | of them accounts | dollars a day |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for each in results:
        late = each["lateness"]
        lines.append(
            f"| {each['way']} | {each['swept']:,} | {_hours(late['p50'])} | {_hours(late['p95'])} | "
            f"{_hours(late['latest'])} | {each['write_units']:,.0f} | {each['account_units']:,.0f} | "
            f"{each['dollars']:,.2f} |"
        )
    return "\n".join(lines)


def _hours(seconds: float) -> str:
    return f"{seconds / _HOUR:.1f} h" if seconds >= _HOUR else f"{seconds / 60:.0f} min"
