"""The watchdog function: a minute's event in, dead runs closed and metrics out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import CHALLENGES, DEVICE_CODES, JOBS, SESSIONS
from barycenter_jobs.core.pauses import Pause
from tests.functions.conftest import Load, Stack
from tests.functions.loading import REQUEST_ID, Json, sample
from tests.graphql.service import NOW

EVENT = "eventbridge_watchdog"


def test_the_watchdog_closes_dead_runs_and_answers_with_each_jobs_state(function: Load, stack: Stack) -> None:
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
    stack.log.start(start, NOW - timedelta(minutes=1))
    stack.log.start(Start(CHALLENGES, Trigger(TriggerKind.SCHEDULE), "event-2"), NOW)
    stack.controls.pause(DEVICE_CODES, Pause("alice", NOW))

    answer = function("watchdog")(sample(EVENT))

    assert answer == {
        "deadRunsClosed": [{"executionId": "1", "jobName": SESSIONS.name}],
        "jobs": {
            "cleanup_expired_sessions": "failing",
            "cleanup_expired_refresh_tokens": "waiting",
            "cleanup_expired_challenges": "running",
            "cleanup_expired_device_codes": "paused",
        },
        "recordsPruned": 0,
    }
    closed = stack.log.get(1)
    assert closed is not None
    assert closed.status is Status.TIMEOUT


def test_a_run_that_lambda_repeats_after_its_record_was_closed_is_the_next_attempt(
    function: Load, stack: Stack
) -> None:
    event = sample("eventbridge_cleanup_sessions")
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), event["id"], worker="died")
    stack.log.start(start, NOW - timedelta(minutes=1))
    function("watchdog")(sample(EVENT))

    answer = function("cleanup_sessions")(event)

    assert (answer["executionId"], answer["status"]) == ("2", "success")
    second = stack.log.get(2)
    assert second is not None
    assert second.attempt_number == 2


def test_the_watchdog_removes_records_whose_retention_is_over(function: Load, stack: Stack) -> None:
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
    old = stack.log.start(start, NOW - timedelta(days=91))
    stack.log.finish(old.finished(Status.SUCCESS, NOW - timedelta(days=91)))

    answer = function("watchdog")(sample(EVENT))

    assert answer["recordsPruned"] == 1
    assert stack.log.get(1) is None
    assert stack.log.statistics(SESSIONS.name).total == 0
    assert stack.log.lifetime(SESSIONS.name).total == 1


@pytest.mark.parametrize("event", [{}, None, "now"])
def test_whatever_the_event_is_it_watches(event: object, function: Load, stack: Stack) -> None:
    assert set(function("watchdog")(event)["jobs"]) == {job.name for job in JOBS}
    assert stack.log.get(1) is None


def test_a_paused_job_is_skipped_by_its_schedule_and_the_function_succeeds(
    function: Load, stack: Stack
) -> None:
    stack.controls.pause(SESSIONS, Pause("alice", NOW, "moving the table"))

    for name in ("eventbridge_cleanup_sessions", "eventbridge_reconcile_sessions"):
        answer = function("cleanup_sessions")(sample(name))

        assert (answer["status"], answer["success"]) == ("skipped", None)
        assert answer["warnings"] == ["Skipped: the job is paused by alice: moving the table."]
    assert len(stack.tables[SESSIONS.name].rows) == 3


def test_the_log_holds_a_line_of_metrics_for_each_job_and_one_outcome(
    function: Load, stack: Stack, logged: Callable[[], list[Json]]
) -> None:
    event = sample(EVENT)

    answer = function("watchdog")(event)

    *metrics, outcome = logged()
    assert [line["job"] for line in metrics] == [job.name for job in JOBS]
    assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in metrics} == {"BarycenterJobs"}
    assert outcome["message"] == "watch finished"
    assert {name: outcome[name] for name in answer} == answer
    assert (outcome["correlation_id"], outcome["function_request_id"]) == (event["id"], REQUEST_ID)
    assert stack.log.running() == []
