"""A run that is cancelled stops at its next sign of life, and its record says what it did and who asked."""

from __future__ import annotations

import pytest

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Request, Status
from barycenter_jobs.core.parts import Part
from tests.faults.conftest import SURVIVED
from tests.faults.scene import ROWS, Scene, now
from tests.faults.shared import hand_over
from tests.faults.test_killed_workers import Tell

UNDER_WAY = 8
MORE = 800


def test_a_run_that_is_cancelled_while_it_sweeps_stops(scene: Scene, record_property: Tell) -> None:
    scene.put(MORE, live=0)
    worker = scene.worker("event-1", seconds_a_batch=0.25, lease_seconds=30)
    worker.read_until(lambda: worker.deleted > 0)

    request = Request(now(), "arn:aws:iam::1:user/alice", "wrong table")
    scene.log.cancel(1, request)
    worker.read_until(lambda: True in worker.facts("cancel"))
    begun = len(worker.facts("asked"))
    words = worker.ended()

    assert words == {"execution": 1, "status": Status.CANCELLED}
    assert len(worker.facts("asked")) <= begun + UNDER_WAY
    cancelled = scene.execution(1)
    assert cancelled.status is Status.CANCELLED
    assert cancelled.success is None
    assert cancelled.counts == Counts(deleted=worker.deleted)
    assert 0 < cancelled.counts.deleted == scene.gone < ROWS + MORE
    assert cancelled.backlog is not None
    assert cancelled.backlog.remaining == ROWS + MORE - scene.gone
    assert f"Cancelled by {request}." in cancelled.warnings
    assert scene.run("event-1") == cancelled
    scene.recount()
    assert scene.run("event-2").counts.deleted == ROWS + MORE - cancelled.counts.deleted
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_the_record_of_a_cancelled_run_keeps_the_request(scene: Scene) -> None:
    scene.put(MORE, live=0)
    worker = scene.worker("event-1", seconds_a_batch=0.25, lease_seconds=30)
    worker.read_until(lambda: worker.deleted > 0)

    request = scene.log.cancel(1, Request(now(), "alice", "wrong table")).cancel
    worker.ended()

    assert request is not None
    assert scene.execution(1).cancel == request


@pytest.mark.scale
def test_a_shared_out_run_that_is_cancelled_stops_in_each_of_its_parts(
    scene: Scene, record_property: Tell
) -> None:
    scene.put(MORE, live=0, shard=3)
    run = hand_over(scene, batches=3)
    worker = scene.worker("invocation-1", execution_id=1, part="3/16", seconds_a_batch=0.25, lease_seconds=30)
    worker.read_until(lambda: worker.deleted > 0)

    request = Request(now(), "alice", "wrong table")
    scene.log.cancel(1, request)
    worker.read_until(lambda: True in worker.facts("cancel"))
    begun = len(worker.facts("asked"))
    worker.ended()
    later = run.drain(Part(4, 16), "invocation-2")
    cancelled = run.close({})

    assert len(worker.facts("asked")) <= begun + UNDER_WAY
    assert later.counts == Counts()
    assert cancelled == scene.execution(1)
    assert (cancelled.status, cancelled.cancel) == (Status.CANCELLED, request)
    assert cancelled.counts.deleted == run.first.deleted + worker.deleted == scene.gone < ROWS + MORE
    assert f"Cancelled by {request}." in cancelled.warnings
    scene.recount()
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_the_record_of_a_cancelled_shared_out_run_does_not_say_that_nothing_is_left(scene: Scene) -> None:
    run = hand_over(scene, batches=3)
    scene.log.cancel(1, Request(now(), "alice"))

    cancelled = run.close({})

    left = len(scene.rows) - len(scene.live) - scene.gone
    assert left > 0
    assert cancelled.backlog is None or cancelled.backlog.remaining == left
