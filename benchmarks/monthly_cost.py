"""What a stack costs a month: `python -m benchmarks.monthly_cost` prints the tables of docs/costs.md.

Arithmetic over AWS's prices. What a run, a minute of the watchdog and a request need was counted and measured
here, never on AWS; docs/costs.md says how.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from barycenter_jobs.core.costs import Day, DayPrices, Way, needs

DAYS = 30
# US dollars in us-east-1, November 2026, without free tiers.
ALARM, COMPOSITE_ALARM, METRIC, DASHBOARD, KEY = 0.10, 0.50, 0.30, 3.00, 1.00
LOGGED_GB, LOGS_KEPT_GB, STORED_GB, RECOVERABLE_GB = 0.50, 0.03, 0.25, 0.20
MILLION_TRACES, MILLION_GRAPHQL, MILLION_HTTP, MILLION_EVENTS = 5.00, 4.00, 1.00, 1.00
PRICES = DayPrices(gb_second=0.0000133334)  # arm64, which samconfig.toml deploys

# What the template makes; tests/benchmarks/test_monthly_cost.py counts it there.
ALARMS, JOBS, METRICS_OF_A_JOB = 52, 4, 10
RUNS_A_DAY = 3 * 24 + 24 * 12 + JOBS  # three jobs each hour, one every five minutes, four reconciling scans
WATCHES_A_DAY = 24 * 60

# Of one run and one watch, in units as documented: a write in a transaction counts twice, an entry of each of
# the log's four indexes with it, a strongly consistent read of up to 4 KB once.
RUN_WRITES, RUN_READS, WATCH_WRITES, WATCH_READS = 35, 5, 0, 25
REQUEST_READS = 12
RECORD_KB, RECORD_COPIES, KEPT_DAYS = 0.75, 5, 90

# At the template's sizes, in seconds: docs/benchmarks.md, "Memory".
RUN_SECONDS, START_SECONDS, WATCH_SECONDS, REQUEST_SECONDS = 0.6, 1.0, 0.5, 0.1
ROWS_A_SECOND = 1_447  # docs/scale.md, one function with 512 MB
RUN_GB, WATCH_GB, REQUEST_GB = 0.5, 0.25, 1.0

RUN_LOG_KB, WATCH_LOG_KB, REQUEST_LOG_KB, LOGS_KEPT_MONTHS = 1.5, 4.0, 1.5, 3


@dataclass(frozen=True)
class Installation:
    """How much there is to do. Half of the requests come by AppSync. Rows weigh half a kilobyte."""

    name: str
    rows_a_day: int
    live_rows: int
    requests_a_day: int
    row_kb: float = 0.5


INSTALLATIONS = (
    Installation("small", 10_000, 100_000, 100),
    Installation("medium", 1_000_000, 10_000_000, 1_000),
    Installation("large", 10_000_000, 100_000_000, 10_000),
)


def lines(size: Installation) -> dict[str, float]:
    """Return what each part costs a month, in US dollars."""
    sweep = needs(Way.SWEEP, Day(size.rows_a_day, size.row_kb, runs=RUNS_A_DAY))
    runs, watches, requests = (DAYS * each for each in (RUNS_A_DAY, WATCHES_A_DAY, size.requests_a_day))
    write, read = PRICES.million_write_units / 1e6, PRICES.million_read_units / 1e6
    gb_seconds = (
        runs * (RUN_SECONDS + START_SECONDS) * RUN_GB
        + DAYS * size.rows_a_day / ROWS_A_SECOND * RUN_GB
        + watches * WATCH_SECONDS * WATCH_GB
        + requests * REQUEST_SECONDS * REQUEST_GB
    )
    records_gb = RUNS_A_DAY * KEPT_DAYS * RECORD_KB * RECORD_COPIES / 1e6
    logged_gb = (runs * RUN_LOG_KB + watches * WATCH_LOG_KB + requests * REQUEST_LOG_KB) / 1e6
    return {
        "alarms": ALARMS * ALARM + COMPOSITE_ALARM,
        "custom metrics": JOBS * METRICS_OF_A_JOB * METRIC,
        "dashboard": DASHBOARD,
        "key of the alarms' topic": KEY,
        "logs": logged_gb * (LOGGED_GB + LOGS_KEPT_MONTHS * LOGS_KEPT_GB),
        "traces": (runs + watches + requests) / 1e6 * MILLION_TRACES,
        "Lambda": (runs + watches + requests) / 1e6 * PRICES.million_invocations
        + gb_seconds * PRICES.gb_second,
        "APIs": requests / 2 / 1e6 * (MILLION_GRAPHQL + MILLION_HTTP),
        "events of runs": runs / 1e6 * MILLION_EVENTS,
        "table of executions": (runs * RUN_WRITES + watches * WATCH_WRITES) * write
        + (runs * RUN_READS + watches * WATCH_READS + requests * REQUEST_READS) * read
        + records_gb * (STORED_GB + RECOVERABLE_GB),
        "reading the expiry index": DAYS * sweep.reads * read,
        "the daily reconciling scan": DAYS * size.live_rows * size.row_kb / 8 * read,
        "deleting rows": DAYS * sweep.deletes * write,
        "the expiry index's writes": DAYS * sweep.index_puts * write,
    }


def monthly() -> str:
    """Return each part of each installation, and the sums, as a table in Markdown."""
    computed = [lines(size) for size in INSTALLATIONS]
    rows = [(part, *(f"{each[part]:,.2f}" for each in computed)) for part in computed[0]]
    sums = ("**a month**", *(f"**{sum(each.values()):,.2f}**" for each in computed))
    return _table(("US dollars", *(size.name for size in INSTALLATIONS)), [*rows, sums])


def ways() -> str:
    """Return what removing the rows alone costs a month in each of the ways, as a table in Markdown."""
    rows = []
    for way in Way:
        costs = [
            DAYS
            * needs(way, Day(size.rows_a_day, size.row_kb, swept_share=0.001, runs=RUNS_A_DAY)).dollars(
                PRICES
            )
            for size in INSTALLATIONS
        ]
        rows.append((way.value, *(f"{cost:,.2f}" for cost in costs)))
    return _table(("US dollars a month", *(size.name for size in INSTALLATIONS)), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


if __name__ == "__main__":
    sys.stdout.write(f"{monthly()}\n\n{ways()}\n")
