"""An index that lags behind its table: it shows rows that are gone or renewed, or twice, and misses others.

Hypothesis writes what the table held when the index last looked, what the index makes of it, and what others
do to the table before and between the deletes. The recount looks into the table around each delete, and
judges by a rule of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Backlog, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate, Deletion, Page
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from barycenter_jobs.operations.run_job import RunJob
from tests.contracts.stages import DynamoDBStage
from tests.engine import client, create_table

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)

Row = Mapping[str, object]

EXPIRED: list[Row] = [
    {"expires_at": NOW - 1},
    {"expires_at": NOW - 86_400, "again": True},
    {"expires_at": Decimal(NOW) - Decimal("0.5")},
]
STAYING: list[Row] = [
    {"expires_at": NOW},
    {"expires_at": NOW + 3600},
    {"expires_at": Decimal(NOW) + Decimal("0.5")},
    {"user": "for ever"},
    {"expires_at": str(NOW - 3600)},
    {"expires_at": (NOW - 3600) * 1000},
    {"expires_at": None},
]


def key(number: int) -> str:
    return f"session-{number}"


def has_expired(row: Row) -> bool:
    """Whether a row is one that a sweep may delete, by what the tests of this module know of rows."""
    return any(row == expired for expired in EXPIRED)


@dataclass
class LaggingIndex:
    """Shows what a snapshot of the table held, as often as `shown` says, whatever became of it since."""

    snapshot: Mapping[str, Row]
    shown: Sequence[int]
    page_size: int

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        of_snapshot = MemoryTable(self.snapshot)
        known = {one.key: one for page in of_snapshot.pages(cutoffs) for one in page.candidates}
        stale = [known[key(number)] for number in self.shown if key(number) in known]
        for start in range(0, len(stale), self.page_size):
            yield Page(stale[start : start + self.page_size])

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog | None:
        return MemoryTable(self.snapshot).backlog(cutoffs, time_is_left)

    def warnings(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class Event:
    """Somebody writes a row, or deletes it where `row` is None."""

    number: int
    row: Row | None


@dataclass
class WatchedDeleter:
    """Deletes from the table while events happen, and keeps an account by looking."""

    table: MemoryTable
    events: Iterator[Sequence[Event]]
    account: Counts = field(default_factory=Counts)
    tried: Counter[str] = field(default_factory=Counter)
    deleted_though_live: list[Row] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        with self.lock:
            apply(self.table, next(self.events, ()))
            before = dict(self.table.rows)
            deletion = self.table.delete(batch, cutoffs)
            for candidate in batch:
                self._look(candidate.key, before)
            assert {this: row for this, row in before.items() if this in self.table.rows} == self.table.rows
            assert before.keys() - self.table.rows.keys() <= {candidate.key for candidate in batch}
            return deletion

    def _look(self, this: str, before: Mapping[str, Row]) -> None:
        self.tried[this] += 1
        if this not in before:
            self.account.already_gone += 1
        elif this in self.table.rows:
            self.account.became_live += 1
        else:
            self.account.deleted += 1
            if not has_expired(before[this]):
                self.deleted_though_live.append(before[this])


def apply(table: MemoryTable, events: Sequence[Event]) -> None:
    for event in events:
        if event.row is None:
            table.remove(key(event.number))
        else:
            table.put(key(event.number), event.row)


numbers = st.integers(0, 59)
any_row = st.sampled_from([*EXPIRED, *STAYING])
happenings = st.lists(st.builds(Event, numbers, st.one_of(st.none(), any_row)), max_size=15)


@dataclass
class World:
    """What a snapshot held, which of it the index shows, and what happens before and between the deletes."""

    snapshot: dict[str, Row]
    shown: list[int]
    page_size: int
    before: list[Event]
    between: list[list[Event]]
    in_flight: int


@st.composite
def worlds(draw: st.DrawFn) -> World:
    # Most rows of the snapshot have expired, else an index would have little to show.
    row = st.one_of(st.sampled_from(EXPIRED), any_row)
    snapshot = {key(number): draw(row) for number in range(draw(st.integers(0, 60)))}
    missing = draw(st.frozensets(numbers, max_size=10))
    twice = draw(st.lists(numbers, max_size=30))
    shown = [number for number in [*range(60), *twice] if number not in missing]
    return World(
        snapshot,
        draw(st.permutations(shown)),
        draw(st.integers(1, 100)),
        draw(happenings),
        draw(st.lists(happenings, max_size=6)),
        draw(st.sampled_from([1, 4])),
    )


def swept(world: World) -> tuple[SweepReport, WatchedDeleter, LaggingIndex]:
    table = MemoryTable(world.snapshot)
    index = LaggingIndex(world.snapshot, world.shown, world.page_size)
    deleter = WatchedDeleter(table, iter(world.between))
    apply(table, world.before)
    return run(index.pages(CUTOFFS), deleter, world.in_flight), deleter, index


def run(pages: Iterator[Page], deleter: Deleter, in_flight: int = 8) -> SweepReport:
    return sweep(pages, deleter, CUTOFFS, backoff=BACKOFF, time_is_left=lambda: True, in_flight=in_flight)


@given(world=worlds())
@settings(max_examples=150, deadline=None)
def test_nothing_live_is_deleted_and_the_counts_are_those_of_an_independent_recount(world: World) -> None:
    report, deleter, _ = swept(world)

    assert deleter.deleted_though_live == []
    assert report.counts == deleter.account
    assert report.broken_by is None


@given(world=worlds())
@settings(max_examples=60, deadline=None)
def test_every_row_shown_is_tried_and_no_row_that_was_not(world: World) -> None:
    _, deleter, index = swept(world)

    shown = Counter(one.key for page in index.pages(CUTOFFS) for one in page.candidates)
    assert deleter.tried.keys() == shown.keys()
    assert deleter.tried <= shown


@given(world=worlds())
@settings(max_examples=60, deadline=None)
def test_what_the_index_missed_the_next_sweep_takes_once_it_has_caught_up(world: World) -> None:
    _, deleter, _ = swept(world)
    expired = {this for this, row in deleter.table.rows.items() if has_expired(row)}
    staying = deleter.table.rows.keys() - expired

    report = run(deleter.table.pages(CUTOFFS), deleter.table)

    assert (report.counts.deleted, report.counts.became_live, report.counts.already_gone) == (
        len(expired),
        0,
        0,
    )
    assert deleter.table.rows.keys() == staying


@given(world=worlds())
@settings(max_examples=30, deadline=None)
def test_a_run_by_a_lagging_index_succeeds_and_records_what_the_recount_says(world: World) -> None:
    deleter = WatchedDeleter(MemoryTable(world.snapshot), iter(world.between))
    apply(deleter.table, world.before)
    job = RunJob(
        job=SESSIONS,
        rows=LaggingIndex(world.snapshot, world.shown, world.page_size),
        deleter=deleter,
        log=MemoryExecutionLog(),
        clock=lambda: datetime.fromtimestamp(NOW, UTC),
        backoff=BACKOFF,
    )

    execution = job(
        Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1"), None, lambda: timedelta(minutes=5)
    )

    assert execution.status is Status.SUCCESS
    assert execution.counts == deleter.account


def test_a_row_shown_twice_in_one_page_is_tried_once() -> None:
    table = MemoryTable({key(0): {"expires_at": NOW - 1}})
    index = LaggingIndex(dict(table.rows), [0, 0, 0], page_size=10)

    assert run(index.pages(CUTOFFS), table).counts == Counts(deleted=1)


def test_a_row_shown_again_much_later_is_gone_by_then_and_deleted_once() -> None:
    table = MemoryTable({key(number): {"expires_at": NOW - 1} for number in range(50)})
    index = LaggingIndex(dict(table.rows), [*range(50), 0], page_size=10)

    assert run(index.pages(CUTOFFS), table, in_flight=1).counts == Counts(deleted=50, already_gone=1)


@pytest.mark.parametrize("deleter", [PartiqlDeleter, ConditionalDeleter])
def test_on_the_engine_rows_that_changed_since_the_index_looked_are_told_apart(
    engine: str, new_name: Callable[[str], str], deleter: type[PartiqlDeleter | ConditionalDeleter]
) -> None:
    dynamodb, table = client(engine), new_name("sessions")
    create_table(dynamodb, "sessions", table)
    stage = DynamoDBStage(dynamodb, engine, table, SESSIONS.kind, deleter)
    stage.put({key(number): {"expires_at": NOW - 100 + number} for number in range(60)})
    pages = list(stage.rows.pages(CUTOFFS))
    renewed = {key(number): {"expires_at": NOW + 60} for number in range(10)}
    for_ever = {key(number): {"user": "u-1"} for number in range(10, 15)}
    anew = {key(number): {"expires_at": NOW - 1} for number in range(20, 30)}
    late = {f"late-{number}": {"expires_at": NOW - 1} for number in range(3)}
    stage.remove(key(number) for number in range(15, 30))
    stage.put({**renewed, **for_ever, **anew, **late})

    report = run(iter([*pages, pages[0]]), stage.deleter)

    # 30 to 59 as they were and 20 to 29 anew; shown again, all of them are gone.
    assert report.counts == Counts(deleted=40, became_live=2 * 15, already_gone=2 * 5 + 40)
    assert stage.keys() == renewed.keys() | for_ever.keys() | late.keys()
    dynamodb.delete_table(TableName=table)
