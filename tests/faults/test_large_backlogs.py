"""A backlog far beyond what one run has time for drains over the runs that follow, with nobody's help.

The table is made of numbers: row n exists until it is deleted, and expires as `expires_at` says. It keeps its
own account of what was deleted, by whom and in which order, and deleting takes time on a clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.executions import Backlog, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome, Page
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.operations.run_job import RunJob

FIRST_EXPIRY = 1_800_000_000
ROWS_A_SECOND = 20  # so many rows expire in each second
TIMEOUT = timedelta(minutes=15)
TIME_TO_RECORD = timedelta(seconds=15)
BATCHES_THAT_END = 16  # those under way and those that wait for a thread
STOPPED_EARLY = "Time ran out before the backlog did; the next run goes on from there."


def expires_at(number: int) -> int:
    return FIRST_EXPIRY + number // ROWS_A_SECOND


@dataclass
class EndlessTable:
    """Rows 0, 1, 2 and so on, of which `rows` exist; deleting one takes `seconds_a_row`.

    `lowest` and `highest` are of those that went since somebody forgot them.
    """

    rows: int
    seconds_a_row: float
    passed: float = 0.0
    deleted: int = 0
    lowest: int | None = None
    highest: int = -1
    _gone: bytearray = field(init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._gone = bytearray(self.rows)

    def expired(self, cutoffs: Cutoffs) -> int:
        """Return how many rows expire before the cut-off, deleted or not: they are the first so many."""
        return min(self.rows, (cutoffs.expires_before - FIRST_EXPIRY) * ROWS_A_SECOND)

    def forget(self) -> None:
        """Forget which rows went."""
        self.lowest, self.highest = None, -1

    def oldest(self) -> int:
        """Return the number of the first row that is there, or how many there ever were."""
        found = self._gone.find(0)
        return self.rows if found < 0 else found

    def left(self) -> int:
        """Return how many rows are there, by counting them."""
        return self._gone.count(0)

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        end = self.expired(cutoffs)
        for start in range(self.oldest(), end, 100):
            yield Page(
                [
                    Candidate(key=f"session-{number}", expires_at=expires_at(number))
                    for number in range(start, min(start + 100, end))
                ]
            )

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog:
        assert time_is_left()
        remaining = self._gone.count(0, 0, self.expired(cutoffs))
        oldest = datetime.fromtimestamp(expires_at(self.oldest()), UTC) if remaining else None
        return Backlog(remaining, oldest)

    def warnings(self) -> Sequence[str]:
        return ()

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        with self._lock:
            self.passed += len(batch) * self.seconds_a_row
            return Deletion([self._delete(candidate, cutoffs) for candidate in batch], 2.0 * len(batch))

    def _delete(self, candidate: Candidate, cutoffs: Cutoffs) -> Answer:
        number = int(candidate.key.removeprefix("session-"))
        assert number < self.expired(cutoffs)
        if self._gone[number]:
            return Answer(Outcome.ALREADY_GONE)
        self._gone[number] = 1
        self.deleted += 1
        self.lowest = number if self.lowest is None else min(self.lowest, number)
        self.highest = max(self.highest, number)
        return Answer(Outcome.DELETED)


@dataclass
class Function:
    """A function that an hourly schedule invokes, with no more than its time for each run."""

    table: EndlessTable
    now: datetime
    log: MemoryExecutionLog = field(default_factory=MemoryExecutionLog)
    runs: int = 0

    def run(self) -> Execution:
        self.runs += 1
        began = self.table.passed
        job = RunJob(
            job=SESSIONS,
            rows=self.table,
            deleter=self.table,
            log=self.log,
            clock=lambda: self.now + timedelta(seconds=self.table.passed - began),
            backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        )

        def remaining() -> timedelta:
            return TIMEOUT - timedelta(seconds=self.table.passed - began)

        start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), f"hour-{self.runs}")
        execution = job(start, None, remaining)
        assert remaining() > timedelta()
        self.now += timedelta(hours=1)
        return execution


def table_with_time_for(rows_a_run: int, rows: int) -> EndlessTable:
    usable = (TIMEOUT - TIME_TO_RECORD).total_seconds()
    return EndlessTable(rows, seconds_a_row=usable / rows_a_run)


def check_a_run_that_ran_short(function: Function, expired: int) -> int:
    """Run once, hold the record against the table, and return how many rows went."""
    table = function.table
    limit, deleted_before, oldest_before = Cutoffs.at(function.now), table.deleted, table.oldest()
    table.forget()

    execution = function.run()

    went = table.deleted - deleted_before
    assert execution.status is Status.SUCCESS
    assert execution.counts.deleted == went
    assert execution.warnings == (STOPPED_EARLY,)
    assert table.expired(limit) == expired
    assert execution.backlog == Backlog(
        expired - table.deleted, datetime.fromtimestamp(expires_at(table.oldest()), UTC)
    )
    # From where the last run ended, and the oldest first, but for batches that were under way together.
    assert table.lowest == oldest_before
    assert table.highest < table.oldest() + 25 * BATCHES_THAT_END
    return went


@pytest.mark.scale
def test_a_million_rows_drain_over_seven_runs_that_each_succeed_and_go_on_where_the_last_one_ended() -> None:
    table = table_with_time_for(150_000, rows=1_000_000)
    function = Function(table, now=datetime.fromtimestamp(expires_at(1_000_000), UTC))

    for _ in range(6):
        went = check_a_run_that_ran_short(function, expired=1_000_000)
        assert 150_000 <= went <= 150_000 + 25 * BATCHES_THAT_END
    last = function.run()
    idle = function.run()

    assert (last.status, last.warnings, last.backlog) == (Status.SUCCESS, (), Backlog())
    assert (idle.counts.deleted, idle.backlog) == (0, Backlog())
    assert table.left() == 0
    executions = function.log.read(LogFilter(), 100)
    assert [execution.status for execution in executions] == [Status.SUCCESS] * 8
    assert sum(execution.counts.deleted for execution in executions) == table.deleted == 1_000_000


def test_a_backlog_that_grows_while_it_drains_still_goes_oldest_first_and_comes_to_an_end() -> None:
    table = table_with_time_for(50_000, rows=130_000)
    function = Function(table, now=datetime.fromtimestamp(expires_at(115_000), UTC))
    expired = 115_000

    for _ in range(2):
        check_a_run_that_ran_short(function, expired)
        expired += ROWS_A_SECOND * 100
        function.now += timedelta(seconds=100) - timedelta(hours=1)
    last = function.run()

    assert (last.warnings, last.backlog) == ((), Backlog())
    assert table.deleted == table.oldest() == expired == 119_000
    assert table.left() == 11_000


def test_no_batch_starts_once_time_has_run_out() -> None:
    table = EndlessTable(1_000, seconds_a_row=0)
    cutoffs = Cutoffs(expires_at(1_000))
    one_waits = Event()
    time_is_out = Event()
    started: list[bool] = []

    def pages() -> Iterator[Page]:
        candidates = [one for page in table.pages(cutoffs) for one in page.candidates]
        for number in range(40):
            if number == 3:
                one_waits.set()  # two batches are under way, and the third has no thread
            yield Page(candidates[25 * number : 25 * number + 25])

    class Slow:
        def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
            started.append(time_is_out.is_set())
            assert one_waits.wait(60)
            time_is_out.set()
            return table.delete(batch, cutoffs)

    report = sweep(
        pages(),
        Slow(),
        cutoffs,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: not time_is_out.is_set(),
        in_flight=2,
    )

    assert report.stopped_early
    assert report.counts.deleted == table.deleted
    assert started == [False, False]
