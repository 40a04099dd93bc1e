"""A run that is shared out loses workers: its record says how many died, and nothing else is missing."""

from __future__ import annotations

import pytest

from barycenter_jobs.core.errors import JobFailed
from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.parts import Part
from tests.faults.conftest import SURVIVED
from tests.faults.orders import Point
from tests.faults.scene import ROWS, Scene, Worker, wait_until
from tests.faults.shared import SharedRun, hand_over
from tests.faults.test_killed_workers import Tell

PART = Part(3, 16)


@pytest.fixture
def run(scene: Scene) -> SharedRun:
    """A run that was handed over, with many rows in one of its parts."""
    scene.put(ROWS, live=0, shard=PART.number)
    return hand_over(scene, batches=3)


def invocation(scene: Scene, stop_at: Point, lease_seconds: float = 600.0) -> Worker:
    """Start an invocation for the part, and return when it has stopped."""
    worker = scene.worker(
        "invocation-1",
        execution_id=1,
        part=str(PART),
        stop_at=stop_at,
        batches_before=1,
        seconds_a_batch=0.3,
        lease_seconds=lease_seconds,
    )
    worker.stopped_at(stop_at, before=1)
    worker.read_until(lambda: bool(worker.facts("told")))
    return worker


def test_a_part_whose_worker_is_killed_is_drained_by_the_next_one(
    scene: Scene, run: SharedRun, record_property: Tell
) -> None:
    worker = invocation(scene, Point.MID_BATCH)
    worker.kill()

    again = run.drain(PART, "invocation-2")
    run.drain_all(but=PART)
    closed = run.close({})

    assert worker.deleted == 9 * 25
    assert again.counts.deleted > 0
    assert (closed.id, closed.status) == (1, Status.SUCCESS)
    assert closed.warnings == (
        "1 of 18 invocations died without an account: what they deleted is not counted here.",
    )
    assert closed.counts.deleted == run.first.deleted + run.deleted_here
    assert closed.counts.deleted + worker.deleted == scene.gone
    assert run.close({}) == closed == scene.run("event-1")
    scene.check_that_all_is_done(unknown=worker.deleted)
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_a_run_whose_state_machine_ended_is_closed_with_what_its_parts_did(
    scene: Scene, run: SharedRun, record_property: Tell
) -> None:
    run.drain(Part(4, 16), "invocation-0")
    worker = invocation(scene, Point.MID_BATCH, lease_seconds=1.0)
    worker.kill()
    wait_until(scene.execution(1).lease_until)

    scene.close_the_dead()

    closed = scene.execution(1)
    assert closed.status is Status.TIMEOUT
    assert closed.counts.deleted == run.first.deleted + run.deleted_here == scene.gone - worker.deleted
    with pytest.raises(JobFailed, match="gave no sign of life"):
        run.close({})
    following = scene.run("event-2")
    assert scene.execution(1) == closed
    assert following.status is Status.SUCCESS
    scene.check_that_all_is_done(unknown=worker.deleted)
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_what_a_woken_worker_deleted_for_a_run_that_was_closed_is_in_a_record_of_its_own(
    scene: Scene, run: SharedRun, record_property: Tell
) -> None:
    sleeper = invocation(scene, Point.MID_SWEEP)
    sleeper.pause()
    sleeper.tell()
    run.drain_all(but=PART)
    with pytest.raises(JobFailed, match=r"^1 of the run's parts .*: 3/16 \(Lambda timeout\)$"):
        run.close({PART: "Lambda timeout"})
    closed = scene.execution(1)

    sleeper.wake()
    sleeper.ended()

    supplement, same = scene.log.read(LogFilter(), 10)
    assert same == closed
    assert (supplement.id, supplement.status) == (2, Status.TIMEOUT)
    assert supplement.error_message == (
        "The run was closed before its parts were done; this is what part 3/16 of execution 1 did."
    )
    assert supplement.counts.deleted == sleeper.deleted >= 9 * 25
    assert closed.counts.deleted + supplement.counts.deleted == scene.gone
    scene.recount()
    assert scene.run("event-1").attempt_number == 2
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_what_a_worker_accounts_for_too_late_is_in_a_record_of_its_own(scene: Scene, run: SharedRun) -> None:
    sleeper = scene.worker(
        "invocation-1", execution_id=1, part=str(PART), stop_at=Point.BEFORE_THE_ACCOUNT, lease_seconds=600
    )
    sleeper.stopped_at(Point.BEFORE_THE_ACCOUNT)
    sleeper.pause()
    sleeper.tell()
    run.drain_all(but=PART)
    with pytest.raises(JobFailed):
        run.close({PART: "Lambda timeout"})

    sleeper.wake()
    sleeper.ended()

    scene.recount()
