"""The four cleanup functions: an event in, a record out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from barycenter_jobs.core.errors import InvalidEvent, JobFailed, StoreUnavailable
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import JOBS, SESSIONS, Job
from barycenter_jobs.core.rows import Page
from tests.functions.conftest import Load, Stack
from tests.functions.loading import FUNCTIONS, REQUEST_ID, Json, sample
from tests.graphql.service import ALICE, NOW

every_job = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.function)


def test_every_job_has_its_function() -> None:
    folders = {path.parent.name for path in FUNCTIONS.glob("*/app.py")}

    others = {"account_removals", "watchdog", "graphql_resolver", "http_api"}
    assert folders == {job.function for job in JOBS} | others


@every_job
def test_a_scheduled_event_removes_what_has_expired_of_that_kind(
    job: Job, function: Load, stack: Stack
) -> None:
    event = sample(f"eventbridge_{job.function}")

    answer = function(job.function)(event)

    assert answer == {
        "executionId": "1",
        "jobName": job.name,
        "methodName": "run_job",
        "status": "success",
        "success": True,
        "recordsProcessed": 2,
        "deleted": 2,
        "becameLive": 0,
        "alreadyGone": 0,
        "failed": 0,
        "uncertain": 0,
        "quarantined": 0,
        "stamped": 0,
        "dryRun": False,
        "backlogRemaining": 0,
        "durationMs": 0,
        "errorMessage": None,
        "warnings": [],
    }
    left = {name: len(table.rows) for name, table in stack.tables.items()}
    assert left == {other.name: 1 if other is job else 3 for other in JOBS}
    record = stack.log.get(1)
    assert record is not None
    assert record.trigger == Trigger(TriggerKind.SCHEDULE)
    assert record.delivery_id == event["id"]


@every_job
def test_an_event_that_comes_again_gets_the_same_answer_and_removes_nothing(
    job: Job, function: Load, stack: Stack
) -> None:
    event, run = sample(f"eventbridge_{job.function}"), function(job.function)
    first = run(event)
    stack.tables[job.name].put("expired since", {"expires_at": 1})

    assert run(event) == first
    assert "expired since" in stack.tables[job.name].rows
    assert stack.log.get(2) is None


@every_job
def test_an_empty_event_runs_the_job_by_hand(job: Job, function: Load, stack: Stack) -> None:
    answer = function(job.function)({})

    record = stack.log.get(1)
    assert record is not None
    assert answer["deleted"] == 2
    assert record.trigger == Trigger(TriggerKind.MANUAL)
    assert record.delivery_id == REQUEST_ID


def test_a_trigger_event_of_the_samples_runs_the_job_by_hand(function: Load, stack: Stack) -> None:
    event = sample("trigger_cleanup_sessions")

    answer = function("cleanup_sessions")(event)

    record = stack.log.get(1)
    assert record is not None
    assert answer["deleted"] == 2
    assert record.trigger == Trigger(TriggerKind.MANUAL)
    assert record.delivery_id == event["id"]


def test_a_trigger_event_carries_on_the_record_that_it_names(function: Load, stack: Stack) -> None:
    event = sample("trigger_cleanup_sessions")
    triggered = stack.log.start(
        Start(SESSIONS, Trigger(TriggerKind.MANUAL, ALICE), event["id"]), NOW - timedelta(seconds=2)
    )

    answer = function("cleanup_sessions")({**event, "detail": {"executionId": str(triggered.id)}})

    assert (answer["executionId"], answer["durationMs"]) == ("1", 2000)
    record = stack.log.get(1)
    assert record is not None
    assert record.trigger == Trigger(TriggerKind.MANUAL, ALICE)


@pytest.mark.parametrize("event", [None, [], "run", {"Records": []}, {"id": "1", "source": "aws.s3"}])
def test_any_other_event_fails_the_invocation_and_removes_nothing(
    event: object, function: Load, stack: Stack
) -> None:
    with pytest.raises(InvalidEvent):
        function("cleanup_sessions")(event)

    assert all(len(table.rows) == 3 for table in stack.tables.values())
    assert stack.log.get(1) is None


def test_a_run_that_fails_fails_the_invocation_so_that_lambda_repeats_it(
    function: Load, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_cutoffs: Cutoffs) -> Iterator[Page]:
        yield Page()
        raise StoreUnavailable("Cannot read sessions: DynamoDB cannot be reached")

    monkeypatch.setattr(stack.tables["cleanup_expired_sessions"], "pages", unreadable)

    with pytest.raises(JobFailed, match=r"^Cannot read sessions: DynamoDB cannot be reached$"):
        function("cleanup_sessions")(sample("eventbridge_cleanup_sessions"))

    record = stack.log.get(1)
    assert record is not None
    assert record.status is Status.ERROR


def test_a_function_without_time_left_leaves_the_rows_to_the_next(function: Load, stack: Stack) -> None:
    answer = function("cleanup_sessions")(sample("eventbridge_cleanup_sessions"), left=timedelta(0))

    assert (answer["success"], answer["deleted"]) == (True, 0)
    assert len(answer["warnings"]) == 1
    assert len(stack.tables["cleanup_expired_sessions"].rows) == 3


@every_job
def test_the_outcome_is_logged_once_with_its_fields_and_without_a_secret(
    job: Job, function: Load, stack: Stack, logged: Callable[[], list[Json]]
) -> None:
    event = sample(f"eventbridge_{job.function}")

    answer = function(job.function)(event)

    (entry,) = logged()
    assert entry["message"] == "invocation finished"
    assert {name: entry.get(name) for name in answer} == answer
    assert entry["correlation_id"] == event["id"]
    assert entry["function_request_id"] == REQUEST_ID
    assert "secret" not in str(entry)
    assert len(stack.tables[job.name].rows) == 1
