"""The dashboard: JSON that CloudWatch takes, about metrics and alarms that there are."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from barycenter_jobs.core.jobs import JOBS
from tests.template.alarms import STACK, alarms
from tests.template.reading import FOLDERS, resources, template
from tests.template.test_alarms import OF_AWS, what_the_watchdog_tells

SCREEN = 24  # columns


def body() -> str:
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    text: str = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    return text


def widgets() -> list[Any]:
    document = json.loads(body())
    assert document.keys() == {"start", "periodOverride", "widgets"}
    found: list[Any] = document["widgets"]
    return found


def graphs() -> list[Any]:
    return [widget["properties"] for widget in widgets() if widget["type"] == "metric"]


def test_every_placeholder_is_replaced_by_cloudformation() -> None:
    known = template()["Resources"].keys() | template()["Parameters"].keys()

    for name in re.findall(r"\$\{([^}]+)\}", body()):
        assert name.startswith("AWS::") or name.split(".")[0] in known
    assert len(body()) < 100_000


def test_widgets_stand_beside_each_other_and_not_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets():
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert max(x for x, _ in cells) < SCREEN
        assert not cells & taken
        taken |= cells


def test_every_metric_exists(capsys: pytest.CaptureFixture[str]) -> None:
    told = what_the_watchdog_tells(capsys)

    for graph in graphs():
        assert graph["region"] == "${AWS::Region}"
        for namespace, name, *dimensions, label in graph["metrics"]:
            keys = dimensions[::2]
            assert label.keys() == {"label"}
            if namespace == "BarycenterJobs":
                assert keys == told[name]
                assert dimensions[3] == "${AWS::StackName}"
            else:
                assert keys == OF_AWS[namespace, name]


def test_a_graph_of_jobs_shows_all_four_and_one_of_functions_all_seven() -> None:
    for graph in graphs():
        namespaces = {metric[0] for metric in graph["metrics"]}
        if namespaces == {"BarycenterJobs"}:
            assert [metric[3] for metric in graph["metrics"]] == [job.name for job in JOBS]
        if namespaces == {"AWS/Lambda"}:
            assert [metric[-1]["label"] for metric in graph["metrics"]] == FOLDERS


def test_what_health_is_made_of_is_on_the_screen() -> None:
    shown = {metric[1] for graph in graphs() for metric in graph["metrics"]}

    assert shown >= {
        "SecondsSinceLastSuccess",
        "LateSeconds",
        "ConsecutiveFailures",
        "BacklogRows",
        "QuarantinedRows",
        "RunningMinutes",
        "Paused",
        "ApproximateNumberOfMessagesVisible",
    }


def test_alarms_come_first_and_are_those_of_the_stack() -> None:
    first, *_ = widgets()
    prefix = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-"
    shown = {arn.removeprefix(prefix) for arn in first["properties"]["alarms"]}
    of_functions = ("Throttled", "NearTimeout")
    expected = {
        alarm.name for alarm in alarms() if alarm.logical_id not in of_functions and not alarm.optional
    }

    assert (first["type"], first["y"]) == ("alarm", 0)
    assert {f"{STACK}-{name}" for name in shown} == expected
    assert len(first["properties"]["alarms"]) <= 100
