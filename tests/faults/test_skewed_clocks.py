"""Clocks that disagree: the function's is fast or slow beside the writers', or jumps during a run.

What is promised is in the names. `SECOND` is the time that the writers go by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import CHALLENGES, SESSIONS, Job
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate, Deletion
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.operations.run_job import RunJob

SECOND = 1_800_000_000
AROUND = range(SECOND - 150, SECOND + 151)  # a row expires in each of these seconds
SKEWS = [-60, 0, 60]

Clock = Callable[[], datetime]


def at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def skewed(seconds: float) -> Clock:
    """A clock that is so many seconds fast, or slow where they are fewer than none."""
    return lambda: at(SECOND + seconds)


def table_of_sessions() -> MemoryTable:
    return MemoryTable({f"session-{second}": {"expires_at": second} for second in AROUND}, page_size=10)


def expiries(table: MemoryTable) -> set[int]:
    return {int(str(row["expires_at"])) for row in table.rows.values()}


def run(
    table: MemoryTable,
    clock: Clock,
    *,
    deleter: Deleter | None = None,
    job: Job = SESSIONS,
    log: MemoryExecutionLog | None = None,
    dry_run: bool = False,
    execution_id: int | None = None,
) -> Execution:
    run_job = RunJob(
        job=job,
        rows=table,
        deleter=deleter or table,
        log=log or MemoryExecutionLog(),
        clock=clock,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
    )
    start = Start(job, Trigger(TriggerKind.SCHEDULE), "event-1", dry_run=dry_run)
    return run_job(start, execution_id, lambda: timedelta(minutes=5))


@dataclass
class JumpingClock:
    """Tells one time after the other, and the last one for ever."""

    readings: Sequence[float]
    read: int = 0

    def __call__(self) -> datetime:
        reading = self.readings[min(self.read, len(self.readings) - 1)]
        self.read += 1
        return at(reading)


@dataclass
class MeddlingDeleter:
    """Deletes from the table, remembers the cut-offs of each request, and sets the clock after each."""

    table: MemoryTable
    then: Callable[[], None] = lambda: None
    cutoffs: list[Cutoffs] = field(default_factory=list)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        self.cutoffs.append(cutoffs)
        deletion = self.table.delete(batch, cutoffs)
        self.then()
        return deletion


@pytest.mark.parametrize("skew", SKEWS)
def test_a_row_goes_if_and_only_if_its_second_was_over_when_the_run_began_by_its_own_clock(skew: int) -> None:
    table = table_of_sessions()

    execution = run(table, skewed(skew))

    assert execution.started_at == at(SECOND + skew)
    assert expiries(table) == {second for second in AROUND if second >= SECOND + skew}
    assert execution.counts.deleted == len(AROUND) - len(table.rows)


@pytest.mark.parametrize("fraction", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("skew", SKEWS)
def test_a_second_that_the_runs_clock_has_not_finished_is_not_over(skew: int, fraction: float) -> None:
    table = table_of_sessions()

    run(table, skewed(skew + fraction))

    assert min(expiries(table)) == SECOND + skew


def test_a_clock_a_minute_fast_takes_rows_up_to_a_minute_early_and_no_earlier() -> None:
    table = table_of_sessions()

    run(table, skewed(60))

    taken_early = {second for second in AROUND if second >= SECOND} - expiries(table)
    assert taken_early == set(range(SECOND, SECOND + 60))


def test_a_clock_a_minute_slow_takes_nothing_early_and_leaves_the_last_minute_to_a_later_run() -> None:
    table = table_of_sessions()

    run(table, skewed(-60))
    assert {second for second in expiries(table) if second < SECOND} == set(range(SECOND - 60, SECOND))

    run(table, skewed(0))
    assert expiries(table) == {second for second in AROUND if second >= SECOND}


@pytest.mark.parametrize("skew", SKEWS)
def test_a_challenge_without_expiry_goes_by_its_age_on_the_runs_own_clock(skew: int) -> None:
    created = {f"challenge-{age}": {"created_at": SECOND - age} for age in range(200, 401)}
    table = MemoryTable(created)

    run(table, skewed(skew), job=CHALLENGES)

    assert table.rows.keys() == {f"challenge-{age}" for age in range(200, 401) if age + skew <= 300}


@pytest.mark.parametrize("seconds", [-86_400, -1, 1, 86_400])
def test_all_deletes_of_a_run_have_one_cut_off_however_its_clock_moves_meanwhile(seconds: int) -> None:
    table = table_of_sessions()
    now = [float(SECOND)]

    def move() -> None:
        now[0] += seconds

    deleter = MeddlingDeleter(table, move)

    execution = run(table, lambda: at(now[0]), deleter=deleter)

    assert len(deleter.cutoffs) == 6
    assert set(deleter.cutoffs) == {Cutoffs.at(at(SECOND))}
    assert expiries(table) == {second for second in AROUND if second >= SECOND}
    assert execution.counts.deleted == 150


def test_a_row_that_expires_while_a_run_is_under_way_waits_for_the_next() -> None:
    table = table_of_sessions()
    clock = JumpingClock([SECOND, SECOND, SECOND + 100])

    run(table, clock)
    assert min(expiries(table)) == SECOND

    run(table, clock)
    assert min(expiries(table)) == SECOND + 100


@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "dry"])
def test_a_clock_that_jumps_back_during_a_run_does_not_end_it_before_it_started(dry_run: bool) -> None:
    execution = run(table_of_sessions(), JumpingClock([SECOND, SECOND, SECOND - 3600]), dry_run=dry_run)

    assert execution.status is Status.SUCCESS
    assert execution.completed_at == execution.started_at == at(SECOND)
    assert execution.duration_ms == 0


def test_a_clock_that_jumps_back_before_the_first_read_only_makes_the_run_take_less() -> None:
    table = table_of_sessions()

    execution = run(table, JumpingClock([SECOND, SECOND - 60]))

    assert min(expiries(table)) == SECOND - 60
    assert execution.completed_at == at(SECOND)


def test_a_run_that_a_fast_clock_recorded_goes_by_its_own_clock() -> None:
    table, log = table_of_sessions(), MemoryExecutionLog()
    triggered = log.start(Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1"), at(SECOND + 60))

    execution = run(table, skewed(0), log=log, execution_id=triggered.id)

    assert expiries(table) == {second for second in AROUND if second >= SECOND}
    assert (execution.started_at, execution.completed_at) == (at(SECOND + 60), at(SECOND + 60))


milliseconds = st.integers(-120_000, 120_000)
readings = st.lists(milliseconds.map(lambda past: SECOND + past / 1000), min_size=1, max_size=8)


@given(readings=readings)
@settings(max_examples=100, deadline=None)
def test_whatever_the_clock_tells_no_row_goes_that_was_live_when_the_run_took_its_cut_off(
    readings: list[float],
) -> None:
    table = table_of_sessions()
    clock = JumpingClock(readings)

    execution = run(table, clock)

    taken_at = readings[1] if len(readings) > 1 else readings[0]  # the first one is the record's
    assert {second for second in AROUND if second >= int(taken_at)} == expiries(table)
    assert execution.completed_at is not None
    assert execution.completed_at >= execution.started_at
    assert execution.counts.deleted + len(table.rows) == len(AROUND)
