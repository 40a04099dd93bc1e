"""Events come twice, at once and out of order: each succeeds once, and one run of a job works at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import pytest

from barycenter_jobs.adapters.memory import MemoryInvoker
from barycenter_jobs.core.errors import JobFailed, RequestRefused
from barycenter_jobs.core.executions import Execution, Status, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.rows import Candidate, Deletion
from barycenter_jobs.operations.trigger_job import TriggerJob
from tests.faults.conftest import SURVIVED
from tests.faults.orders import Point
from tests.faults.scene import ROWS, Scene, Worker, now, scheduled
from tests.faults.test_killed_workers import Tell

MINUTE = timedelta(minutes=1)


def at_once(workers: Sequence[Worker]) -> list[dict[str, object]]:
    """Let workers that are ready begin together, and return their last words."""
    for worker in workers:
        worker.read_until(lambda worker=worker: bool(worker.facts("ready")))  # type: ignore[misc]
    for worker in workers:
        worker.tell()
    return [worker.ended() for worker in workers]


@pytest.mark.parametrize("deliveries", [2, pytest.param(5, marks=pytest.mark.scale)])
def test_an_event_that_comes_to_several_at_once_is_handled_by_one(
    scene: Scene, deliveries: int, record_property: Tell
) -> None:
    workers = [
        scene.worker("event-1", begin=False, lease_seconds=30, heartbeat_seconds=10)
        for _ in range(deliveries)
    ]

    words = at_once(workers)

    assert {word["execution"] for word in words} == {1}
    assert {word["status"] for word in words} <= {Status.RUNNING, Status.SUCCESS}
    assert sorted(worker.deleted for worker in workers) == [0] * (deliveries - 1) + [ROWS]
    assert scene.log.get(2) is None
    assert scene.execution(1).counts.deleted == ROWS
    scene.check_that_all_is_done()
    record_property(SURVIVED, deliveries - 1)


@pytest.mark.scale
def test_a_trigger_whose_event_comes_twice_at_once_is_taken_on_by_one(
    scene: Scene, record_property: Tell
) -> None:
    trigger = TriggerJob({SESSIONS.name: "cleanup"}, scene.log, MemoryInvoker(), now, lambda: "by-hand")
    workers = [
        scene.worker("by-hand", begin=False, execution_id=1, lease_seconds=30, heartbeat_seconds=10)
        for _ in range(2)
    ]
    for worker in workers:
        worker.read_until(lambda worker=worker: bool(worker.facts("ready")))  # type: ignore[misc]

    triggered = trigger(SESSIONS.name, "alice")
    words = at_once(workers)

    assert triggered.execution_id == 1
    assert {word["execution"] for word in words} == {1}
    assert sorted(worker.deleted for worker in workers) == [0, ROWS]
    done = scene.execution(1)
    assert (done.status, done.counts.deleted, done.trigger.kind) == (Status.SUCCESS, ROWS, TriggerKind.MANUAL)
    assert done.trigger.by == "alice"
    assert scene.log.get(2) is None
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)


@pytest.mark.scale
def test_an_attempt_that_comes_before_the_last_one_has_ended_does_nothing(
    scene: Scene, record_property: Tell
) -> None:
    first = scene.worker("event-1", stop_at=Point.MID_SWEEP, lease_seconds=30, heartbeat_seconds=10)
    first.stopped_at(Point.MID_SWEEP)

    second = scene.run("event-1")

    assert (second.id, second.status, second.attempt_number) == (1, Status.RUNNING, 1)
    assert scene.gone == first.deleted == 100
    first.tell()
    assert first.ended() == {"execution": 1, "status": Status.SUCCESS}
    assert scene.run("event-1") == scene.execution(1)
    assert scene.log.get(2) is None
    scene.check_that_all_is_done()
    record_property(SURVIVED, 1)


class Refusing:
    """A table that refuses every delete."""

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:  # noqa: ARG002
        raise RequestRefused("no", "Refused")


def test_an_event_that_failed_is_tried_again_after_a_later_one_and_succeeds_once(
    scene: Scene, record_property: Tell
) -> None:
    failing = scene.run_job(Refusing())
    for _ in range(2):
        with pytest.raises(JobFailed):
            failing(scheduled("event-1"), None, lambda: 5 * MINUTE)
    later = scene.run("event-2")

    third = scene.run("event-1")

    assert (later.id, later.attempt_number, later.counts.deleted) == (3, 1, ROWS)
    assert (third.id, third.attempt_number, third.status) == (4, 3, Status.SUCCESS)
    assert scene.run("event-2") == later
    assert scene.run("event-1") == third
    assert [each.attempt_number for each in reversed(scene.log.read(LogFilter(), 10))] == [1, 2, 1, 3]
    scene.check_that_all_is_done()
    record_property(SURVIVED, 2)


@dataclass(frozen=True)
class Waiting:
    """A table that deletes nothing before twenty events have come, and so while the others start."""

    scene: Scene

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        while len(self.scene.watcher.records()) < 20:
            time.sleep(0.05)
        return self.scene.stage.deleter.delete(batch, cutoffs)


@pytest.mark.scale
def test_of_twenty_events_at_once_one_runs_and_the_others_are_skipped_and_name_it(
    scene: Scene, record_property: Tell
) -> None:
    together = Barrier(20)
    jobs = [scene.run_job(Waiting(scene)) for _ in range(20)]

    def deliver(number: int) -> Execution:
        together.wait()
        return jobs[number](scheduled(f"event-{number}"), None, lambda: 5 * MINUTE)

    with ThreadPoolExecutor(20) as pool:
        runs = list(pool.map(deliver, range(20)))

    (winner,) = (run for run in runs if run.status is Status.SUCCESS)
    assert Counter(run.status for run in runs) == {Status.SUCCESS: 1, Status.SKIPPED: 19}
    assert {run.warnings for run in runs if run is not winner} == {
        (f"Skipped: execution {winner.id} of cleanup_expired_sessions is running.",)
    }
    assert sorted(run.id for run in runs) == list(range(1, 21))
    assert winner.counts.deleted == ROWS
    assert scene.run(winner.delivery_id) == winner
    skipped = next(run for run in runs if run is not winner)
    assert scene.run(skipped.delivery_id) == skipped
    scene.check_that_all_is_done()
    record_property(SURVIVED, 19)
