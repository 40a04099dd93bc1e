"""The lines that the stack prints."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from barycenter_jobs.core.counts import Counts
from console.count_words import COUNT_WORDS
from console.local_stack.functions import Invocation
from console.local_stack.report import Addresses, invocation_line, ready_lines
from console.local_stack.template import Function, Route

JOBS = {"CleanupSessionsFunction": "cleanup_expired_sessions"}
ANSWER = {
    "executionId": "7",
    "jobName": "cleanup_expired_sessions",
    "status": "success",
    "success": True,
    "recordsProcessed": 15,
    "deleted": 15,
    "becameLive": 2,
    "alreadyGone": 0,
    "failed": 0,
    "uncertain": 0,
    "quarantined": 1,
    "durationMs": 120,
    "errorMessage": None,
}


def line(event: object, function: str = "CleanupSessionsFunction", **how: Any) -> str | None:  # noqa: ANN401
    invocation = Invocation(
        request_id="r",
        function=Function(function, Path()),
        event=event,
        started_at=datetime(2026, 2, 14, 12, 0, 5, tzinfo=UTC),
        seconds=0.5,
        **how,
    )
    return invocation_line(invocation, JOBS)


def test_a_run_is_told_with_its_counts() -> None:
    assert line({"source": "aws.events", "detail": {}}, value=ANSWER) == (
        "12:00:05Z  cleanup_expired_sessions #7  "
        "success, 15 deleted, 2 became live, 1 quarantined, 120 ms, by rule"
    )


def test_every_count_has_a_word_that_is_told() -> None:
    assert list(COUNT_WORDS) == list(Counts().named())

    told = line({"source": "aws.events"}, value=ANSWER | Counts(*range(1, 8)).named())

    assert told is not None
    assert told.endswith(
        "1 deleted, 2 became live, 3 already gone, 4 failed, 5 uncertain, 6 quarantined, 7 stamped, "
        "120 ms, by rule"
    )


def test_a_run_that_found_nothing_says_so() -> None:
    nothing = ANSWER | {"deleted": 0, "becameLive": 0, "quarantined": 0}

    assert line({"source": "aws.events"}, value=nothing) == (
        "12:00:05Z  cleanup_expired_sessions #7  success, 0 deleted, 120 ms, by rule"
    )


def test_a_dry_run_says_what_a_run_would_delete() -> None:
    dry = ANSWER | {"deleted": 0, "dryRun": True, "backlogRemaining": 78}

    assert line({"source": "barycenter.jobs", "detail": {"executionId": "7"}}, value=dry) == (
        "12:00:05Z  cleanup_expired_sessions #7  success, dry run: 78 would be deleted, 120 ms, by trigger"
    )


def test_a_failed_run_is_told_with_its_error_in_one_line() -> None:
    event = {"source": "barycenter.jobs", "detail": {"executionId": "8"}}

    assert line(
        event, error={"errorType": "JobFailed", "errorMessage": "the table\nis gone"}, retry_in_seconds=60.0
    ) == (
        "12:00:05Z  cleanup_expired_sessions #8  "
        "failed, JobFailed: the table is gone, repeated in 60 s, 500 ms, by trigger"
    )


@pytest.mark.parametrize(
    ("event", "way_in"),
    [
        ({"source": "aws.events"}, "by rule"),
        ({"source": "barycenter.jobs", "detail": {"executionId": "7"}}, "by trigger"),
        ({"source": "barycenter.jobs", "detail": {}}, "first round"),
        ({"source": "barycenter.jobs", "detail-type": "Reconcile Due"}, "by rule"),
        ({}, "by invocation"),
        ("no object", "by invocation"),
    ],
)
def test_a_run_is_told_with_the_way_it_came_in(event: object, way_in: str) -> None:
    told = line(event, value=ANSWER)

    assert told is not None
    assert told.endswith(f", {way_in}")


def test_a_repeated_run_is_told_with_its_attempt() -> None:
    event = {"source": "barycenter.jobs", "detail": {"executionId": "8"}}
    error = {"errorType": "JobFailed", "errorMessage": "no"}

    assert line(event, error=error, attempt=3) == (
        "12:00:05Z  cleanup_expired_sessions #8 attempt 3  failed, JobFailed: no, 500 ms, by trigger"
    )


def test_of_other_functions_only_failures_are_told() -> None:
    error = {"errorType": "KeyError", "errorMessage": "'x'"}

    assert line({}, "HttpApiFunction", value={"statusCode": 200}) is None
    assert line({}, "HttpApiFunction", error=error) == "12:00:05Z  HttpApiFunction  failed, KeyError: 'x'"


def test_the_watchdog_is_told_of_only_when_it_has_done_something() -> None:
    dead = [
        {"executionId": "7", "jobName": "cleanup_expired_sessions"},
        {"executionId": "9", "jobName": "cleanup_expired_device_codes"},
    ]

    assert line({}, "WatchdogFunction", value={"deadRunsClosed": [], "jobs": {}}) is None
    assert line({}, "WatchdogFunction", value={"deadRunsClosed": dead, "jobs": {}}) == (
        "12:00:05Z  WatchdogFunction  "
        "closed dead runs: cleanup_expired_sessions #7, cleanup_expired_device_codes #9"
    )


def test_the_ready_block_starts_with_the_address_and_links_only_what_is_there() -> None:
    addresses = Addresses("http://127.0.0.1:8081", "http://127.0.0.1:8000", "http://127.0.0.1:40000")

    assert ready_lines(addresses, [Route("POST", "/admin/jobs", "F")], demo_rows=0) == [
        "Ready: http://127.0.0.1:8081",
        "  GraphQL          http://localhost:8081/admin/jobs",
        "  DynamoDB engine  http://127.0.0.1:8000",
        "  Lambda endpoint  http://127.0.0.1:40000",
    ]
