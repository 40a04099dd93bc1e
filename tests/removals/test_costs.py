"""What removing rows costs in each way, recounted by hand."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from barycenter_jobs.core.costs import Day, DayPrices, Way, account_batches, needs
from benchmarks.ttl_day import replay, ttl_day, ttl_table
from console.cli.group import cli

MILLION = 1_000_000
PAGE = (Path(__file__).parents[2] / "docs" / "ttl.md").read_text()


def test_a_sweep_pays_for_each_delete_and_each_index_entry_twice() -> None:
    swept = needs(Way.SWEEP, Day(MILLION))

    assert swept.index_puts == MILLION  # once when it is written
    assert swept.deletes == 2 * MILLION  # the row, and its entry when it goes
    assert swept.dollars(DayPrices()) == pytest.approx(3 * 0.625, rel=0.01)


def test_ttl_alone_costs_nothing_but_in_other_regions() -> None:
    assert needs(Way.TTL_ALONE, Day(MILLION)).dollars(DayPrices()) == 0
    assert needs(Way.TTL_ALONE, Day(MILLION, replicas=2)).replicated == 4 * MILLION


def test_ttl_first_pays_for_its_accounts_and_for_what_ttl_leaves() -> None:
    day = Day(10 * MILLION, 0.5, swept_share=0.01)
    first = needs(Way.TTL_FIRST, day)

    assert first.deletes == 200_000
    assert first.index_puts == 10 * MILLION
    # Batches are full: each is two pages of 4 KB and 4 KB of counters, twice for the transaction.
    assert first.accounts == account_batches(9_900_000, 4) * 2 * (2 * 4 + 4)
    assert first.dollars(DayPrices()) < needs(Way.SWEEP, day).dollars(DayPrices()) * 0.4


@given(
    rows=st.integers(0, 10**8),
    kb=st.floats(0.01, 400),
    indexes=st.integers(0, 5),
    share=st.floats(0, 1),
    replicas=st.integers(0, 3),
)
def test_nothing_costs_less_than_nothing(
    rows: int, kb: float, indexes: int, share: float, replicas: int
) -> None:
    day = Day(rows, kb, indexes, share, replicas=replicas)

    costs = {way: needs(way, day).dollars(DayPrices()) for way in Way}

    assert 0 <= costs[Way.TTL_ALONE] <= costs[Way.TTL_FIRST]
    assert needs(Way.TTL_FIRST, day).deletes <= needs(Way.SWEEP, day).deletes


def test_prices_are_settings() -> None:
    swept = needs(Way.SWEEP, Day(MILLION))

    assert swept.dollars(DayPrices(0, 0, 0, 0, 0)) == 0
    assert swept.dollars(DayPrices(million_write_units=1.25)) == pytest.approx(
        swept.dollars(DayPrices()) * 2, rel=0.01
    )


def test_the_command_compares_the_three_ways() -> None:
    answer = CliRunner().invoke(cli, ["cost", "--rows-per-day", "1000000", "--row-kb", "0.5", "--json"])

    assert answer.exit_code == 0
    ways = json.loads(answer.stdout)["ways"]
    assert set(ways) == {"sweep", "ttl-first", "ttl alone"}
    assert ways["sweep"]["writeUnits"] == 3 * MILLION
    assert ways["ttl alone"]["dollarsPerDay"] == 0


def test_the_page_shows_what_the_command_prints() -> None:
    (example,) = re.findall(r"^```console\n\$ barycenter-jobs (.*)\n((?:.*\n)+?)```$", PAGE, re.MULTILINE)

    assert CliRunner().invoke(cli, shlex.split(example[0])).stdout == example[1]


@pytest.mark.parametrize("arguments", [[], ["--rows-per-day", "-1"], ["--rows-per-day", "x"]])
def test_the_command_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    answer = CliRunner().invoke(cli, ["cost", *arguments])

    assert answer.exit_code == 2
    assert "Traceback" not in answer.output


def test_the_simulated_day_keeps_the_bound_and_is_the_same_each_time() -> None:
    patience = 48 * 3600.0
    swept, first, alone = replay(20_000, seed=3, patience_seconds=patience)

    assert (swept, first, alone) == tuple(replay(20_000, seed=3, patience_seconds=patience))
    assert swept.lateness.latest <= 3600
    assert first.lateness.latest <= patience + 3600 < alone.lateness.latest
    assert 0 < first.swept < 0.05 * 20_000
    assert alone.write_units == 0 < first.write_units
    assert first.account_units > 0 == swept.account_units


def test_the_simulated_day_is_shown_as_a_table() -> None:
    said: list[str] = []

    shown = ttl_table(ttl_day(500, 1, 172_800, said.append))

    assert len(said) == 1
    assert [line.split("|")[1].strip() for line in shown.splitlines()[2:]] == [
        "sweep",
        "ttl-first",
        "ttl alone",
    ]
