"""Whatever happens to a log, in whatever order: its counters equal a recount of its records."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished
from barycenter_jobs.core.executions import LEASE, Execution, Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.retention import Retention
from barycenter_jobs.operations.clear_history import ClearHistory
from barycenter_jobs.operations.prune_history import PruneHistory
from tests.contracts.logs import Kept, figures, in_dynamodb, in_memory, recounted
from tests.engine import client, create_table

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
A_DAY, THREE_DAYS = timedelta(days=1), timedelta(days=3)

JOB = st.sampled_from(JOBS[:2])
METHOD = st.sampled_from(Method)
EVENT = st.sampled_from(["event-1", "event-2", "event-3", "event-4"]) | st.uuids().map(str)
COUNTS = st.builds(Counts, *[st.integers(0, 1000)] * len(fields(Counts)))
ENDS = st.sampled_from([Status.SUCCESS, Status.ERROR, Status.TIMEOUT, Status.CANCELLED])
SECONDS = st.sampled_from([0.0, 0.0004, 0.013, 1.0, 44.0, 45.0, 46.0, 600.0]) | st.floats(0, 90_000)


class Life(RuleBasedStateMachine):
    """A log to which everything may happen; `kept` is made by the test."""

    make: Callable[[], Kept]

    def __init__(self) -> None:
        super().__init__()
        self.kept = type(self).make()
        self.now = NOON
        self.started: list[Execution] = []
        self.ever: dict[int, Execution] = {}

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(job=JOB, event=EVENT, method=METHOD)
    def start(self, job: Job, event: str, method: Method) -> None:
        with contextlib.suppress(DeliveryAlreadyHandled):
            self.started.append(self.kept.log.start(self._start(job, event, method), self.now))

    @rule(job=JOB, event=EVENT, method=METHOD)
    def skip(self, job: Job, event: str, method: Method) -> None:
        with contextlib.suppress(DeliveryAlreadyHandled):
            self.kept.log.skip(self._start(job, event, method), self.now, "the job is paused")

    @rule(data=st.data(), counts=COUNTS)
    def renew(self, data: st.DataObject, counts: Counts) -> None:
        if run := self._any(data):
            with contextlib.suppress(ExecutionAlreadyFinished):
                self.kept.log.renew(replace(run, counts=counts), self.now + LEASE)

    @rule(data=st.data(), status=ENDS, counts=COUNTS)
    def finish(self, data: st.DataObject, status: Status, counts: Counts) -> None:
        if run := self._any(data):
            ended = run.finished(status, self.now, counts=counts, error_message="so it ended")
            with contextlib.suppress(ExecutionAlreadyFinished):
                self.kept.log.finish(ended)

    @rule()
    def close_the_dead(self) -> None:
        for run in self.kept.log.running():
            if run.is_dead(self.now):
                assert self.kept.log.close(run)

    @rule(data=st.data(), counts=COUNTS)
    def supplement(self, data: st.DataObject, counts: Counts) -> None:
        if run := self._any(data):
            self.kept.log.supplement(
                run.finished(Status.TIMEOUT, self.now, counts=counts, error_message="late")
            )

    @rule(job=JOB | st.none())
    def clear(self, job: Job | None) -> None:
        before = self._finished()
        cleared = ClearHistory(self.kept.log, self.kept.history, lambda: self.now)(
            None if job is None else job.name, "alice"
        )
        assert cleared.success
        gone = before.keys() - self._finished().keys()
        assert cleared.records_cleared == len(gone)
        assert gone == {
            number
            for number, run in before.items()
            if (job is None or run.job_name == job.name) and run.started_at < self.now
        }

    @rule(most=st.integers(1, 60), max_records=st.integers(1, 12) | st.none())
    def prune(self, most: int, max_records: int | None) -> None:
        before = self._finished()
        retention = Retention(A_DAY, THREE_DAYS)
        removed = PruneHistory(
            self.kept.log, self.kept.history, lambda: self.now, retention, max_records, most
        )()
        after = self._finished()
        assert removed == len(before) - len(after)
        assert removed <= most
        if removed < most:
            assert all(run.started_at >= self.now - retention.of(run.status) for run in after.values())
            overdue = [run for run in after.values() if run.started_at < self.now]
            assert max_records is None or len(after) <= max_records or not overdue

    @invariant()
    def the_counters_equal_a_recount(self) -> None:
        there = self._finished()
        for number, run in there.items():
            assert self.ever.setdefault(number, run) == run
        for job in JOBS[:2]:
            for kept, runs in (
                (self.kept.log.statistics(job.name), there),
                (self.kept.log.lifetime(job.name), self.ever),
            ):
                assert figures(kept) == recounted(run for run in runs.values() if run.job_name == job.name)

    def _start(self, job: Job, event: str, method: Method) -> Start:
        worker = f"worker-{len(self.started)}"
        return Start(job, Trigger(TriggerKind.SCHEDULE), event, method=method, worker=worker)

    def _any(self, data: st.DataObject) -> Execution | None:
        return data.draw(st.sampled_from(self.started)) if self.started else None

    def _finished(self) -> dict[int, Execution]:
        runs = self.kept.log.read(LogFilter(), 1000)
        return {run.id: run for run in runs if run.status is not Status.RUNNING}


def test_in_memory() -> None:
    class InMemory(Life):
        make = staticmethod(in_memory)

    run_state_machine_as_test(
        InMemory, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )


@pytest.mark.scale
@pytest.mark.timeout(600)
def test_in_dynamodb(engine: str, new_name: Callable[[str], str]) -> None:

    def make() -> Kept:
        table = new_name("job_executions")
        create_table(client(engine), "job_executions", table)
        return in_dynamodb(table, engine)

    class InDynamoDB(Life):
        pass

    InDynamoDB.make = staticmethod(make)
    run_state_machine_as_test(
        InDynamoDB,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
