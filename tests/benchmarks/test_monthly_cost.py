"""The monthly costs: they count what the template makes, and docs/costs.md holds what they come to."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from benchmarks.monthly_cost import (
    ALARMS,
    DAYS,
    INSTALLATIONS,
    JOBS,
    METRICS_OF_A_JOB,
    REQUEST_GB,
    RUN_GB,
    RUNS_A_DAY,
    WATCH_GB,
    WATCHES_A_DAY,
    Installation,
    lines,
    monthly,
    ways,
)
from tests.template.alarms import alarms
from tests.template.reading import CLEANUPS, functions, resources

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "costs.md"


def test_the_alarms_are_those_of_a_stack_without_options() -> None:
    assert sum(not alarm.optional for alarm in alarms()) == ALARMS
    assert len(resources("AWS::CloudWatch::CompositeAlarm")) == 1


def test_the_metrics_are_those_that_the_watchdog_tells_of_each_job() -> None:
    told = (ROOT / "docs" / "operations.md").read_text()
    section = told[told.index("## The watchdog") : told.index("## Runbook")]
    always = re.findall(r"^\| `(\w+)` \|(?!.*absent otherwise)", section, re.MULTILINE)

    assert len(always) == METRICS_OF_A_JOB
    assert len(CLEANUPS) == JOBS


def test_there_is_one_dashboard_and_one_key() -> None:
    assert len(resources("AWS::CloudWatch::Dashboard")) == 1
    assert len(resources("AWS::KMS::Key")) == 1


def test_the_runs_are_those_of_the_default_schedules() -> None:
    day = 24 * 3600

    assert sum(day // cleanup.interval_seconds for cleanup in CLEANUPS) + len(CLEANUPS) == RUNS_A_DAY
    assert day // 60 == WATCHES_A_DAY


def test_the_sizes_of_memory_are_the_templates() -> None:
    made = {name: properties["MemorySize"] / 1024 for name, properties in functions().items()}

    assert {made[cleanup.folder] for cleanup in CLEANUPS} == {RUN_GB}
    assert made["watchdog"] == WATCH_GB
    assert {made["graphql_resolver"], made["http_api"]} == {REQUEST_GB}


def test_a_million_rows_cost_what_two_write_units_each_cost() -> None:
    size = Installation("a million a day", 1_000_000, 0, 0)

    assert lines(size)["deleting rows"] == pytest.approx(DAYS * 2 * 0.625)
    assert lines(size)["the expiry index's writes"] == pytest.approx(DAYS * 0.625)


def test_nothing_costs_less_than_nothing_and_more_costs_more() -> None:
    small, medium, large = (lines(size) for size in INSTALLATIONS)

    for part in small:
        assert 0 < small[part] <= medium[part] <= large[part]


def test_the_sum_is_of_what_stands_above_it() -> None:
    rows = [line.strip("| ").split(" | ") for line in monthly().splitlines()[2:]]
    *parts, sums = [[float(cell.strip("*").replace(",", "")) for cell in row[1:]] for row in rows]

    for column, total in enumerate(sums):
        assert math.isclose(sum(part[column] for part in parts), total, abs_tol=0.005 * len(parts))


@pytest.mark.parametrize("table", [monthly, ways], ids=lambda table: table.__name__)
def test_the_page_holds_what_the_program_prints(table: object) -> None:
    assert callable(table)
    assert table() in PAGE.read_text()
