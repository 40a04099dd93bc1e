"""Every alarm on a metric of ours names one that the deployed functions tell, down to the last dimension.

The functions are put together by `bootstrap` from the environment that template.yaml gives them, on an
engine. What they print is what Lambda hands to CloudWatch.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import boto3
import pytest

from barycenter_jobs.bootstrap import cleanups, watchdog
from barycenter_jobs.core.jobs import JOBS
from tests.engine import client, create_table
from tests.functions.loading import load, sample
from tests.permissions.policies import environment, function_name
from tests.template.alarms import STACK, alarms

TABLES = ("sessions", "refresh_tokens", "webauthn_challenges", "device_codes", "job_executions")
NOBODY = "http://127.0.0.1:9"
_numbers = itertools.count(1)

Invoke = Callable[[str, object], Any]


class Metric(NamedTuple):
    """A metric as CloudWatch tells one from another."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@pytest.fixture
def invoke(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Functions in the environment that a stack named STACK gives them; its event bus does not answer."""
    dynamodb = client(engine)
    for table in set(dynamodb.list_tables()["TableNames"]) & set(TABLES):
        dynamodb.delete_table(TableName=table)
    for table in TABLES:
        create_table(dynamodb, table, table)
    made = (cleanups.cleanup, watchdog.watch)

    def invoked(folder: str, event: object) -> Any:  # noqa: ANN401 - any JSON
        for name, value in environment(folder).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("STACK_NAME", STACK)
        monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", engine)
        monkeypatch.setenv("EVENTS_ENDPOINT_URL", NOBODY)
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function_name(folder))
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"told_{next(_numbers)}")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        for each in made:
            each.cache_clear()
        return load(folder, f"told_{next(_numbers)}")(event)

    yield invoked
    for each in made:
        each.cache_clear()
    for table in TABLES:
        dynamodb.delete_table(TableName=table)


def told(printed: str) -> set[Metric]:
    """Return the metrics that CloudWatch makes of these lines."""
    found = set()
    for line in printed.splitlines():
        body = json.loads(line)
        for directive in body.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                dimensions = frozenset((name, str(body[name])) for name in names)
                for metric in directive["Metrics"]:
                    assert metric["Name"] in body
                    found.add(Metric(directive["Namespace"], metric["Name"], dimensions))
    return found


def watched() -> dict[str, set[Metric]]:
    """Return the metrics of ours that alarms watch, by the alarms' logical ids."""
    found: dict[str, set[Metric]] = {}
    for alarm in alarms():
        if alarm.properties["Namespace"] == "BarycenterJobs":
            dimensions = frozenset((each["Name"], each["Value"]) for each in alarm.properties["Dimensions"])
            metric = Metric("BarycenterJobs", alarm.properties["MetricName"], dimensions)
            found.setdefault(alarm.logical_id, set()).add(metric)
    return found


def test_the_first_minute_of_the_watchdog_tells_all_that_its_alarms_watch(
    invoke: Invoke, capsys: pytest.CaptureFixture[str]
) -> None:
    invoke("watchdog", sample("eventbridge_watchdog"))

    expected = set().union(*(metrics for alarm, metrics in watched().items() if alarm != "NotTold"))
    assert len(expected) == 4 * 7
    assert told(capsys.readouterr().out) >= expected


def test_a_run_of_which_the_bus_took_no_news_tells_the_metric_of_its_alarm(
    invoke: Invoke, capsys: pytest.CaptureFixture[str]
) -> None:
    for job in JOBS:
        answer = invoke(job.function, {**sample("eventbridge_cleanup_sessions"), "id": job.name})
        assert answer["status"] == "success"

    assert told(capsys.readouterr().out) == watched()["NotTold"]
    assert len(watched()["NotTold"]) == 4
