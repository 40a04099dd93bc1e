"""`barycenter-jobs cost`: what removing expired rows costs in each of the ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import click

from barycenter_jobs.core.costs import Day, DayPrices, Way, needs
from console.cli.money import number
from console.cli.output import Cell, Column, Output
from console.cli.pace import Clock

Command = TypeVar("Command", bound=Callable[..., Any])

_PRICES = DayPrices()
_COLUMNS = (
    Column("way"),
    Column("index puts", right=True),
    Column("deletes", right=True),
    Column("accounts", right=True),
    Column("read units", right=True),
    Column("invocations", right=True),
    Column("usd/day", right=True),
    Column("usd/month", right=True),
)


def _price(of: str) -> Callable[[Command], Command]:
    """Return what gives a command the option to name this price, by default the one of `DayPrices`."""
    return click.option(
        f"--{of}-price",
        type=click.FloatRange(min=0),
        default=asdict(_PRICES)[of.replace("-", "_")],
        show_default=True,
        help="US dollars.",
    )


@click.command(short_help="Compare what sweeping, TTL first and TTL alone cost.")
@click.option("--rows-per-day", type=click.IntRange(min=0), required=True, help="How many rows expire a day.")
@click.option(
    "--row-kb", type=click.FloatRange(0, 400), default=1.0, show_default=True, help="A row's size in KB."
)
@click.option(
    "--indexes",
    type=click.IntRange(0, 20),
    default=1,
    show_default=True,
    help="Indexes that hold an entry of each row, expiry-index among them.",
)
@click.option(
    "--swept-percent",
    type=click.FloatRange(0, 100),
    default=0.1,
    show_default=True,
    help="The rows that TTL has not taken by the end of its patience.",
)
@click.option(
    "--replicas",
    type=click.IntRange(0, 30),
    default=0,
    show_default=True,
    help="Other Regions of a global table, in which every delete is billed.",
)
@_price("million-write-units")
@_price("million-read-units")
@_price("million-replicated-write-units")
@_price("million-invocations")
@_price("gb-second")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
@click.pass_obj
def cost(
    clock: Clock,
    *,
    rows_per_day: int,
    row_kb: float,
    indexes: int,
    swept_percent: float,
    replicas: int,
    million_write_units_price: float,
    million_read_units_price: float,
    million_replicated_write_units_price: float,
    million_invocations_price: float,
    gb_second_price: float,
    as_json: bool,
) -> None:
    """Compare what it costs to have expired rows removed by the sweep, by TTL first, and by TTL alone.

    Asks nobody: it is arithmetic over prices that are options, those of us-east-1 in November 2026 unless
    given. index puts are the write units that the expiry index takes when rows are written, which TTL alone
    does not need; deletes those of the deletes, with indexes; accounts those of counting what TTL removed.

    \b
    Examples:
      barycenter-jobs cost --rows-per-day 10000000 --row-kb 0.5
      barycenter-jobs cost --rows-per-day 100000 --million-write-units-price 0.7
    """
    day = Day(rows_per_day, row_kb, indexes, swept_percent / 100, replicas=replicas)
    prices = DayPrices(
        million_write_units_price,
        million_read_units_price,
        million_replicated_write_units_price,
        million_invocations_price,
        gb_second_price,
    )
    output = Output(clock, as_json=as_json)
    ways = {way: needs(way, day) for way in Way}
    if as_json:
        output.json(
            {
                "day": asdict(day),
                "prices": asdict(prices),
                "ways": {
                    way.value: asdict(needed)
                    | {"writeUnits": needed.write_units, "dollarsPerDay": needed.dollars(prices)}
                    for way, needed in ways.items()
                },
            }
        )
        return
    output.table(
        _COLUMNS,
        [
            (
                Cell(way.value),
                Cell(number(needed.index_puts)),
                Cell(number(needed.deletes + needed.replicated)),
                Cell(number(needed.accounts)),
                Cell(number(round(needed.reads))),
                Cell(number(needed.invocations)),
                Cell(f"{needed.dollars(prices):,.4f}"),
                Cell(f"{30 * needed.dollars(prices):,.2f}"),
            )
            for way, needed in ways.items()
        ],
    )
