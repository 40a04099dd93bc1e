"""The record of one run."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import InvalidLimit
from barycenter_jobs.core.executions import FAILURES, Execution, Status, Trigger, TriggerKind, Usage
from barycenter_jobs.core.log_reading import LogFilter, checked_limit

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
RUNNING = Execution(
    id=42,
    job_name="cleanup_expired_sessions",
    handler_id="cleanup_sessions",
    started_at=NOON,
    trigger=Trigger(TriggerKind.SCHEDULE),
    delivery_id="53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
)


def test_a_run_that_has_begun_says_nothing_yet_of_its_outcome() -> None:
    assert RUNNING.status is Status.RUNNING
    assert RUNNING.attempt_number == 1
    assert RUNNING.completed_at is None
    assert RUNNING.success is None
    assert RUNNING.records_processed is None
    assert RUNNING.duration_ms is None
    assert RUNNING.error_message is None


def test_a_finished_run_tells_its_outcome_and_its_counts() -> None:
    counts = Counts(deleted=15, became_live=2)

    finished = RUNNING.finished(
        Status.SUCCESS,
        NOON + timedelta(milliseconds=1_234),
        counts=counts,
        usage=Usage(1.5, 30),
        warnings=("The table has no index.",),
    )

    assert finished == replace(
        RUNNING,
        status=Status.SUCCESS,
        completed_at=NOON + timedelta(milliseconds=1_234),
        counts=counts,
        usage=Usage(1.5, 30),
        warnings=("The table has no index.",),
    )
    assert finished.success is True
    assert finished.records_processed == 15
    assert finished.duration_ms == 1_234


def test_a_failed_run_tells_why_and_what_it_did_all_the_same() -> None:
    failed = RUNNING.finished(
        Status.ERROR, NOON, counts=Counts(deleted=3), error_message="Cannot read sessions"
    )

    assert failed.success is False
    assert failed.error_message == "Cannot read sessions"
    assert failed.records_processed == 3
    assert failed.duration_ms == 0


@pytest.mark.parametrize(
    ("status", "success"),
    [
        (Status.RUNNING, None),
        (Status.SUCCESS, True),
        (Status.ERROR, False),
        (Status.TIMEOUT, False),
        (Status.SKIPPED, None),
        (Status.CANCELLED, None),
    ],
)
def test_success_follows_from_the_status(status: Status, success: bool | None) -> None:
    assert replace(RUNNING, status=status).success is success


def test_every_status_is_known_to_these_tests() -> None:
    assert {status.value for status in Status} == {
        "running",
        "success",
        "error",
        "timeout",
        "skipped",
        "cancelled",
    }
    assert FAILURES == (Status.ERROR, Status.TIMEOUT)


def test_a_clock_that_ran_backwards_does_not_end_a_run_before_its_start() -> None:
    finished = RUNNING.finished(Status.SUCCESS, NOON - timedelta(seconds=3))

    assert finished.completed_at == NOON
    assert finished.duration_ms == 0


def test_a_record_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        RUNNING.status = Status.SUCCESS  # type: ignore[misc]


def test_counts_of_two_batches_add_up() -> None:
    total = Counts(1, 2, 3, 4, 5, 6) + Counts(10, 20, 30, 40, 50, 60)

    assert total == Counts(
        deleted=11, became_live=22, already_gone=33, failed=44, uncertain=55, quarantined=66
    )


@settings(deadline=None)
@given(
    st.sampled_from(Status),
    st.sampled_from(["cleanup_expired_sessions", "cleanup_expired_challenges"]),
    st.none()
    | st.sampled_from(["cleanup_expired_sessions", "cleanup_expired_challenges", "nonexistent_job"]),
    st.booleans(),
    st.none() | st.sampled_from(Status),
)
def test_a_filter_lets_through_what_meets_all_of_its_conditions(
    status: Status, job_name: str, wanted_job: str | None, only_failures: bool, wanted_status: Status | None
) -> None:
    execution = replace(RUNNING, status=status, job_name=job_name)

    reasons_against = [
        wanted_job is not None and wanted_job != job_name,
        only_failures and execution.success is not False,
        wanted_status is not None and wanted_status != status,
    ]

    log_filter = LogFilter(wanted_job, only_failures, wanted_status)
    assert log_filter.lets_through(execution) is not any(reasons_against)


@pytest.mark.parametrize(("asked", "limit"), [(None, 100), (1, 1), (100, 100), (1000, 1000)])
def test_a_limit_from_1_to_1000_is_taken_and_100_where_there_is_none(asked: int | None, limit: int) -> None:
    assert checked_limit(asked) == limit


@pytest.mark.parametrize("limit", [0, -1, 1001, 2**31])
def test_any_other_limit_is_refused_in_clear_words(limit: int) -> None:
    with pytest.raises(InvalidLimit) as refusal:
        checked_limit(limit)

    assert str(refusal.value) == f"limit must be between 1 and 1000, not {limit}"
