"""How a backlog drains: `python -m benchmarks.drain_simulation` prints the tables of docs/scale.md.

Read it from here: `drain_runs` has the runs and share-outs of a backlog, `drain_speed` how fast sweeps are
beside each other, `drain_limits` what DynamoDB takes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.drain_runs import ALL_SHARDS, NEW_TABLE, SWEEP_SECONDS, WARM_TABLE, Drain, Plan, drain
from benchmarks.drain_speed import Client, speed


def drains() -> str:
    """Return every backlog, table and way of draining it, as a table in Markdown."""
    head = (
        "rows", "table", "parts at once", "drained in", "runs", "invocations", "of them failed",
        "parts failed", "throttled", "M write units", "DynamoDB", "Lambda", "Step Functions",
        "mostly bound by",
    )  # fmt: skip
    return _table(
        head,
        [
            (f"{rows:,}", table, str(concurrency or "none"), *_cells(drain(rows, Plan(concurrency), limits)))
            for rows in (1_000_000, 10_000_000, 100_000_000)
            for table, limits in (("new", NEW_TABLE), ("warm", WARM_TABLE))
            for concurrency in (0, 8, 16)
        ],
    )


def one_function() -> str:
    """Return what one function does alone for each size of its memory, as a table in Markdown."""
    clients = [Client(memory_mb=megabytes) for megabytes in (512, 1_024, 1_769)]
    rows = []
    for client in clients:
        pace = speed(WARM_TABLE, client, (ALL_SHARDS,))
        drained = drain(10_000_000, Plan(0, client=client), WARM_TABLE)
        rows.append((
            f"{client.memory_mb:,} MB",
            f"{pace.rows:,.0f}",
            f"{pace.rows * SWEEP_SECONDS:,.0f}",
            _duration(10_000_000 / pace.rows),
            _duration(drained.seconds),
            _dollars(drained.dollars(client.memory_mb)[1]),
            pace.bound,
        ))  # fmt: skip
    head = (
        "memory",
        "rows/s",
        "rows a run",
        "10 M rows without a break",
        "by hourly runs",
        "Lambda",
        "bound by",
    )
    return _table(head, rows)


def patience() -> str:
    """Return how 10 million rows of a new table drain, by a batch's attempts, as a table in Markdown."""
    attempts = (8, 20)
    rows = []
    for concurrency in (4, 8, 16):
        plans = [Plan(concurrency, client=Client(attempts=number)) for number in attempts]
        drained = [drain(10_000_000, plan, NEW_TABLE) for plan in plans]
        rows.append((
            str(concurrency),
            *(f"{_duration(each.seconds)}, {each.gave_up} failed" for each in drained),
        ))  # fmt: skip
    return _table(("parts at once", *(f"{number} attempts" for number in attempts)), rows)


def report() -> str:
    """Return all tables."""
    return f"{drains()}\n\n{patience()}\n\n{one_function()}\n"


def main() -> None:
    """Print all tables."""
    sys.stdout.write(report())


def _cells(drained: Drain) -> tuple[str, ...]:
    return (
        _duration(drained.seconds),
        f"{drained.runs:,}",
        f"{drained.invocations:,}",
        f"{drained.gave_up:,}",
        f"{drained.parts_failed:,}",
        f"{drained.throttled / drained.requests:.0%}",
        f"{drained.write_units / 1e6:,.0f}",
        *(_dollars(dollars) for dollars in drained.dollars(Client().memory_mb)),
        drained.bounds.most_common(1)[0][0],
    )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return f"{days} d {hours} h" if days else f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _dollars(dollars: float) -> str:
    return f"${dollars:,.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


if __name__ == "__main__":
    main()
