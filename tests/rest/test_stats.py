"""`/api/executions/stats`: the documented figures and ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.operations.read_statistics import ReadStatistics
from tests.graphql.service import History, service
from tests.rest.asking import Ask, asking

TOTALS = ["total_executions", "success_count", "error_count", "success_rate", "average_duration_ms"]


def test_the_figures_are_as_documented(ask: Ask) -> None:
    stats = ask("/api/executions/stats").json

    assert {name: stats[name] for name in TOTALS} == {
        "total_executions": 41,
        "success_count": 36,
        "error_count": 4,
        "success_rate": 90.0,
        "average_duration_ms": 7800.8,
    }
    assert list(stats["by_handler"]) == [job.function for job in JOBS]
    sessions = stats["by_handler"]["cleanup_sessions"]
    assert list(sessions)[:3] == ["total", "success", "error"]
    assert (sessions["total"], sessions["success"], sessions["success_count"]) == (3, 2, 2)
    assert (sessions["error"], sessions["error_count"]) == (1, 1)
    assert (sessions["success_rate"], sessions["avg_duration_ms"]) == (66.67, 1500.0)
    assert stats["by_job"]["cleanup_expired_sessions"] == sessions


def test_the_figures_of_all_are_those_of_each_together(ask: Ask) -> None:
    stats = ask("/api/executions/stats").json

    each = stats["by_handler"].values()
    assert sum(figures["total"] for figures in each) == stats["total_executions"]
    assert sum(figures["records_processed"] for figures in each) == stats["records_processed"]
    assert stats["total_executions"] == sum(
        stats[f"{status}_count"] for status in ("success", "error", "skipped", "cancelled")
    )


def test_nothing_is_no_division_by_zero() -> None:
    stats = asking(service(MemoryExecutionLog()))("/api/executions/stats").json

    assert [stats[name] for name in TOTALS] == [0, 0, 0, 0.0, 0.0]
    assert stats["p50_ms"] is None


@pytest.mark.parametrize(("most", "utilization"), [(None, 0.0), (100, 0.41), (41, 1.0), (10, 1.0)])
def test_the_utilization_is_always_a_number(most: int | None, utilization: float) -> None:
    log = History()
    ask = asking(replace(service(log), read_statistics=ReadStatistics(log, most)))

    found = ask("/api/executions/stats").json["buffer_utilization"]

    assert isinstance(found, float)
    assert found == utilization


def test_one_job_may_be_asked_for_by_either_name(ask: Ask) -> None:
    by_job = ask("/api/executions/stats?job_id=cleanup_expired_sessions").json
    by_handler = ask("/api/executions/stats?handler_id=cleanup_sessions").json

    assert by_job == by_handler
    assert (by_job["total_executions"], list(by_job["by_handler"])) == (3, ["cleanup_sessions"])
    assert ask("/api/executions/stats?job_id=dingdong").json["by_handler"] == {}


def test_what_is_cleared_stays_in_the_lifetime() -> None:
    ask = asking()
    ask("/api/executions/clear", "POST")

    stats = ask("/api/executions/stats").json

    assert (stats["total_executions"], stats["lifetime"]["total_executions"]) == (0, 41)
