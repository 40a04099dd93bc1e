"""Who holds a job, and what becomes of a run that lost it, whatever keeps the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished, UnknownExecution
from barycenter_jobs.core.executions import (
    LEASE,
    Execution,
    Method,
    Request,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.jobs import JOBS, REFRESH_TOKENS, SESSIONS, Job
from barycenter_jobs.core.legs import Leg
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.parts import Part
from barycenter_jobs.core.stores import ExecutionLog, Legs
from tests.contracts.test_execution_log import concurrent_log, log

__all__ = ["concurrent_log", "log"]

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALICE = Request(NOON, "arn:aws:iam::1:user/alice", "wrong table")


def start(event: str = "event-1", job: Job = SESSIONS, worker: str | None = "worker-1") -> Start:
    return Start(job, Trigger(TriggerKind.SCHEDULE), event, worker=worker)


def read(log: ExecutionLog, execution_id: int) -> Execution:
    execution = log.get(execution_id)
    assert execution is not None
    return execution


# ---- One at a time


def test_a_second_run_of_a_job_is_skipped_and_names_the_first(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)

    second = log.start(start("event-2", worker="worker-2"), NOON + SECOND)

    assert second.status is Status.SKIPPED
    assert second.success is None
    assert second.completed_at == second.started_at == NOON + SECOND
    assert second.warnings == ("Skipped: execution 1 of cleanup_expired_sessions is running.",)
    assert log.get(2) == second
    assert read(log, 1).status is Status.RUNNING


def test_a_job_is_free_again_once_its_run_has_finished(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON + SECOND))

    assert log.start(start("event-2"), NOON + SECOND).status is Status.RUNNING


def test_a_run_that_was_skipped_is_in_nobodys_way(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.start(start("event-2"), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON + SECOND))

    assert log.start(start("event-3"), NOON + SECOND).status is Status.RUNNING


def test_a_skipped_event_that_comes_again_stays_skipped(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.start(start("event-2"), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON + SECOND))

    with pytest.raises(DeliveryAlreadyHandled) as race:
        log.start(start("event-2"), NOON + SECOND)
    assert race.value.execution_id == 2


def test_an_event_that_comes_again_while_it_is_handled_starts_nothing(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)

    with pytest.raises(DeliveryAlreadyHandled) as race:
        log.start(start("event-1", worker="worker-2"), NOON + SECOND)

    assert race.value.execution_id == 1
    assert log.get(2) is None


def test_jobs_and_methods_do_not_wait_for_each_other(log: ExecutionLog) -> None:
    started = [log.start(start(f"event of {job.name}", job), NOON) for job in JOBS]
    reconciling = log.start(replace(start("event-5"), method=Method.RECONCILE), NOON)

    assert {each.status for each in (*started, reconciling)} == {Status.RUNNING}


def test_of_twenty_at_once_one_runs_and_nineteen_are_skipped(concurrent_log: ExecutionLog) -> None:
    together = Barrier(20)

    def trigger(number: int) -> Execution:
        together.wait()
        return concurrent_log.start(start(f"event-{number}", worker=f"worker-{number}"), NOON)

    with ThreadPoolExecutor(20) as pool:
        runs = list(pool.map(trigger, range(20)))

    (winner,) = [run for run in runs if run.status is Status.RUNNING]
    assert sorted(run.id for run in runs) == list(range(1, 21))
    assert {run.warnings for run in runs if run is not winner} == {
        (f"Skipped: execution {winner.id} of cleanup_expired_sessions is running.",)
    }
    assert {run.id: run for run in concurrent_log.read(LogFilter(), 20)} == {run.id: run for run in runs}


def asked(event: str, at: datetime, *, dry_run: bool = False) -> Start:
    return replace(start(event), asked_at=at, dry_run=dry_run)


def test_who_asked_before_a_run_began_that_is_over_by_now_gets_no_second_one(log: ExecutionLog) -> None:
    first = log.start(asked("event-1", NOON - SECOND), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON + SECOND))

    late = log.start(asked("event-2", NOON), NOON + 2 * SECOND)

    assert late.status is Status.SKIPPED
    assert late.warnings == (
        "Skipped: execution 1 of cleanup_expired_sessions has run since this was asked for.",
    )


@pytest.mark.parametrize(
    "late",
    [
        asked("event-2", NOON + timedelta(microseconds=1)),
        asked("event-2", NOON - timedelta(minutes=2)),
        asked("event-2", NOON - SECOND, dry_run=True),
        start("event-2"),
    ],
    ids=["it began before", "a question that is replayed", "another kind of run", "nobody knows when"],
)
def test_anybody_else_gets_a_run(log: ExecutionLog, late: Start) -> None:
    first = log.start(start("event-1"), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON + SECOND))

    assert log.start(late, NOON + 2 * SECOND).status is Status.RUNNING


def test_a_run_that_failed_is_not_enough(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.finish(first.finished(Status.ERROR, NOON + SECOND))

    assert log.start(asked("event-2", NOON - SECOND), NOON + 2 * SECOND).status is Status.RUNNING


# ---- Leases


def test_a_run_whose_lease_is_over_is_closed_as_a_timeout_by_the_next_one(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.renew(replace(first, counts=Counts(deleted=75), usage=Usage(1.0, 150.0, 0.5)), NOON + LEASE)

    second = log.start(start("event-2", worker="worker-2"), NOON + LEASE)

    dead = read(log, 1)
    assert second.status is Status.RUNNING
    assert dead.status is Status.TIMEOUT
    assert dead.success is False
    assert dead.counts == Counts(deleted=75)
    assert dead.usage == Usage(1.0, 150.0, 0.5)
    assert dead.completed_at == NOON + LEASE
    assert "no sign of life" in str(dead.error_message)


def test_a_run_is_alive_until_the_very_end_of_its_lease(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)

    second = log.start(start("event-2"), NOON + LEASE - timedelta(microseconds=1))

    assert second.status is Status.SKIPPED


def test_a_sign_of_life_holds_the_job_for_longer(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    renewed = log.renew(replace(first, counts=Counts(deleted=25)), NOON + 2 * LEASE)

    assert renewed.lease_until == NOON + 2 * LEASE
    assert read(log, 1) == renewed
    assert renewed.records_processed is None
    assert renewed.counts == Counts(deleted=25)
    assert log.start(start("event-2"), NOON + LEASE + SECOND).status is Status.SKIPPED


def test_the_event_of_a_dead_run_is_its_next_attempt(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)

    again = log.start(start("event-1", worker="worker-2"), NOON + LEASE)

    assert (again.id, again.attempt_number, again.status) == (2, 2, Status.RUNNING)
    assert read(log, 1).status is Status.TIMEOUT


def test_whoever_lost_the_lease_can_neither_renew_nor_finish(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.start(start("event-2", worker="worker-2"), NOON + LEASE)
    closed = read(log, 1)

    with pytest.raises(ExecutionAlreadyFinished):
        log.renew(first, NOON + 3 * LEASE)
    with pytest.raises(ExecutionAlreadyFinished):
        log.finish(first.finished(Status.SUCCESS, NOON + 2 * LEASE, counts=Counts(deleted=1)))
    assert read(log, 1) == closed


def test_whoever_is_not_the_worker_can_neither_renew_nor_finish(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    stranger = replace(first, worker="worker-2")

    with pytest.raises(ExecutionAlreadyFinished):
        log.renew(stranger, NOON + 3 * LEASE)
    with pytest.raises(ExecutionAlreadyFinished):
        log.finish(stranger.finished(Status.SUCCESS, NOON))
    assert read(log, 1) == first


def test_what_a_closed_run_did_gets_a_record_of_its_own(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.start(start("event-2", worker="worker-2"), NOON + LEASE)
    late = first.finished(Status.TIMEOUT, NOON + LEASE, counts=Counts(deleted=25), error_message="late")

    supplement = log.supplement(late)

    assert supplement == replace(late, id=3)
    assert log.get(3) == supplement
    assert [each.id for each in log.read(LogFilter(only_failures=True), 10)] == [3, 1]


def test_a_supplement_is_no_attempt_at_the_event(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON))
    log.supplement(first.finished(Status.TIMEOUT, NOON))

    with pytest.raises(DeliveryAlreadyHandled) as race:
        log.start(start("event-1"), NOON + SECOND)
    assert race.value.execution_id == 1


# ---- Runs that are recorded before their worker is known


def test_a_run_that_waits_is_taken_on_once(log: ExecutionLog) -> None:
    waiting = log.start(start(worker=None), NOON)

    taken = log.adopt(1, start(worker="worker-1"), NOON + SECOND)

    assert taken == replace(waiting, worker="worker-1", lease_until=NOON + SECOND + LEASE)
    assert log.get(1) == taken
    assert log.adopt(1, start(worker="worker-2"), NOON + SECOND) is None


def test_a_worker_may_ask_twice(log: ExecutionLog) -> None:
    log.start(start(worker=None), NOON)
    log.adopt(1, start(worker="worker-1"), NOON)

    assert log.adopt(1, start(worker="worker-1"), NOON) == log.get(1)


def test_nobody_takes_on_a_run_of_another_job(log: ExecutionLog) -> None:
    waiting = log.start(start(worker=None), NOON)

    assert log.adopt(1, start(job=REFRESH_TOKENS), NOON) is None
    assert log.get(1) == waiting


@pytest.mark.parametrize("execution_id", [1, 2])
def test_a_run_that_is_dead_or_not_there_is_not_taken_on(log: ExecutionLog, execution_id: int) -> None:
    log.start(start(worker=None), NOON)

    assert log.adopt(execution_id, start(), NOON + LEASE) is None


def test_a_run_that_is_finished_is_not_taken_on(log: ExecutionLog) -> None:
    waiting = log.start(start(worker=None), NOON)
    log.finish(waiting.finished(Status.ERROR, NOON, error_message="could not be invoked"))

    assert log.adopt(1, start(), NOON) is None


def test_who_waited_for_its_worker_in_vain_cannot_finish_the_run_that_has_one(log: ExecutionLog) -> None:
    waiting = log.start(start(worker=None), NOON)
    log.adopt(1, start(), NOON)

    with pytest.raises(ExecutionAlreadyFinished):
        log.finish(waiting.finished(Status.ERROR, NOON))


# ---- Skipping on purpose


def test_a_run_may_be_skipped_for_a_reason_and_holds_nothing(log: ExecutionLog) -> None:
    skipped = log.skip(start("event-1"), NOON, "the job is paused by alice")

    assert skipped.status is Status.SKIPPED
    assert skipped.warnings == ("Skipped: the job is paused by alice.",)
    assert log.get(1) == skipped
    assert log.start(start("event-2"), NOON).status is Status.RUNNING


def test_an_event_is_skipped_once(log: ExecutionLog) -> None:
    log.skip(start("event-1"), NOON, "the job is paused by alice")

    with pytest.raises(DeliveryAlreadyHandled):
        log.skip(start("event-1"), NOON, "the job is paused by alice")
    assert log.get(2) is None


# ---- Cancelling


def test_a_running_run_is_asked_to_stop_and_learns_it_from_its_next_sign_of_life(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)

    asked = log.cancel(1, ALICE)

    assert asked.cancel == ALICE
    assert asked.status is Status.RUNNING
    assert log.renew(first, NOON + LEASE).cancel == ALICE


def test_who_asks_first_is_who_cancelled(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)
    log.cancel(1, ALICE)

    assert log.cancel(1, Request(NOON + SECOND, "bob")).cancel == ALICE


def test_a_nameless_request_without_a_reason_is_one_too(log: ExecutionLog) -> None:
    log.start(start("event-1"), NOON)

    assert log.cancel(1, Request(NOON)).cancel == Request(NOON)
    assert read(log, 1).cancel == Request(NOON)


def test_what_is_finished_cannot_be_cancelled(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    log.finish(first.finished(Status.SUCCESS, NOON))

    with pytest.raises(ExecutionAlreadyFinished):
        log.cancel(1, ALICE)


def test_what_there_is_not_cannot_be_cancelled(log: ExecutionLog) -> None:
    with pytest.raises(UnknownExecution, match=r"^Unknown execution: 7$"):
        log.cancel(7, ALICE)


def test_a_cancelled_run_keeps_who_asked(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    recorded = log.renew(log.cancel(first.id, ALICE), NOON + LEASE)
    log.finish(recorded.finished(Status.CANCELLED, NOON))

    assert read(log, 1).cancel == ALICE


# ---- Closing what died


def test_what_is_recorded_as_running_can_be_listed(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    second = log.start(start("event-2", REFRESH_TOKENS), NOON)
    log.finish(second.finished(Status.SUCCESS, NOON))

    assert log.running() == [first]


def test_a_dead_run_may_be_closed_by_several(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)

    assert log.close(first)
    assert log.close(first)
    assert read(log, 1) == first.given_up()


def test_a_run_that_gave_a_sign_of_life_meanwhile_is_not_closed(log: ExecutionLog) -> None:
    first = log.start(start("event-1"), NOON)
    renewed = log.renew(first, NOON + 2 * LEASE)

    assert not log.close(first)
    assert read(log, 1) == renewed


def test_a_dead_run_that_was_shared_out_is_closed_with_what_its_legs_did(log: ExecutionLog) -> None:
    legs: Legs = log if isinstance(log, MemoryExecutionLog) else log._legs  # type: ignore[attr-defined]  # noqa: SLF001
    first = log.start(start("event-1"), NOON)
    legs.end_leg(first, Leg("first", ended=True, counts=Counts(deleted=100)))
    legs.end_leg(first, Leg("invocation", Part(0, 2), ended=True, counts=Counts(deleted=11, became_live=1)))
    legs.begin_leg(first, Leg("died", Part(1, 2)))

    assert log.close(first)
    assert read(log, 1).counts == Counts(deleted=111, became_live=1)
