"""Everybody hears of every run that ends, whichever way it ends, and no run fails because nobody listens."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import (
    MemoryExecutionLog,
    MemoryJobControls,
    MemoryJobMetrics,
    MemoryRunEvents,
    MemoryTable,
)
from barycenter_jobs.core.errors import FunctionNotInvoked, JobFailed, RunNotTold
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.stores import RunEvents
from barycenter_jobs.core.tasks import Run
from barycenter_jobs.operations.cleanup import Cleanup
from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
from barycenter_jobs.operations.tell_of_runs import TellOfRuns
from barycenter_jobs.operations.trigger_job import TriggerJob
from tests.cleanups import cleanup_in_memory

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
SECOND = int(NOON.timestamp())
SCHEDULED = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1", worker="worker-1")


class DeafBus:
    """Takes nothing."""

    def tell(self, execution: Execution) -> None:
        raise RunNotTold(f"Bus deaf did not take the event: {execution.id}")


class DeafFunctions:
    """Cannot be invoked."""

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:
        raise FunctionNotInvoked(f"Function {function} could not be invoked: {execution.id} at {now}")


@dataclass
class Scene:
    """A log that tells, and what is told and counted."""

    events: RunEvents = field(default_factory=MemoryRunEvents)
    metrics: MemoryJobMetrics = field(default_factory=MemoryJobMetrics)
    controls: MemoryJobControls = field(default_factory=MemoryJobControls)

    def __post_init__(self) -> None:
        self.log = MemoryExecutionLog(TellOfRuns(self.events, self.metrics))

    @property
    def told(self) -> list[tuple[int, Status]]:
        assert isinstance(self.events, MemoryRunEvents)
        return [(each.id, each.status) for each in self.events.told]

    def cleanup(self, max_records: int | None = None) -> Cleanup:
        rows = MemoryTable({f"row-{number}": {"expires_at": SECOND - 1} for number in range(3)})
        return cleanup_in_memory(
            SESSIONS, rows, self.log, lambda: NOON, controls=self.controls, max_records=max_records
        )

    def trigger(self) -> TriggerJob:
        functions = {SESSIONS.name: "cleanup"}
        return TriggerJob(functions, self.log, DeafFunctions(), lambda: NOON, lambda: "event-2")


def minutes() -> timedelta:
    return timedelta(minutes=5)


def test_a_run_that_succeeds_is_told_of_once() -> None:
    scene = Scene()

    done = scene.cleanup()(Run(SCHEDULED, None), minutes)

    assert scene.told == [(1, Status.SUCCESS)]
    assert isinstance(scene.events, MemoryRunEvents)
    assert scene.events.told == [done]


def test_a_run_that_fails_is_told_of() -> None:
    scene = Scene()

    with pytest.raises(JobFailed):
        scene.cleanup(max_records=1)(Run(SCHEDULED, None), minutes)

    assert scene.told == [(1, Status.ERROR)]


def test_a_run_that_dies_is_told_of_by_whoever_closes_it() -> None:
    scene = Scene()
    scene.log.start(SCHEDULED, NOON)
    later = NOON + timedelta(minutes=2)
    assert scene.told == []

    CloseDeadRuns(scene.log, lambda: later)()
    CloseDeadRuns(scene.log, lambda: later)()

    assert scene.told == [(1, Status.TIMEOUT)]


def test_a_run_that_is_skipped_is_told_of() -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, Pause("an operator", NOON))

    scene.cleanup()(Run(SCHEDULED, None), minutes)

    assert scene.told == [(1, Status.SKIPPED)]


def test_a_run_that_could_not_be_invoked_is_told_of() -> None:
    scene = Scene()

    scene.trigger()(SESSIONS.name, "an operator")

    assert scene.told == [(1, Status.ERROR)]


def test_a_bus_that_takes_nothing_changes_no_run(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(events=DeafBus())

    with caplog.at_level(logging.WARNING):
        done = scene.cleanup()(Run(SCHEDULED, None), minutes)

    assert isinstance(done, Execution)
    assert done.status is Status.SUCCESS
    assert scene.log.get(1) == done
    (said,) = caplog.records
    assert said.message == "finished run not told of"
    assert vars(said)["executionId"] == "1"
    assert vars(said)["error"] == "Bus deaf did not take the event: 1"
    assert scene.metrics.shown == {SESSIONS.name: {"RunsNotTold": 1}}


def test_what_nobody_expected_is_not_swallowed() -> None:
    class Broken:
        def tell(self, execution: Execution) -> None:
            raise ZeroDivisionError(execution.id)

    with pytest.raises(ZeroDivisionError):
        TellOfRuns(Broken(), MemoryJobMetrics())(SCHEDULED.recorded(1, 1, NOON))
