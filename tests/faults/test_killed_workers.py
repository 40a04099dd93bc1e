"""A worker that is killed is in nobody's way, wherever it stood: the next run goes on, the sum is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from barycenter_jobs.core.executions import Status
from tests.faults.conftest import SURVIVED
from tests.faults.orders import Point
from tests.faults.scene import ROWS, Scene, Worker, now, scheduled, wait_until
from tests.faults.wire import Fault, Plan, bad_wire

INSTANT = timedelta(microseconds=1)
Tell = Callable[[str, object], None]


def killing_at_the_record(worker: Worker, fault: Fault) -> Plan:
    """Kill the worker as its record passes: all that it writes but its claim and its signs of life."""

    def plan(operation: str, number: int) -> Fault:
        if operation == "PutItem" or (operation == "TransactWriteItems" and number):
            worker.process.kill()
            return fault
        return Fault.NONE

    return plan


@pytest.mark.parametrize("closed_by", ["the watchdog", pytest.param("the next run", marks=pytest.mark.scale)])
@pytest.mark.parametrize(
    "point",
    [
        pytest.param(Point.AFTER_THE_CLAIM, marks=pytest.mark.scale),
        Point.MID_SWEEP,
        pytest.param(Point.MID_BATCH, marks=pytest.mark.scale),
        pytest.param(Point.BEFORE_THE_RECORD, marks=pytest.mark.scale),
    ],
)
def test_a_killed_run_is_over_when_its_lease_is(
    scene: Scene, point: Point, closed_by: str, record_property: Tell
) -> None:
    worker = scene.worker("event-1", stop_at=point)
    worker.stopped_at(point)
    scene.revive(5)
    worker.kill()
    dead = scene.execution(1)
    assert dead.lease_until is not None
    unknown = worker.deleted - dead.counts.deleted

    assert dead.counts.deleted >= worker.told
    assert scene.gone == worker.deleted
    assert dead.as_of(dead.lease_until - INSTANT).status is Status.RUNNING
    assert dead.as_of(dead.lease_until).status is Status.TIMEOUT
    too_early = scene.log.start(scheduled("too early"), dead.lease_until - INSTANT)
    assert too_early.warnings == ("Skipped: execution 1 of cleanup_expired_sessions is running.",)
    scene.recount(unknown=unknown, open_records=1)
    wait_until(dead.lease_until)
    if closed_by == "the watchdog":
        scene.close_the_dead()
        assert scene.execution(1) == dead.given_up() == dead.as_of(now())

    following = scene.run("event-2")
    again = scene.run("event-1")
    once_more = scene.run("event-1")

    assert scene.execution(1) == dead.given_up()
    assert (following.id, following.attempt_number, following.status) == (3, 1, Status.SUCCESS)
    assert (again.id, again.attempt_number, again.status) == (4, 2, Status.SUCCESS)
    assert once_more == again
    assert scene.log.get(5) is None
    scene.check_that_all_is_done(unknown=unknown)
    assert scene.gone == unknown + dead.counts.deleted + following.counts.deleted
    record_property(SURVIVED, 1)


def test_a_worker_that_is_killed_before_its_claim_leaves_nothing_behind(
    scene: Scene, record_property: Tell
) -> None:
    worker = scene.worker("event-1", stop_at=Point.BEFORE_THE_CLAIM)
    worker.stopped_at(Point.BEFORE_THE_CLAIM)

    worker.kill()

    assert scene.log.get(1) is None
    assert scene.gone == 0
    first = scene.run("event-1")
    assert (first.id, first.attempt_number, first.status) == (1, 1, Status.SUCCESS)
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_who_is_killed_while_its_record_is_on_its_way_has_written_it_or_not(
    scene: Scene, record_property: Tell
) -> None:
    with bad_wire(scene.engine) as wire:
        worker = scene.worker("event-1", begin=False, log=wire.address)

        wire.plan = killing_at_the_record(worker, Fault.CUT_BEFORE_ACTING)
        worker.tell()
        worker.ended()
    dead = scene.execution(1)

    assert dead.status is Status.RUNNING
    assert scene.gone == worker.deleted == ROWS
    wait_until(dead.lease_until)
    assert dead.as_of(now()).status is Status.TIMEOUT
    following = scene.run("event-2")
    again = scene.run("event-1")

    assert (following.status, following.counts.deleted) == (Status.SUCCESS, 0)
    assert (again.status, again.attempt_number) == (Status.SUCCESS, 2)
    scene.check_that_all_is_done(unknown=worker.deleted - worker.told)
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_who_is_killed_before_it_learns_that_its_record_is_written_has_finished(
    scene: Scene, record_property: Tell
) -> None:
    with bad_wire(scene.engine) as wire:
        worker = scene.worker("event-1", begin=False, log=wire.address)

        wire.plan = killing_at_the_record(worker, Fault.CUT_AFTER_ACTING)
        worker.tell()
        worker.ended()
        while (done := scene.execution(1)).status is Status.RUNNING:
            pass

    assert (done.status, done.counts.deleted) == (Status.SUCCESS, ROWS)
    assert scene.run("event-1") == done
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)
