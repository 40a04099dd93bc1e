"""A run whose backlog is worked on by several invocations, from its start to its one record."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryStateMachine, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import JobFailed, StateMachineNotStarted, StoreUnavailable
from barycenter_jobs.core.executions import Backlog, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs, expiry_shard
from barycenter_jobs.core.jobs import REFRESH_TOKENS, SESSIONS
from barycenter_jobs.core.legs import FIRST, Leg
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome
from barycenter_jobs.core.stores import Deleter
from tests.cleanups import cleanup_in_memory

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
SECOND = int(NOON.timestamp())
HOUR = timedelta(hours=1)


def plenty() -> timedelta:
    return timedelta(minutes=5)


def looks(number: int) -> Callable[[], timedelta]:
    """Time that is over after so many looks at it."""
    before = itertools.count()
    return lambda: timedelta(minutes=5 if next(before) < number else 0)


def expired(count: int) -> MemoryTable:
    rows = {f"session-{number}": {"expires_at": SECOND - 60 - number} for number in range(count)}
    return MemoryTable({**rows, "live": {"expires_at": SECOND + 60}})


@dataclass
class Scene:
    """A job with a state machine for whatever it leaves."""

    table: MemoryTable = field(default_factory=lambda: expired(400))
    threshold: int | None = 0
    max_records: int | None = None
    deleter: Deleter | None = None
    log: MemoryExecutionLog = field(default_factory=MemoryExecutionLog)
    machine: MemoryStateMachine = field(default_factory=MemoryStateMachine)

    def __post_init__(self) -> None:
        self.cleanup = cleanup_in_memory(
            SESSIONS,
            self.table,
            self.log,
            lambda: NOON,
            machine=self.machine,
            threshold=self.threshold,
            max_records=self.max_records,
            deleter=self.deleter,
        )

    def begin(self, looks_at_the_clock: int = 6) -> Execution:
        start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
        return self.cleanup.run_job(start, None, looks(looks_at_the_clock))

    def drain(self, number: int, invocation: str = "", remaining: Callable[[], timedelta] = plenty) -> bool:
        """Return whether the part has to be drained once more."""
        part = Part(number, 16)
        return self.cleanup.drain_part()(1, part, invocation or f"part {part}", remaining).stopped_early

    def close(self, failed: dict[Part, str] | None = None) -> Execution:
        return self.cleanup.close_run()(1, failed or {}, plenty)


def test_a_backlog_that_is_left_is_handed_over_and_the_record_stays_open() -> None:
    scene = Scene()

    execution = scene.begin()

    assert execution.status is Status.RUNNING
    assert scene.machine.started == {1: (parts(16), 8)}
    assert scene.log.get(1) == execution


def test_all_invocations_together_are_one_record_with_exact_counts() -> None:
    scene = Scene()
    scene.begin()
    first = 401 - len(scene.table.rows)

    for number in range(16):
        assert not scene.drain(number)
    closed = scene.close()

    assert 0 < first < 400
    assert closed.status is Status.SUCCESS
    assert closed.counts == Counts(deleted=400)
    assert closed.usage.write_units == 400
    assert closed.backlog == Backlog()
    assert closed.error_message is None
    assert closed.warnings == ()
    assert scene.log.get(1) == closed
    assert scene.table.rows.keys() == {"live"}


def test_a_part_deletes_only_what_is_in_its_shard() -> None:
    scene = Scene()
    scene.begin()
    before = set(scene.table.rows)

    scene.drain(3)

    gone = before - set(scene.table.rows)
    assert gone
    assert {expiry_shard(key) for key in gone} == {3}


def test_a_part_whose_time_is_up_asks_for_another_invocation() -> None:
    scene = Scene(table=expired(5000))
    scene.begin()

    again = [scene.drain(0, f"invocation {number}", looks(6)) for number in range(40)]

    assert again[0]
    assert not again[-1]
    for number in range(1, 16):
        scene.drain(number)
    assert scene.close().counts == Counts(deleted=5000)


def test_an_account_that_is_kept_twice_counts_once() -> None:
    scene = Scene()
    execution = scene.begin()
    scene.drain(0, "invocation 1")
    leg = next(leg for leg in scene.log.legs(execution) if leg.part == Part(0, 16))

    scene.log.end_leg(execution, leg)
    for number in range(1, 16):
        scene.drain(number)

    assert scene.close().counts == Counts(deleted=400)


def test_a_part_that_could_not_be_drained_fails_the_run_and_is_named() -> None:
    scene = Scene()
    scene.begin()
    for number in range(16):
        if number != 3:
            scene.drain(number)
    left = len(scene.table.rows) - 1

    with pytest.raises(JobFailed) as failure:
        scene.close({Part(3, 16): "Lambda.Unknown"})

    record = scene.log.get(1)
    assert record is not None
    assert record.status is Status.ERROR
    assert record.counts == Counts(deleted=400 - left)
    assert record.backlog is not None
    assert record.backlog.remaining == left > 0
    assert record.error_message == str(failure.value)
    assert record.error_message == (
        "1 of the run's parts could not be drained, and wait for the next run: 3/16 (Lambda.Unknown)"
    )


def test_a_part_that_fails_says_why_in_the_record_and_what_it_did_before_counts() -> None:
    class BreaksDown:
        """Deletes one batch of a part, and is out of reach from then on."""

        def __init__(self, table: MemoryTable) -> None:
            self.table = table
            self.batches = -1

        def delete(self, batch: list[Candidate], cutoffs: Cutoffs) -> Deletion:
            if self.batches == 0:
                raise StoreUnavailable("Cannot delete from sessions: DynamoDB cannot be reached")
            self.batches -= 1
            return self.table.delete(batch, cutoffs)

    table = expired(3000)
    deleter = BreaksDown(table)
    scene = Scene(table=table, deleter=deleter)  # type: ignore[arg-type]
    scene.begin()
    before = len(table.rows)
    deleter.batches = 1

    with pytest.raises(JobFailed, match=r"^Part 5/16 of execution 1: Cannot delete from sessions"):
        scene.drain(5, "invocation 1")
    deleter.batches = -1
    after_failure = len(table.rows)

    assert before - after_failure == 25
    with pytest.raises(JobFailed, match=r"5/16 \(Cannot delete from sessions: DynamoDB cannot be reached\)$"):
        scene.close({Part(5, 16): "JobFailed"})
    record = scene.log.get(1)
    assert record is not None
    assert record.counts.deleted == 3001 - after_failure


def test_a_part_that_fails_once_and_then_succeeds_is_no_failure() -> None:
    scene = Scene()
    execution = scene.begin()
    scene.log.begin_leg(execution, Leg("invocation 1", Part(0, 16)))
    scene.log.end_leg(
        execution, Leg("invocation 1", Part(0, 16), ended=True, problem="Cannot read", counts=Counts())
    )
    for number in range(16):
        scene.drain(number, f"invocation {number + 2}")

    assert scene.close().status is Status.SUCCESS


def test_an_invocation_that_died_without_an_account_is_told_of() -> None:
    scene = Scene()
    execution = scene.begin()
    scene.log.begin_leg(execution, Leg("killed", Part(0, 16)))
    for number in range(16):
        scene.drain(number)

    closed = scene.close()

    assert closed.status is Status.SUCCESS
    assert closed.warnings == (
        "1 of 18 invocations died without an account: what they deleted is not counted here.",
    )


def test_an_error_that_nobody_expected_says_nothing_of_the_row() -> None:
    class Mad:
        def delete(self, batch: list[Candidate], cutoffs: Cutoffs) -> Deletion:
            del cutoffs
            raise RuntimeError(f"what about {batch[0].key}?")

    scene = Scene()
    execution = scene.begin()
    mad = cleanup_in_memory(SESSIONS, scene.table, scene.log, lambda: NOON, deleter=Mad())  # type: ignore[arg-type]

    with pytest.raises(JobFailed) as failure:
        mad.drain_part()(1, Part(0, 16), "invocation 1", plenty)

    assert "session-" not in str(failure.value)
    assert str(failure.value).startswith(
        "Part 0/16 of execution 1: Unexpected RuntimeError at test_share_out.py:"
    )
    assert failure.value.__cause__ is None
    legs = {leg.id: leg for leg in scene.log.legs(execution)}
    assert legs["invocation 1"].ended


def test_rows_that_are_refused_fail_the_run_as_a_whole() -> None:
    class Refuses:
        def delete(self, batch: list[Candidate], cutoffs: Cutoffs) -> Deletion:
            del cutoffs
            return Deletion([Answer(Outcome.REFUSED, "ItemCollectionSizeLimitExceeded")] * len(batch))

    scene = Scene()
    scene.begin()
    left = len(scene.table.rows) - 1
    refusing = cleanup_in_memory(SESSIONS, scene.table, scene.log, lambda: NOON, deleter=Refuses())  # type: ignore[arg-type]
    for number in range(16):
        refusing.drain_part()(1, Part(number, 16), f"invocation {number}", plenty)

    with pytest.raises(JobFailed, match=rf"^{left} rows could not be deleted"):
        scene.close()

    record = scene.log.get(1)
    assert record is not None
    assert record.counts == Counts(deleted=400 - left, failed=left)


def test_a_record_that_is_closed_stays_as_it_is() -> None:
    scene = Scene()
    scene.begin()
    for number in range(16):
        scene.drain(number)
    closed = scene.close()

    assert scene.close({Part(0, 16): "late"}) == closed


def test_a_record_that_was_closed_as_failed_fails_again() -> None:
    scene = Scene()
    scene.begin()

    for _ in range(2):
        with pytest.raises(JobFailed, match="could not be drained"):
            scene.close({Part(0, 16): "States.Timeout"})


def test_a_part_of_a_run_that_is_closed_deletes_nothing() -> None:
    scene = Scene()
    execution = scene.begin()
    scene.log.finish(execution.finished(Status.TIMEOUT, NOON))
    rows = dict(scene.table.rows)

    assert not scene.drain(0)
    assert scene.table.rows == rows


def test_a_part_of_another_jobs_run_deletes_nothing() -> None:
    scene = Scene()
    scene.begin()
    tokens = expired(5)
    cleanup = cleanup_in_memory(REFRESH_TOKENS, tokens, scene.log, lambda: NOON)

    cleanup.drain_part()(1, Part(0, 1), "invocation", plenty)

    assert len(tokens.rows) == 6


@pytest.mark.parametrize("execution_id", [1, 2])
def test_a_run_that_there_is_not_cannot_be_closed(execution_id: int) -> None:
    scene = Scene()
    cleanup = cleanup_in_memory(REFRESH_TOKENS, scene.table, scene.log, lambda: NOON)
    scene.begin()

    with pytest.raises(
        JobFailed, match=f"^There is no execution {execution_id} of cleanup_expired_refresh_tokens"
    ):
        cleanup.close_run()(execution_id, {}, plenty)


@pytest.mark.parametrize(("threshold", "shared"), [(0, True), (399, True), (400, False), (None, False)])
def test_only_more_rows_than_the_threshold_are_shared_out(threshold: int | None, shared: bool) -> None:
    scene = Scene(threshold=threshold)

    execution = scene.begin(looks_at_the_clock=1)

    assert len(scene.table.rows) == 401
    assert (execution.status is Status.RUNNING) is shared
    assert bool(scene.machine.started) is shared


def test_a_run_that_does_it_all_hands_nothing_over() -> None:
    scene = Scene()
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")

    execution = scene.cleanup.run_job(start, None, plenty)

    assert execution.status is Status.SUCCESS
    assert scene.machine.started == {}


def test_a_run_with_a_ceiling_on_its_deletions_is_not_shared_out() -> None:
    scene = Scene(max_records=10_000)

    execution = scene.begin()

    assert execution.status is Status.SUCCESS
    assert scene.machine.started == {}


def test_a_machine_that_does_not_start_leaves_the_rest_to_the_next_run_and_says_so() -> None:
    class OutOfOrder(MemoryStateMachine):
        def start(self, *_: object) -> None:
            raise StateMachineNotStarted("The state machine could not be started: AccessDeniedException")

    scene = Scene(machine=OutOfOrder())

    execution = scene.begin()

    assert execution.status is Status.SUCCESS
    assert execution.counts.deleted == 401 - len(scene.table.rows)
    assert execution.warnings == (
        "The rest could not be shared out: The state machine could not be started: AccessDeniedException",
        "Time ran out before the backlog did; the next run goes on from there.",
    )


def test_what_was_done_before_is_kept_before_the_machine_starts() -> None:
    order: list[str] = []

    class Log(MemoryExecutionLog):
        def end_leg(self, execution: Execution, leg: Leg) -> None:
            order.append(leg.id)
            super().end_leg(execution, leg)

    class Machine(MemoryStateMachine):
        def start(self, execution: Execution, parts: object, at_once: int) -> None:
            order.append("machine")
            super().start(execution, parts, at_once)  # type: ignore[arg-type]

    Scene(log=Log(), machine=Machine()).begin()

    assert order == [FIRST, "machine"]
