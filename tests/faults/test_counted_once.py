"""The end of a run counts once, whatever becomes of the answers to the requests that record it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.core.executions import LEASE, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.operations.clear_history import ClearHistory
from tests.contracts.logs import Kept, figures, in_dynamodb, recounted
from tests.engine import client, create_table
from tests.faults.wire import Fault, Wire, bad_wire

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
LOST = [Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING, Fault.CUT_BEFORE_ACTING]


@dataclass
class Scene:
    """A log over a bad wire, and the same one over a good wire."""

    wire: Wire
    bad: Kept
    good: Kept

    def transactions(self, plan: Callable[[int], Fault]) -> None:
        """Have something happen to transactions, counted from now on."""
        self.wire.requests.clear()
        self.wire.plan = lambda operation, number: (
            plan(number) if operation == "TransactWriteItems" else Fault.NONE
        )


@pytest.fixture
def scene(engine: str, new_name: Callable[[str], str]) -> Iterator[Scene]:
    """An empty log."""
    table = new_name("job_executions")
    create_table(client(engine), "job_executions", table)
    with bad_wire(engine) as wire:
        yield Scene(wire, in_dynamodb(table, wire.address), in_dynamodb(table, engine))
    client(engine).delete_table(TableName=table)


def start(event: str = "event-1") -> Start:
    return Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), event, worker="worker-1")


def assert_counted_once(scene: Scene) -> None:
    log = scene.good.log
    runs = recounted(log.read(LogFilter(), 100))
    assert figures(log.statistics(SESSIONS.name)) == runs
    assert figures(log.lifetime(SESSIONS.name)) == runs


@pytest.mark.parametrize("fault", LOST)
def test_a_finish_whose_answer_is_lost_counts_once(scene: Scene, fault: Fault) -> None:
    started = scene.bad.log.start(start(), NOON)
    scene.transactions(lambda number: fault if number == 0 else Fault.NONE)

    scene.bad.log.finish(started.finished(Status.SUCCESS, NOON, counts=Counts(deleted=15)))

    assert scene.good.log.statistics(SESSIONS.name).records_processed == 15
    assert_counted_once(scene)


def test_a_finish_that_never_gets_an_answer_counts_once(scene: Scene) -> None:
    started = scene.bad.log.start(start(), NOON)
    scene.transactions(lambda _number: Fault.CUT_AFTER_ACTING)

    scene.bad.log.finish(started.finished(Status.SUCCESS, NOON, counts=Counts(deleted=15)))

    assert_counted_once(scene)
    assert scene.good.log.lifetime(SESSIONS.name).total == 1


def test_a_finish_that_is_never_done_does_not_count(scene: Scene) -> None:
    started = scene.bad.log.start(start(), NOON)
    scene.transactions(lambda _number: Fault.CUT_BEFORE_ACTING)

    with pytest.raises(StoreError):
        scene.bad.log.finish(started.finished(Status.SUCCESS, NOON, counts=Counts(deleted=15)))

    assert scene.good.log.get(1) == started
    assert_counted_once(scene)


@pytest.mark.parametrize("fault", LOST)
def test_a_dead_run_a_skip_and_a_supplement_whose_answers_are_lost_count_once(
    scene: Scene, fault: Fault
) -> None:
    dead = scene.bad.log.start(start(), NOON)
    scene.transactions(lambda number: fault if number % 2 == 0 else Fault.NONE)

    assert scene.bad.log.close(dead)
    scene.bad.log.skip(start("event-2"), NOON + LEASE, "the job is paused")
    scene.bad.log.supplement(
        dead.finished(Status.TIMEOUT, NOON, counts=Counts(deleted=3), error_message="late")
    )

    assert_counted_once(scene)
    assert scene.good.log.lifetime(SESSIONS.name).total == 3


@pytest.mark.parametrize("every", [2, 1], ids=["one answer of two", "every answer"])
@pytest.mark.parametrize("fault", [Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING])
def test_a_clearing_whose_answers_are_lost_says_exactly_how_much_it_cleared(
    scene: Scene, fault: Fault, every: int
) -> None:
    for number in range(3):
        scene.good.log.skip(start(f"event-{number}"), NOON, "the job is paused")
    scene.transactions(lambda number: fault if number % every == 0 else Fault.NONE)

    cleared = ClearHistory(scene.bad.log, scene.bad.history, lambda: NOON + timedelta(hours=1))(None, "alice")

    assert cleared.records_cleared == 3
    assert [each.records for each in scene.good.history.clearings(10)] == [3]
    assert scene.good.log.read(LogFilter(), 10) == []
    assert scene.good.log.statistics(SESSIONS.name).total == 0
    assert scene.good.log.lifetime(SESSIONS.name).total == 3
