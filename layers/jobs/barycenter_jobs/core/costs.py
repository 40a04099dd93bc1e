"""What removing expired rows costs a day: by sweeping, by TTL first, and by TTL alone.

Pure arithmetic over documented prices. What each way needs is written out per row or per batch, so that a
reader can check it; docs/ttl.md says where each figure comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from barycenter_jobs.core.removals import removal_write_units


class Way(StrEnum):
    """How expired rows are removed."""

    SWEEP = "sweep"
    TTL_FIRST = "ttl-first"
    TTL_ALONE = "ttl alone"


@dataclass(frozen=True, slots=True)
class DayPrices:
    """US dollars. The defaults are those of us-east-1, on-demand tables, x86 functions, November 2026."""

    million_write_units: float = 0.625
    million_read_units: float = 0.125
    million_replicated_write_units: float = 0.625
    million_invocations: float = 0.20
    gb_second: float = 0.0000166667


@dataclass(frozen=True, slots=True)
class Day:
    """What expires in a day.

    `indexes` are those that hold an entry of each row, of less than 1 KB. `swept_share` is the part of the
    rows, from 0 to 1, that TTL has not taken by the end of its patience. `shards` are those of the table's
    stream, about one for each of its partitions. `replicas` are a global table's other Regions.
    """

    rows: int
    row_kb: float = 1.0
    indexes: int = 1
    swept_share: float = 0.0
    runs: int = 24
    shards: int = 4
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class Needs:
    """What a way takes: units of DynamoDB, invocations of functions and GB-seconds of them.

    `index_puts` are the write units that the expiry index takes when rows are written, long before they go.
    `deletes` are those of the deletes, the index's among them, `accounts` those of the account of TTL's
    removals.
    """

    index_puts: float = 0.0
    deletes: float = 0.0
    accounts: float = 0.0
    replicated: float = 0.0
    reads: float = 0.0
    invocations: float = 0.0
    gb_seconds: float = 0.0

    @property
    def write_units(self) -> float:
        """All write units together, without the replicated ones."""
        return self.index_puts + self.deletes + self.accounts

    def dollars(self, prices: DayPrices) -> float:
        """Return what all of it costs."""
        return (
            self.write_units * prices.million_write_units
            + self.replicated * prices.million_replicated_write_units
            + self.reads * prices.million_read_units
            + self.invocations * prices.million_invocations
        ) / 1_000_000 + self.gb_seconds * prices.gb_second


BATCH_ROWS = 1000  # BatchSize of the event source mapping
BATCHING_MINUTES = 1  # and its MaximumBatchingWindowInSeconds
_LEDGER_BYTES = 8
_TOTALS_KB = 4  # the item of counters, with some 300 buckets of lateness
_TRANSACTION = 2  # a write in a transaction takes twice its units
_SWEEP_READS = 0.02  # of the expiry index, and of the pages that are not full
_SWEEP_ROWS_A_SECOND = 3000  # of one invocation with 512 MB
_SWEEP_GB, _ACCOUNT_GB = 0.5, 0.25
_BATCH_SECONDS = 0.15
_RUN_SECONDS = 1.0


def needs(way: Way, day: Day) -> Needs:
    """Return what a day of expiring rows takes, removed in one of the ways.

    TTL needs no index; the other two do, and every row pays for its entry when it is written.
    """
    units = removal_write_units(ceil(day.row_kb * 1024), day.indexes)
    puts = float(day.rows * day.indexes)
    if way is Way.SWEEP:
        return _swept(day, day.rows, units, puts)
    if way is Way.TTL_ALONE:
        return Needs(replicated=float(day.rows * units * day.replicas))
    swept = round(day.rows * day.swept_share)
    return _with_accounts(day, day.rows - swept, _swept(day, swept, units, puts))


def _swept(day: Day, rows: int, units: int, puts: float) -> Needs:
    seconds = rows / _SWEEP_ROWS_A_SECOND + day.runs * _RUN_SECONDS
    return Needs(
        index_puts=puts,
        deletes=float(rows * units),
        replicated=float(day.rows * units * day.replicas),
        reads=rows * _SWEEP_READS + day.runs * 16,
        invocations=float(day.runs),
        gb_seconds=seconds * _SWEEP_GB,
    )


def account_batches(rows: int, shards: int) -> int:
    """Return how many batches a day of so many removals comes in: full ones, or one a minute and shard."""
    minutes = 24 * 60 // BATCHING_MINUTES
    return max(ceil(rows / BATCH_ROWS), min(rows, shards * minutes))


def account_units(rows: int, batches: int) -> tuple[float, float]:
    """Return the write and the read units of accounting for so many removals in so many batches.

    A batch is a transaction: a page of the ledger for each of the two minutes that it touches at the most,
    eight bytes a row, and the counters. Before it, the pages of those minutes are read.
    """
    if not batches:
        return 0.0, 0.0
    page_kb = ceil(rows / batches * _LEDGER_BYTES / 2 / 1024)
    writes = batches * _TRANSACTION * (2 * page_kb + _TOTALS_KB)
    # By then a minute's pages hold what the other batches of it brought, half of them on average.
    minute_bytes = rows / (24 * 60) * _LEDGER_BYTES
    reads = batches * 2 * max(1, ceil(minute_bytes / 2 / 4096))
    return float(writes), float(reads)


def _with_accounts(day: Day, removed: int, swept: Needs) -> Needs:
    batches = account_batches(removed, day.shards)
    writes, reads = account_units(removed, batches)
    return Needs(
        index_puts=swept.index_puts,
        deletes=swept.deletes,
        accounts=writes,
        replicated=swept.replicated,
        reads=swept.reads + reads,
        invocations=swept.invocations + batches,
        gb_seconds=swept.gb_seconds + batches * _BATCH_SECONDS * _ACCOUNT_GB,
    )
