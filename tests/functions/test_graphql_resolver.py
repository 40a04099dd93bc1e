"""The function behind AppSync."""

from __future__ import annotations

import pytest

from barycenter_jobs.core.errors import InvalidEvent, InvalidLimit
from barycenter_jobs.core.executions import Start, Trigger, TriggerKind
from barycenter_jobs.core.jobs import DEVICE_CODES, SESSIONS
from tests.functions.conftest import Load, Stack
from tests.functions.loading import sample
from tests.graphql.service import ALICE, NOW


def test_the_jobs_are_listed(function: Load, stack: Stack) -> None:
    answer = function("graphql_resolver")(sample("appsync_available_jobs"))

    assert [(job["name"], job["schedule"]) for job in answer] == [
        ("cleanup_expired_sessions", "0 0 * * * *"),
        ("cleanup_expired_refresh_tokens", "0 30 * * * *"),
        ("cleanup_expired_challenges", "0 */5 * * * *"),
        ("cleanup_expired_device_codes", "0 45 * * * *"),
    ]
    assert stack.log.get(1) is None


def test_the_runs_of_one_job_are_read(function: Load, stack: Stack) -> None:
    for number, job in enumerate([SESSIONS, DEVICE_CODES, SESSIONS]):
        stack.log.start(Start(job, Trigger(TriggerKind.SCHEDULE), f"event-{number}"), NOW)

    answer = function("graphql_resolver")(sample("appsync_job_logs"))

    assert [(run["id"], run["jobName"], run["startedAt"]) for run in answer] == [
        ("3", "cleanup_expired_sessions", "2026-02-14T12:10:00Z"),
        ("1", "cleanup_expired_sessions", "2026-02-14T12:10:00Z"),
    ]


def test_a_job_is_triggered_in_the_name_of_who_asked(function: Load, stack: Stack) -> None:
    answer = function("graphql_resolver")(sample("appsync_trigger_job"))

    assert answer == {
        "success": True,
        "message": "Job cleanup_expired_sessions triggered successfully",
        "jobName": "cleanup_expired_sessions",
        "executionId": "1",
    }
    ((invoked, execution),) = stack.invoker.invocations
    assert invoked == "cleanup_sessions"
    assert execution.trigger == Trigger(TriggerKind.MANUAL, ALICE)


def test_a_mistake_of_the_caller_fails_the_field(function: Load, stack: Stack) -> None:
    event = sample("appsync_job_logs")
    event["arguments"]["limit"] = 1001

    with pytest.raises(InvalidLimit, match=r"^limit must be between 1 and 1000, not 1001$"):
        function("graphql_resolver")(event)
    assert stack.log.get(1) is None


@pytest.mark.parametrize("name", ["eventbridge_cleanup_sessions", "httpapi_job_logs"])
def test_the_event_of_another_way_in_is_refused(name: str, function: Load, stack: Stack) -> None:
    with pytest.raises(InvalidEvent, match="AppSync"):
        function("graphql_resolver")(sample(name))
    assert stack.invoker.invocations == []
