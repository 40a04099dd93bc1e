"""What the newest runs tell together: final failures, a tripped breaker, what stays and what grows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Backlog, Execution, Method, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.recent_runs import (
    backlog_grew,
    backlog_rows,
    breaker_tripped,
    failures_in_a_row,
    quarantined_rows,
)
from barycenter_jobs.core.sweep_report import SweepReport
from barycenter_jobs.operations.recording import problem_of

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def run(
    status: Status = Status.SUCCESS,
    *,
    event: str = "event",
    ended_at: datetime = NOON,
    attempt: int = 1,
    method: Method = Method.RUN_JOB,
    dry_run: bool = False,
    left: int | None = None,
    quarantined: int = 0,
    error: str | None = None,
) -> Execution:
    running = status is Status.RUNNING
    return Execution(
        id=1,
        job_name=SESSIONS.name,
        handler_id=SESSIONS.function,
        started_at=ended_at,
        trigger=Trigger(TriggerKind.SCHEDULE),
        delivery_id=event,
        dry_run=dry_run,
        method=method,
        attempt_number=attempt,
        status=status,
        completed_at=None if running else ended_at,
        error_message=error,
        counts=Counts(quarantined=quarantined),
        backlog=None if left is None else Backlog(left),
    )


def failed(event: str, ended_at: datetime = NOON, attempt: int = 1, error: str = "no") -> Execution:
    return run(Status.ERROR, event=event, ended_at=ended_at, attempt=attempt, error=error)


def test_an_attempt_that_lambda_may_repeat_is_no_failure_yet() -> None:
    for attempt in (1, 2):
        assert failures_in_a_row([failed("a", attempt=attempt)], NOON + 3 * MINUTE) == 0
        assert failures_in_a_row([failed("a", attempt=attempt)], NOON + 4 * MINUTE) == 1


def test_the_last_attempt_is_a_failure_at_once() -> None:
    attempts = [failed("a", NOON - minutes * MINUTE, 3 - n) for n, minutes in enumerate((0, 2, 3))]

    assert failures_in_a_row(attempts, NOON) == 1


def test_an_attempt_that_the_next_makes_good_never_counts() -> None:
    made_good = [run(Status.SUCCESS, event="a", attempt=2), failed("a", NOON - 9 * MINUTE)]

    for minutes in range(10):
        assert failures_in_a_row(made_good, NOON + minutes * MINUTE) == 0


def test_while_a_repetition_is_under_way_its_event_has_not_failed() -> None:
    repeating = [run(Status.RUNNING, event="a", attempt=2), failed("a", NOON - 9 * MINUTE)]

    assert failures_in_a_row(repeating, NOON) == 0


def test_failures_before_one_that_may_be_repeated_stay_counted() -> None:
    runs = [failed("c"), failed("b", NOON - 60 * MINUTE), failed("a", NOON - 120 * MINUTE), run(event="0")]

    assert failures_in_a_row(runs, NOON) == 2
    assert failures_in_a_row(runs) == 3


@pytest.mark.parametrize("aside", [{"dry_run": True}, {"method": Method.RECONCILE}])
def test_a_success_of_another_kind_does_not_end_failures(aside: dict[str, object]) -> None:
    succeeded = run(event="b", **aside)  # type: ignore[arg-type]

    assert failures_in_a_row([succeeded, failed("a", attempt=3)], NOON) == 1


def test_a_run_that_stopped_at_its_limit_tripped_the_breaker() -> None:
    problem = problem_of(SweepReport(counts=Counts(deleted=7), limit_reached=True))
    assert problem is not None

    assert breaker_tripped([failed("a", error=problem)])
    assert breaker_tripped([run(Status.SKIPPED), run(Status.RUNNING), failed("a", error=problem)])
    assert not breaker_tripped([run(), failed("a", error=problem)])
    assert not breaker_tripped([failed("b"), failed("a", error=problem)])
    assert not breaker_tripped([])


def test_the_latest_run_of_each_kind_says_what_is_quarantined() -> None:
    scan = run(method=Method.RECONCILE, quarantined=5)

    assert quarantined_rows([run(quarantined=2), scan, run(quarantined=9)]) == 5
    assert quarantined_rows([run(quarantined=7), scan]) == 7
    assert quarantined_rows([run(quarantined=0), run(quarantined=7)]) == 0
    assert quarantined_rows([failed("a"), run(quarantined=7)]) == 7
    assert quarantined_rows([run(quarantined=7, dry_run=True)]) == 0
    assert quarantined_rows([]) == 0


@pytest.mark.parametrize(
    ("newest_first", "rows", "grew"),
    [
        ([], None, 0),
        ([None, None], None, 0),
        ([0], 0, 0),
        ([5], 5, 0),
        ([5, 4, 3, 3], 5, 2),
        ([5, 5, 4], 5, 0),
        ([4, 5, 4], 4, 0),
        ([5, None, 4, None, 0], 5, 2),
    ],
)
def test_a_backlog_grows_while_each_cleanup_leaves_more_than_the_one_before(
    newest_first: list[int | None], rows: int | None, grew: int
) -> None:
    runs = [run(left=left) for left in newest_first]

    assert (backlog_rows(runs), backlog_grew(runs)) == (rows, grew)


def test_what_a_dry_run_or_a_scan_found_is_no_backlog_of_the_cleanups() -> None:
    aside = [run(left=9, dry_run=True), run(left=8, method=Method.RECONCILE)]

    assert backlog_rows([*aside, run(left=1)]) == 1
    assert backlog_grew([*aside, run(left=1), run(left=0)]) == 1
