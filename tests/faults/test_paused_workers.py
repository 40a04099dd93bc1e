"""A worker that was stopped for longer than its lease has lost its job, and overwrites nothing."""

from __future__ import annotations

import pytest

from barycenter_jobs.core.executions import Status
from tests.faults.conftest import SURVIVED
from tests.faults.orders import Point
from tests.faults.scene import ROWS, Scene, now, wait_until
from tests.faults.test_killed_workers import Tell

FAILED = "Execution 1 is already finished: what it did since is the record of execution 3"


def test_what_a_woken_worker_had_in_hand_is_in_a_record_of_its_own(
    scene: Scene, record_property: Tell
) -> None:
    sleeper = scene.worker("event-1", stop_at=Point.MID_SWEEP)
    sleeper.stopped_at(Point.MID_SWEEP)
    sleeper.pause()
    sleeper.tell()
    closed = scene.execution(1).given_up()
    wait_until(closed.completed_at)
    scene.revive(20)  # some of them are in the sleeper's hands
    taker = scene.worker("event-2", stop_at=Point.MID_SWEEP, batches_before=0)
    taker.stopped_at(Point.MID_SWEEP, before=0)

    sleeper.wake()
    words = sleeper.ended()

    assert (
        "Execution 1 is already finished: what it did since is the record of execution 3" in words["failed"]
    )
    assert scene.execution(1) == closed
    assert len(sleeper.facts("asked")) == 12
    supplement = scene.execution(3)
    assert (supplement.status, supplement.delivery_id, supplement.attempt_number) == (
        Status.TIMEOUT,
        "event-1",
        1,
    )
    assert supplement.error_message == ("Execution 1 was closed before it ended; this is what it did since.")
    assert closed.counts.deleted + supplement.counts.deleted == sleeper.deleted == scene.gone
    assert 100 < sleeper.deleted <= 300
    assert supplement.counts.became_live > 0
    scene.recount(open_records=1)
    taker.tell()
    assert taker.ended()["status"] == Status.SUCCESS
    scene.check_that_all_is_done()
    assert sleeper.deleted + taker.deleted == scene.gone
    record_property(SURVIVED, 1)


@pytest.mark.scale
@pytest.mark.parametrize("point", [Point.MID_SWEEP, Point.MID_BATCH, Point.BEFORE_THE_RECORD])
def test_who_wakes_after_another_has_finished_the_job_changes_nothing(
    scene: Scene, point: Point, record_property: Tell
) -> None:
    sleeper = scene.worker("event-1", stop_at=point)
    sleeper.stopped_at(point)
    sleeper.pause()
    sleeper.tell()
    closed = scene.execution(1).given_up()
    wait_until(closed.completed_at)
    again = scene.run("event-1")

    sleeper.wake()
    words = sleeper.ended()

    assert (
        "Execution 1 is already finished: what it did since is the record of execution 3" in words["failed"]
    )
    assert scene.execution(1) == closed
    assert scene.execution(2) == again
    assert (again.attempt_number, again.status) == (2, Status.SUCCESS)
    assert closed.counts.deleted + scene.execution(3).counts.deleted == sleeper.deleted
    scene.check_that_all_is_done()
    assert sleeper.deleted + again.counts.deleted == scene.gone
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_a_worker_whose_lease_ran_out_and_whose_job_nobody_wanted_goes_on(
    scene: Scene, record_property: Tell
) -> None:
    sleeper = scene.worker("event-1", stop_at=Point.MID_SWEEP, lease_seconds=0.5)
    sleeper.stopped_at(Point.MID_SWEEP)
    sleeper.pause()
    sleeper.tell()
    asleep = scene.execution(1)
    wait_until(asleep.lease_until)

    assert asleep.as_of(now()).status is Status.TIMEOUT
    sleeper.wake()

    assert sleeper.ended() == {"execution": 1, "status": Status.SUCCESS}
    assert scene.execution(1).counts.deleted == scene.gone == ROWS
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)
