"""Pause and resume a job: what operators are told, and what a pause keeps from running."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import (
    MemoryExecutionLog,
    MemoryInvoker,
    MemoryJobControls,
    MemoryTable,
)
from barycenter_jobs.core.controls import Control
from barycenter_jobs.core.errors import StoreUnavailable
from barycenter_jobs.core.executions import Execution, Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS, Job
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.tasks import Run
from barycenter_jobs.operations.cleanup import Cleanup
from barycenter_jobs.operations.control_job import ControlJob, Controlled
from barycenter_jobs.operations.trigger_job import TriggerJob
from tests.cleanups import cleanup_in_memory

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = int(NOON.timestamp())
BY_ALICE = Pause("alice", NOON, "moving the table")
SCHEDULED = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
RECONCILING = replace(SCHEDULED, method=Method.RECONCILE)


def plenty() -> timedelta:
    return timedelta(minutes=5)


class Scene:
    """A job with an expired row, its log, and an operator at a clock."""

    def __init__(self, controls: MemoryJobControls | None = None) -> None:
        self.now = NOON
        self.table = MemoryTable({"expired": {"expires_at": SECOND - 1}})
        self.log = MemoryExecutionLog()
        self.controls = controls or MemoryJobControls()
        self.control = ControlJob(self.controls, lambda: self.now)

    def cleanup(self) -> Cleanup:
        return cleanup_in_memory(SESSIONS, self.table, self.log, lambda: self.now, controls=self.controls)

    def run(self, start: Start = SCHEDULED, execution_id: int | None = None) -> Execution:
        outcome = self.cleanup()(Run(start, execution_id), plenty)
        assert isinstance(outcome, Execution)
        return outcome


# ---- What operators are told


def test_a_job_is_paused_by_whoever_asks() -> None:
    scene = Scene()

    assert scene.control.pause(SESSIONS.name, "alice", "moving the table") == Controlled(
        success=True,
        message="Job cleanup_expired_sessions is paused by alice: moving the table",
        job_name=SESSIONS.name,
        pause=BY_ALICE,
    )
    assert scene.controls.of(SESSIONS) == Control(pause=BY_ALICE)


def test_a_job_that_is_paused_already_stays_as_it_was() -> None:
    scene = Scene()
    scene.control.pause(SESSIONS.name, "alice", "moving the table")
    scene.now += MINUTE

    again = scene.control.pause(SESSIONS.name, "bob")

    assert again.success
    assert again.message == (
        "Job cleanup_expired_sessions is paused already, "
        "since 2026-02-14T12:00:00Z by alice: moving the table"
    )
    assert again.pause == scene.controls.of(SESSIONS).pause == BY_ALICE


def test_a_job_is_resumed_and_the_answer_says_what_has_ended() -> None:
    scene = Scene()
    scene.control.pause(SESSIONS.name, None)
    scene.now += MINUTE

    assert scene.control.resume(SESSIONS.name, "bob", "done") == Controlled(
        success=True,
        message="Job cleanup_expired_sessions is resumed by bob: done; "
        "it had been paused since 2026-02-14T12:00:00Z by nobody known",
        job_name=SESSIONS.name,
    )
    assert scene.controls.of(SESSIONS) == Control(resumed_at=NOON + MINUTE)


def test_resuming_a_job_that_is_not_paused_changes_nothing() -> None:
    scene = Scene()

    answer = scene.control.resume(SESSIONS.name, "bob")

    assert (answer.success, answer.message) == (True, "Job cleanup_expired_sessions is not paused")
    assert scene.controls.of(SESSIONS) == Control()


def test_an_unknown_job_is_neither_paused_nor_resumed() -> None:
    control = Scene().control
    unknown = Controlled(success=False, message="Unknown job: nonexistent_job", job_name="nonexistent_job")

    assert control.pause("nonexistent_job", "alice") == unknown
    assert control.resume("nonexistent_job", "alice") == unknown


# ---- What a pause keeps from running


@pytest.mark.parametrize("start", [SCHEDULED, RECONCILING], ids=["cleanup", "reconciling scan"])
def test_a_paused_job_does_not_run_by_itself_and_its_record_says_why(start: Start) -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, BY_ALICE)

    execution = scene.run(start)

    assert execution.status is Status.SKIPPED
    assert execution.warnings == ("Skipped: the job is paused by alice: moving the table.",)
    assert scene.log.get(1) == execution
    assert set(scene.table.rows) == {"expired"}


def test_another_job_is_not_paused_with_it() -> None:
    scene = Scene()
    scene.controls.pause(CHALLENGES, BY_ALICE)

    assert scene.run().counts.deleted == 1


def test_a_resumed_job_runs_again() -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, BY_ALICE)
    scene.controls.resume(SESSIONS, NOON)

    assert scene.run().status is Status.SUCCESS


def test_an_event_that_was_skipped_stays_skipped_when_it_comes_again_after_the_pause() -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, BY_ALICE)
    skipped = scene.run()
    scene.controls.resume(SESSIONS, NOON)

    assert scene.run() == skipped
    assert scene.log.get(2) is None


def test_a_paused_event_that_comes_again_is_recorded_once() -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, BY_ALICE)

    assert scene.run() == scene.run()
    assert scene.log.get(2) is None


def test_a_run_that_is_repeated_after_a_failure_stops_at_a_pause_made_meanwhile() -> None:
    scene = Scene()
    failed = scene.log.start(SCHEDULED, NOON)
    scene.log.finish(failed.finished(Status.ERROR, NOON, error_message="no"))
    scene.controls.pause(SESSIONS, BY_ALICE)

    execution = scene.run()

    assert (execution.status, execution.attempt_number) == (Status.SKIPPED, 2)


@pytest.mark.parametrize("by_record", [True, False])
def test_a_manual_run_of_a_paused_job_takes_place(by_record: bool) -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, BY_ALICE)
    start = Start(SESSIONS, Trigger(TriggerKind.MANUAL, "bob"), "event-2")
    recorded = scene.log.start(start, NOON) if by_record else None

    execution = scene.run(start, None if recorded is None else recorded.id)

    assert (execution.id, execution.status, execution.counts.deleted) == (1, Status.SUCCESS, 1)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_trigger_of_a_paused_job_says_so(job: Job) -> None:
    scene, invoker = Scene(), MemoryInvoker()
    scene.controls.pause(job, BY_ALICE)
    trigger = TriggerJob(
        functions={job.name: job.function},
        log=scene.log,
        invoker=invoker,
        clock=lambda: NOON,
        new_id=lambda: "event-1",
        controls=scene.controls,
    )

    triggered = trigger(job.name, "bob")

    assert triggered.success
    assert triggered.message == (
        f"Job {job.name} triggered successfully, although it is paused by alice: moving the table"
    )
    assert len(invoker.invocations) == 1


def test_a_run_that_cannot_learn_whether_its_job_is_paused_deletes_nothing() -> None:
    class Unreadable(MemoryJobControls):
        def of(self, job: Job) -> Control:  # noqa: ARG002 - as the contract has it
            raise StoreUnavailable("Cannot read job_executions: DynamoDB cannot be reached")

    scene = Scene(Unreadable())

    with pytest.raises(StoreUnavailable):
        scene.run()

    assert set(scene.table.rows) == {"expired"}
    assert scene.log.get(1) is None


# ---- The start that health goes by


def test_a_scheduled_run_notes_its_start() -> None:
    scene = Scene()

    scene.run()

    assert scene.controls.of(SESSIONS) == Control(last_scheduled_start=NOON)


def test_a_scheduled_run_that_finds_another_under_way_has_started_in_time() -> None:
    scene = Scene()
    scene.log.start(Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-0"), NOON)

    assert scene.run().status is Status.SKIPPED
    assert scene.controls.of(SESSIONS) == Control(last_scheduled_start=NOON)


def test_an_event_that_comes_again_late_is_no_later_start() -> None:
    scene = Scene()
    scene.run()
    scene.now += timedelta(hours=1)

    scene.run()

    assert scene.controls.of(SESSIONS) == Control(last_scheduled_start=NOON)


@pytest.mark.parametrize(
    "start", [RECONCILING, Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1")], ids=["scan", "manual"]
)
def test_only_what_the_jobs_own_schedule_starts_is_noted(start: Start) -> None:
    scene = Scene()

    assert scene.run(start).status is Status.SUCCESS
    assert scene.controls.of(SESSIONS) == Control()


def test_a_paused_start_is_not_noted() -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, BY_ALICE)

    scene.run()

    assert scene.controls.of(SESSIONS) == Control(pause=BY_ALICE)


def test_a_start_that_cannot_be_noted_is_no_reason_to_leave_the_rows(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unwritable(MemoryJobControls):
        def note_start(self, job: Job, at: datetime) -> None:  # noqa: ARG002 - as the contract has it
            raise StoreUnavailable("Cannot note a start in job_executions: DynamoDB cannot be reached")

    scene = Scene(Unwritable())

    assert scene.run().counts.deleted == 1
    assert [entry.getMessage() for entry in caplog.records] == ["scheduled start not noted"]
