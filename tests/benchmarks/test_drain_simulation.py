"""The simulation of a backlog's end: sums that can be done by hand, limits that must hold, and its page."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.pacing import Backoff
from benchmarks.drain_limits import TABLE_QUOTA, WINDOW_SECONDS, Limits, Ration, Table
from benchmarks.drain_runs import (
    ALL_SHARDS,
    NEW_TABLE,
    SCHEDULE_SECONDS,
    SWEEP_SECONDS,
    WARM_TABLE,
    Plan,
    drain,
)
from benchmarks.drain_simulation import drains, one_function, patience
from benchmarks.drain_speed import Client, Shards, speed

NO_LIMITS = Limits(table=math.inf, partition=math.inf, partitions=1)
ALONE: tuple[Shards, ...] = (ALL_SHARDS,)
PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


def beside_each_other(sweeps: int) -> tuple[Shards, ...]:
    return tuple((shard,) for shard in range(sweeps))


def test_without_limits_and_work_a_sweep_waits_for_its_answers_alone() -> None:
    client = Client(cpu_seconds=0.0, latency_seconds=0.1, in_flight=4)

    pace = speed(NO_LIMITS, client, ALONE)

    mean_latency = 0.1 * math.exp(0.3**2 / 2)  # of a lognormal distribution with that median
    assert pace.rows == pytest.approx(4 * 25 / mean_latency, rel=0.02)
    assert pace.throttled == 0
    assert pace.bound == "latency"


@pytest.mark.parametrize(("memory", "rows"), [(512, 1_447), (1_769, 5_000), (4_096, 5_000)])
def test_without_limits_a_sweep_is_as_fast_as_its_share_of_a_processor(memory: int, rows: int) -> None:
    pace = speed(NO_LIMITS, Client(memory_mb=memory), ALONE)

    assert pace.rows == pytest.approx(rows, rel=0.01)
    assert pace.bound == "client CPU"


def test_a_table_takes_a_row_for_each_unit_of_its_own() -> None:
    limits = Limits(table=2_000, partition=math.inf, partitions=1)

    pace = speed(limits, Client(), beside_each_other(3))

    assert pace.rows == pytest.approx(2_000, rel=0.02)
    assert pace.bound == "table"


@pytest.mark.parametrize("sweeps", [1, 4])
def test_one_partition_of_the_index_bounds_whoever_sweeps_in_it(sweeps: int) -> None:
    pace = speed(NEW_TABLE.of_one_partition(), Client(), beside_each_other(sweeps))

    assert 900 < pace.rows <= 1_000
    assert pace.bound == "index partitions"


@pytest.mark.parametrize("sweeps", [1, 2, 4])
@pytest.mark.parametrize("units", [4_000.0, 8_000.0])
def test_no_second_has_more_deletes_than_its_limit(units: float, sweeps: int) -> None:
    limits = Limits(table=units / 4, partitions=2)

    pace = speed(limits, Client(), beside_each_other(sweeps))

    assert 0 < pace.most <= units / 4


def test_no_window_has_more_deletes_than_its_share() -> None:
    ration = Ration(1_000)

    taken = 0
    while ration.holds(7):
        ration.take()
        taken += 1

    assert taken == 1_000 * WINDOW_SECONDS
    assert ration.holds(8)


def test_an_index_without_units_refuses_for_its_table_and_takes_nothing_from_it() -> None:
    table = Table(Limits(table=100 / WINDOW_SECONDS, partition=1 / WINDOW_SECONDS, partitions=2))

    assert table.delete([0, 2, 4, 1], at=0.0) == [2, 4]
    assert (table.refused_by_index, table.refused_by_table) == (2, 0)


def test_a_table_on_demand_grows_to_twice_its_peak_and_to_its_quota() -> None:
    grown = NEW_TABLE.grown(peak=3_000)

    assert (grown.table, grown.partitions) == (6_000, 6)
    assert NEW_TABLE.grown(peak=1_500) == NEW_TABLE
    assert NEW_TABLE.grown(peak=39_000).table == TABLE_QUOTA


def test_a_function_alone_drains_what_its_runs_have_time_for() -> None:
    a_run = int(speed(WARM_TABLE, Client(), ALONE).rows * SWEEP_SECONDS)

    drained = drain(2 * a_run + a_run // 2, Plan(concurrency=0), WARM_TABLE)

    assert drained.runs == drained.invocations == 3
    assert drained.seconds == pytest.approx(2 * SCHEDULE_SECONDS + SWEEP_SECONDS / 2, abs=1)
    assert drained.lambda_seconds == pytest.approx(2.5 * SWEEP_SECONDS, abs=1)
    assert drained.transitions == 0


def test_a_backlog_below_the_threshold_is_left_to_the_next_run() -> None:
    a_run = int(speed(WARM_TABLE, Client(), ALONE).rows * SWEEP_SECONDS)

    assert drain(a_run + 50_000, Plan(), WARM_TABLE).runs == 2
    assert drain(a_run + 50_001, Plan(), WARM_TABLE).runs == 1


def test_a_share_out_is_bound_by_the_partitions_of_its_shards() -> None:
    drained = drain(50_000_000, Plan(concurrency=16), WARM_TABLE)

    bound_seconds = drained.bounds["16 index partitions"]
    assert 0.9 < 49_600_000 / (16 * 1_000 * bound_seconds) <= 1


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 5_000_000), concurrency=st.sampled_from([0, 1, 8, 16]), warm=st.booleans())
def test_every_row_is_deleted_once_for_two_units(rows: int, concurrency: int, warm: bool) -> None:
    drained = drain(rows, Plan(concurrency), WARM_TABLE if warm else NEW_TABLE)

    assert drained.deleted == rows
    assert drained.write_units == 2 * rows
    assert sum(drained.bounds.values()) == pytest.approx(drained.seconds)


def test_a_backlog_that_is_not_shared_out_may_take_longer_than_a_larger_one_that_is() -> None:
    assert drain(450_000, Plan(), WARM_TABLE).seconds > drain(600_000, Plan(), WARM_TABLE).seconds


@pytest.mark.parametrize("concurrency", [0, 8, 16])
def test_more_rows_that_drain_the_same_way_never_drain_sooner(concurrency: int) -> None:
    backlogs = [700_000, 701_000, 1_000_000, 3_000_000, 9_000_000]

    seconds = [drain(rows, Plan(concurrency), WARM_TABLE).seconds for rows in backlogs]

    assert seconds == sorted(seconds)


def test_more_parts_at_once_are_never_slower_while_each_has_a_partition() -> None:
    seconds = [drain(9_000_000, Plan(concurrency), WARM_TABLE).seconds for concurrency in (1, 2, 4, 8, 16)]

    assert seconds == sorted(seconds, reverse=True)


def test_parts_that_fail_are_drained_by_a_later_run() -> None:
    drained = drain(1_000_000, Plan(concurrency=16, client=Client(attempts=8)), NEW_TABLE)

    assert drained.parts_failed > 0
    assert drained.runs > 1
    assert drained.deleted == 1_000_000
    assert drained.gave_up < drained.invocations


def test_what_a_drain_costs() -> None:
    drained = drain(1_000_000, Plan(concurrency=0), WARM_TABLE)

    dynamodb, functions, steps = drained.dollars(memory_mb=512)

    assert dynamodb == pytest.approx(2 * 0.625 + 0.0125 * 0.125)
    assert functions == pytest.approx(drained.lambda_seconds / 2 * 0.0000133334 + 3 * 0.2e-6)
    assert steps == 0


def test_the_same_sweeps_come_out_the_same() -> None:
    pace = speed(NEW_TABLE, Client(), beside_each_other(2))

    assert speed.__wrapped__(NEW_TABLE, Client(), beside_each_other(2)) == pace


def test_a_simulated_batch_has_as_many_attempts_as_a_real_one() -> None:
    assert Client().attempts == Backoff(time.sleep, random.random).attempts


@pytest.mark.parametrize("table", [drains, patience, one_function])
def test_the_page_holds_what_the_program_prints(table: object) -> None:
    assert callable(table)
    assert f"\n\n{table()}\n\n" in PAGE.read_text()
