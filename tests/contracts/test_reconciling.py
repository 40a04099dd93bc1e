"""What a reconciling scan does to a table, whichever store holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryStateMachine, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import (
    AccessRefused,
    JobFailed,
    StoreError,
    StoreUnavailable,
    TableMissing,
)
from barycenter_jobs.core.executions import Execution, Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs, expiry_shard
from barycenter_jobs.core.jobs import CHALLENGES, REFRESH_TOKENS, SESSIONS, Job
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.pacing import Backoff, TokenBucket
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.rows import Candidate, Deletion, Page, Stamping
from barycenter_jobs.core.stores import Deleter, RowsOutsideIndex, Stamper
from barycenter_jobs.operations.close_run import CloseRun
from barycenter_jobs.operations.drain_part import DrainPart
from barycenter_jobs.operations.reconcile import Reconcile, Segments
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.operations.share_out import ShareOut
from tests.contracts.raw_tables import EngineRawTable, MemoryRawTable, RawTable, Row
from tests.engine import client, create_table

NOON = datetime(2027, 1, 15, 8, tzinfo=UTC)
NOW = int(NOON.timestamp())
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=3)
SCHEDULE = Trigger(TriggerKind.SCHEDULE)


def plenty() -> timedelta:
    return timedelta(minutes=5)


def looks(number: int) -> Callable[[], timedelta]:
    """Time that is over after so many looks at it."""
    ticks = iter([timedelta(minutes=5)] * number)
    return lambda: next(ticks, timedelta(0))


class Unhurried:
    """A budget that no request exhausts, because waiting for it takes no time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds

    def bucket(self, per_second: float) -> TokenBucket:
        return TokenBucket(per_second, self.monotonic, self.sleep)


@dataclass
class InSegments:
    """The same rows in as many segments as a test wants, with something done `before` each is read."""

    inner: RowsOutsideIndex
    of: int
    read: list[Part] = field(default_factory=list)
    before: Callable[[Part], None] = lambda _segment: None

    def segments(self, bytes_each: int) -> Sequence[Part]:  # noqa: ARG002 - as the contract has it
        return parts(self.of)

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]:
        self.before(segment)
        self.read.append(segment)
        return self.inner.outside_index(cutoffs, segment)


@dataclass
class Meddled:
    """Stamps and deletes, after something else has happened to the rows."""

    stamper: Stamper
    deleter: Deleter
    before: Callable[[Sequence[str]], None] = lambda _keys: None

    def stamp(self, keys: Sequence[str]) -> Stamping:
        self.before(keys)
        return self.stamper.stamp(keys)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        self.before([candidate.key for candidate in batch])
        return self.deleter.delete(batch, cutoffs)


@dataclass
class Scene:
    """A job's table, with all that a reconciling scan needs."""

    table: RawTable
    job: Job = SESSIONS
    segments: RowsOutsideIndex | None = None
    stamper: Stamper | None = None
    deleter: Deleter | None = None
    machine: MemoryStateMachine | None = None
    max_records: int | None = None
    rotation_grace: timedelta | None = None
    now: datetime = NOON
    log: MemoryExecutionLog = field(default_factory=MemoryExecutionLog)
    deliveries: int = 0
    failure: str = ""

    def reconcile(self, remaining: Callable[[], timedelta] = plenty) -> Execution:
        """Reconcile and return the record, whether the run failed or not."""
        self.deliveries += 1
        reconcile = Reconcile(
            job=self.job,
            segments=self._segments(),
            log=self.log,
            clock=lambda: self.now,
            rotation_grace=self.rotation_grace,
            share_out=None if self.machine is None else ShareOut(self.machine, self.log, 1, 8, parts(16)),
        )
        start = Start(self.job, SCHEDULE, f"event-{self.deliveries}", method=Method.RECONCILE)
        try:
            reconcile(start, remaining)
        except JobFailed as failure:
            self.failure = str(failure)
        return self.log.read(LogFilter(), 1)[0]

    def sweep(self) -> Execution:
        """Run the job as its schedule does, without looking outside the index."""
        self.deliveries += 1
        run = RunJob(
            job=self.job,
            rows=self.table.reading,
            deleter=self.table.deleter,
            log=self.log,
            clock=lambda: self.now,
            backoff=BACKOFF,
        )
        return run(Start(self.job, SCHEDULE, f"event-{self.deliveries}"), None, plenty)

    def drain(self, part: Part, invocation: str, remaining: Callable[[], timedelta] = plenty) -> bool:
        """Return whether the part has to be worked on once more."""
        drain = DrainPart(
            job=self.job,
            rows=self.table.reading,
            deleter=self.deleter or self.table.deleter,
            segments=self._segments(),
            log=self.log,
            legs=self.log,
            clock=lambda: self.now,
            backoff=BACKOFF,
        )
        return drain(1, part, invocation, remaining).stopped_early

    def close(self) -> Execution:
        rows = self.table.reading
        close = CloseRun(job=self.job, rows=rows, log=self.log, legs=self.log, clock=lambda: self.now)
        return close(1, {}, plenty)

    def _segments(self) -> Segments:
        return Segments(
            rows=self.segments or self.table.reading,
            deleter=self.deleter or self.table.deleter,
            stamper=self.stamper or self.table.stamper,
            backoff=BACKOFF,
            read_units_per_second=100,
            read_budget=Unhurried().bucket(100),
            max_records=self.max_records,
        )


@pytest.fixture(params=["memory", "engine"])
def make(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Callable[[Job], RawTable]:
    """A maker of a job's table, as template.yaml defines it."""

    def maker(job: Job) -> RawTable:
        if request.param == "memory":
            return MemoryRawTable()
        endpoint: str = request.getfixturevalue("engine")
        name, dynamodb = new_name(job.kind.name), client(endpoint)
        create_table(dynamodb, job.kind.name, name)
        return EngineRawTable(dynamodb, endpoint, name, job.kind)

    return maker


@pytest.fixture
def scene(make: Callable[[Job], RawTable]) -> Scene:
    """A table of sessions."""
    return Scene(make(SESSIONS))


def without_shard(count: int, expires_at: int = NOW - 1, stem: str = "row") -> dict[str, Row]:
    return {f"{stem}-{number}": {"expires_at": expires_at, "user": "u-1"} for number in range(count)}


def with_shard(rows: dict[str, Row]) -> dict[str, Row]:
    return {key: {**row, "expiry_shard": expiry_shard(key)} for key, row in rows.items()}


def told(expired: int, stamped: int) -> str:
    return (
        f"{expired + stamped} rows were not in expiry-index: {expired} had expired, "
        f"{stamped} got the expiry_shard that their writer left out. See docs/tables.md."
    )


# ---- What is found


def test_expired_rows_go_and_live_ones_get_their_shard(scene: Scene) -> None:
    live = without_shard(120, NOW + 60, "live")
    scene.table.put(without_shard(60) | live | {"for ever": {"user": "u-1"}})

    execution = scene.reconcile()

    assert execution.status is Status.SUCCESS
    assert execution.method is Method.RECONCILE
    assert execution.counts == Counts(deleted=60, stamped=120)
    assert execution.warnings == (told(60, 120),)
    assert execution.usage.write_units > 0
    assert scene.table.rows() == with_shard(live) | {"for ever": {"user": "u-1"}}


def test_rows_that_the_index_holds_are_none_of_a_reconciling_scans_business(scene: Scene) -> None:
    rows = with_shard(without_shard(30) | without_shard(30, NOW + 60, "live"))
    rows |= with_shard({"milliseconds": {"expires_at": NOW * 1000}})
    scene.table.put(rows)

    execution = scene.reconcile()

    assert execution.counts == Counts()
    assert execution.warnings == ()
    assert scene.table.rows() == rows


def test_a_stamped_row_goes_with_the_others_when_it_expires(scene: Scene) -> None:
    scene.table.put(without_shard(30, NOW + 60))
    scene.reconcile()
    scene.now += timedelta(seconds=61)

    execution = scene.sweep()

    assert execution.counts == Counts(deleted=30)
    assert execution.warnings == ()  # which would tell of rows outside the index
    assert scene.table.rows() == {}


def test_a_second_scan_finds_nothing_more(scene: Scene) -> None:
    scene.table.put(without_shard(30) | without_shard(30, NOW + 60, "live"))
    scene.reconcile()
    before = scene.table.rows()

    execution = scene.reconcile()

    assert execution.counts == Counts()
    assert execution.warnings == ()
    assert scene.table.rows() == before


@pytest.mark.parametrize("shard", [-1, 16, 99])
def test_a_row_in_a_shard_that_nobody_reads_is_stamped_anew_or_goes(scene: Scene, shard: int) -> None:
    scene.table.put({"live": {"expires_at": NOW + 60, "expiry_shard": shard}})
    scene.table.put({"expired": {"expires_at": NOW - 1, "expiry_shard": shard}})

    execution = scene.reconcile()

    assert execution.counts == Counts(deleted=1, stamped=1)
    assert scene.table.rows() == {"live": {"expires_at": NOW + 60, "expiry_shard": expiry_shard("live")}}


@pytest.mark.parametrize("shard", [0, 15])
def test_a_row_in_any_shard_that_is_read_stays_there(scene: Scene, shard: int) -> None:
    rows: dict[str, Row] = {"live": {"expires_at": NOW + 60, "expiry_shard": shard}}
    scene.table.put(rows)

    assert scene.reconcile().counts == Counts()
    assert scene.table.rows() == rows


def test_what_cannot_be_read_stays_as_it_is_and_is_counted(scene: Scene) -> None:
    rows: dict[str, Row] = {f"odd-{number}": {"expires_at": NOW * 1000 + number} for number in range(7)}
    scene.table.put(rows)

    execution = scene.reconcile()

    assert execution.status is Status.SUCCESS
    assert execution.counts == Counts(quarantined=7)
    assert execution.warnings == ()
    assert scene.table.rows() == rows


@pytest.mark.parametrize("shard", [{}, {"expiry_shard": 3}], ids=["without a shard", "with a shard"])
def test_challenges_that_have_only_an_age_go_when_it_is_theirs(
    make: Callable[[Job], RawTable], shard: Row
) -> None:
    scene = Scene(make(CHALLENGES), CHALLENGES)
    scene.table.put(
        {
            "old": {"created_at": NOW - 301, **shard},
            "at the limit": {"created_at": NOW - 300, **shard},
            "young": {"created_at": NOW - 10, **shard},
            "milliseconds": {"created_at": (NOW - 3600) * 1000, **shard},
            "without any time": {"user": "u-1", **shard},
        }
    )
    before = scene.table.rows()

    execution = scene.reconcile()

    assert execution.counts == Counts(deleted=1, quarantined=1)
    assert execution.warnings == (told(1, 0),)
    assert scene.table.rows() == {key: row for key, row in before.items() if key != "old"}


def test_an_old_challenge_with_an_expiry_to_come_lives_and_is_stamped(
    make: Callable[[Job], RawTable],
) -> None:
    scene = Scene(make(CHALLENGES), CHALLENGES)
    rows: dict[str, Row] = {"old": {"created_at": NOW - 3600, "expires_at": NOW + 60}}
    scene.table.put(rows)

    assert scene.reconcile().counts == Counts(stamped=1)
    assert scene.table.rows() == with_shard(rows)


@pytest.mark.parametrize(
    ("grace", "counts"),
    [(timedelta(hours=1), Counts(deleted=1, stamped=1)), (None, Counts(stamped=2))],
)
def test_rotated_tokens_outside_the_index_go_after_the_grace(
    make: Callable[[Job], RawTable], grace: timedelta | None, counts: Counts
) -> None:
    scene = Scene(make(REFRESH_TOKENS), REFRESH_TOKENS, rotation_grace=grace)
    scene.table.put(
        {
            "long ago": {"expires_at": NOW + 60, "rotated_at": NOW - 3601},
            "within the grace": {"expires_at": NOW + 60, "rotated_at": NOW - 3600},
        }
    )

    assert scene.reconcile().counts == counts
    assert len(scene.table.rows()) == counts.stamped


# ---- Writers that are busy meanwhile


def test_what_is_renewed_before_its_delete_stays(scene: Scene) -> None:
    renewed = without_shard(3, NOW + 60)
    scene.table.put(without_shard(30))
    meddled = Meddled(scene.table.stamper, scene.table.deleter, lambda _keys: scene.table.put(renewed))
    scene.deleter = meddled

    execution = scene.reconcile()

    assert execution.counts == Counts(deleted=27, became_live=3)
    assert scene.table.rows() == renewed


def test_what_is_gone_before_its_stamp_is_not_made_anew(scene: Scene) -> None:
    live = without_shard(30, NOW + 60)
    scene.table.put(live)
    gone = ["row-0", "row-7", "row-29"]
    scene.stamper = Meddled(scene.table.stamper, scene.table.deleter, lambda _keys: scene.table.remove(gone))

    execution = scene.reconcile()

    assert execution.counts == Counts(stamped=27)
    assert execution.warnings == (told(0, 27),)
    assert scene.table.rows() == with_shard({key: row for key, row in live.items() if key not in gone})


def test_a_row_that_lost_its_expiry_before_its_stamp_is_left_as_it_is(scene: Scene) -> None:
    scene.table.put(without_shard(2, NOW + 60))
    written: dict[str, Row] = {"row-1": {"user": "for ever"}}
    scene.stamper = Meddled(scene.table.stamper, scene.table.deleter, lambda _keys: scene.table.put(written))

    assert scene.reconcile().counts == Counts(stamped=1)
    assert scene.table.rows()["row-1"] == {"user": "for ever"}


def test_a_stamp_changes_nothing_of_what_was_written_meanwhile(scene: Scene) -> None:
    scene.table.put(without_shard(1, NOW + 60))
    written: dict[str, Row] = {"row-0": {"expires_at": NOW + 7200, "user": "u-2", "scope": "openid"}}
    scene.stamper = Meddled(scene.table.stamper, scene.table.deleter, lambda _keys: scene.table.put(written))

    scene.reconcile()

    assert scene.table.rows() == with_shard(written)


# ---- Ceilings


def test_a_scan_never_deletes_more_rows_than_a_run_may(scene: Scene) -> None:
    scene.table.put(without_shard(60))
    scene.max_records = 40
    scene.machine = MemoryStateMachine()

    execution = scene.reconcile()

    assert execution.status is Status.ERROR
    assert execution.error_message is not None
    assert "MaxRecordsPerRun" in execution.error_message
    assert execution.counts == Counts(deleted=40)
    assert len(scene.table.rows()) == 20
    assert scene.machine.started == {}


def test_the_ceiling_holds_over_all_segments(scene: Scene) -> None:
    scene.table.put(without_shard(60))
    scene.segments = InSegments(scene.table.reading, of=6)
    scene.max_records = 40

    assert scene.reconcile().counts == Counts(deleted=40)
    assert len(scene.table.rows()) == 20


@dataclass
class Measured:
    """Pages of so many read units each, and when each was read."""

    units: Sequence[Sequence[float]]
    time: Unhurried
    read: list[tuple[float, float]] = field(default_factory=list)
    unstamped: int = 0

    def segments(self, bytes_each: int) -> Sequence[Part]:  # noqa: ARG002 - as the contract has it
        return parts(len(self.units))

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]:  # noqa: ARG002
        for units in self.units[segment.number]:
            self.read.append((self.time.seconds, units))
            self.time.seconds += 0.01
            yield Page(read_units=units, unstamped=[f"row-{number}" for number in range(self.unstamped)])


@settings(deadline=None)
@given(
    units=st.lists(st.lists(st.floats(0.5, 128), max_size=6), min_size=1, max_size=4),
    per_second=st.integers(1, 300),
    patience=st.lists(st.integers(1, 30), min_size=1, max_size=4),
)
def test_over_any_time_no_more_is_read_than_the_ceiling_allows(
    units: list[list[float]], per_second: int, patience: list[int]
) -> None:
    time = Unhurried()
    rows = Measured(units, time)
    budget = time.bucket(per_second)
    table = MemoryTable()
    segments = Segments(rows, table, table, BACKOFF, per_second, budget)

    for seconds in patience:  # invocations of one process, some of which end while the budget is in debt
        reconcile = Reconcile(SESSIONS, segments, MemoryExecutionLog(), lambda: NOON)
        end = time.seconds + seconds
        start = Start(SESSIONS, SCHEDULE, "event-1", method=Method.RECONCILE)
        reconcile(start, lambda end=end: timedelta(seconds=end - time.seconds))  # type: ignore[misc]

    biggest = max((units for _, units in rows.read), default=0)
    for first, (begin, _) in enumerate(rows.read):
        total = 0.0
        for at, taken in rows.read[first:]:
            total += taken
            assert total <= per_second * (at - begin + 1) + biggest + 1e-6


def test_a_scan_takes_the_time_that_its_reading_needs() -> None:
    time = Unhurried()
    table = MemoryTable()
    rows = Measured([[128.0] * 10, [128.0] * 10], time)
    segments = Segments(rows, table, table, BACKOFF, 64, time.bucket(64))
    reconcile = Reconcile(SESSIONS, segments, MemoryExecutionLog(), lambda: NOON)

    execution = reconcile(Start(SESSIONS, SCHEDULE, "event-1", method=Method.RECONCILE), plenty)

    assert execution.usage.read_units == 2560
    assert 38 <= time.seconds <= 40


def test_stamping_keeps_to_the_ceiling_of_writes() -> None:
    time = Unhurried()
    table = MemoryTable({f"row-{number}": {"expires_at": NOW + 60} for number in range(1000)})
    rows = Measured([[1.0]], time, unstamped=1000)
    segments = Segments(rows, table, table, BACKOFF, 100, time.bucket(100), write_budget=time.bucket(50))
    reconcile = Reconcile(SESSIONS, segments, MemoryExecutionLog(), lambda: NOON)

    execution = reconcile(Start(SESSIONS, SCHEDULE, "event-1", method=Method.RECONCILE), plenty)

    assert execution.counts == Counts(stamped=1000)
    assert execution.usage.write_units == 2000
    assert 2000 / 50 - 1 - 200 / 50 <= time.seconds <= 2000 / 50


def test_time_that_runs_out_between_two_hundreds_of_stamps_is_said() -> None:
    time = Unhurried()
    table = MemoryTable({f"row-{number}": {"expires_at": NOW + 60} for number in range(1000)})
    rows = Measured([[1.0]], time, unstamped=1000)
    segments = Segments(rows, table, table, BACKOFF, 100, time.bucket(100), write_budget=time.bucket(50))
    reconcile = Reconcile(SESSIONS, segments, MemoryExecutionLog(), lambda: NOON)
    start = Start(SESSIONS, SCHEDULE, "event-1", method=Method.RECONCILE)

    execution = reconcile(start, lambda: timedelta(seconds=30 - time.seconds))

    really = sum("expiry_shard" in row for row in table.rows.values())
    assert 0 < execution.counts.stamped == really < 1000
    assert execution.warnings[-1].startswith("Time ran out: 1 of the table's 1 segments were not read.")


# ---- Time that runs out


MIXED: dict[str, Row] = {
    **without_shard(90),
    **without_shard(20, NOW + 60, "live"),
    **without_shard(6, NOW * 1000, "odd"),
    "for ever": {"user": "u-1"},
}
STAYS = with_shard(without_shard(20, NOW + 60, "live")) | {
    key: row for key, row in MIXED.items() if key.startswith(("odd", "for"))
}


@pytest.mark.parametrize("number", range(2, 30, 3))
def test_without_a_state_machine_the_rest_is_told_and_left_to_the_next_scan(
    scene: Scene, number: int
) -> None:
    scene.table.put(MIXED)
    scene.segments = InSegments(scene.table.reading, of=6)

    first = scene.reconcile(looks(number))
    unread = [warning for warning in first.warnings if warning.startswith("Time ran out")]
    second = scene.reconcile()

    assert first.status is Status.SUCCESS
    assert first.counts.deleted + second.counts.deleted == 90
    assert first.counts.stamped + second.counts.stamped == 20
    assert (unread == []) == (second.counts.deleted + second.counts.stamped == 0)
    assert second.warnings[1:] == ()
    assert scene.table.rows() == STAYS


def test_the_rest_is_told_in_segments() -> None:
    scene = Scene(MemoryRawTable())
    scene.table.put(MIXED)
    scene.segments = InSegments(scene.table.reading, of=6)

    execution = scene.reconcile(looks(1))

    assert execution.warnings[-1] == (
        "Time ran out: 6 of the table's 6 segments were not read. "
        "Each reconciling scan takes them in another order."
    )


@pytest.mark.parametrize("number", range(2, 30, 3))
def test_with_a_state_machine_the_rest_is_worked_on_for_the_same_record_with_exact_totals(
    scene: Scene, number: int
) -> None:
    scene.table.put(MIXED)
    scene.segments = segments = InSegments(scene.table.reading, of=6)
    scene.machine = MemoryStateMachine()

    handed = scene.reconcile(looks(number))
    if handed.status is Status.SUCCESS:  # it was time enough
        assert handed.counts == Counts(deleted=90, stamped=20, quarantined=6)
        assert scene.table.rows() == STAYS
        return
    (left, at_once) = scene.machine.started[1]
    begun = set(segments.read)
    for part in left:
        assert not scene.drain(part, f"part {part}")
    closed = scene.close()

    assert at_once == 1
    assert set(left) >= set(parts(6)) - begun
    assert len(left) - len(set(parts(6)) - begun) <= 1  # that in which time ran out
    assert closed.status is Status.SUCCESS
    assert closed.method is Method.RECONCILE
    assert scene.table.rows() == STAYS
    assert closed.counts == Counts(deleted=90, stamped=20, quarantined=6)
    assert closed.warnings == (told(90, 20),)


@pytest.mark.parametrize("number", [2, 3, 4, 6])
def test_a_part_whose_time_is_up_too_is_worked_on_again(scene: Scene, number: int) -> None:
    scene.table.put(MIXED)
    scene.segments = InSegments(scene.table.reading, of=2)
    scene.machine = MemoryStateMachine()

    scene.reconcile(looks(1))
    invocations = 0
    for part in scene.machine.started[1][0]:
        while scene.drain(part, f"invocation {invocations}", looks(number + invocations)):
            invocations += 1
            assert invocations < 50
        invocations += 1
    closed = scene.close()

    assert scene.table.rows() == STAYS
    assert closed.counts == Counts(deleted=90, stamped=20, quarantined=6)
    assert closed.warnings == (told(90, 20),)


# ---- Failures


def test_a_segment_that_cannot_be_read_fails_the_run_with_what_was_done_so_far(scene: Scene) -> None:
    scene.table.put(without_shard(60) | without_shard(60, NOW + 60, "live"))

    def fail(segment: Part) -> None:
        if segment.number == 3:
            raise StoreUnavailable("Cannot scan sessions: no connection")

    scene.segments = InSegments(scene.table.reading, of=4, before=fail)

    execution = scene.reconcile()

    left = scene.table.rows()
    assert execution.status is Status.ERROR
    assert execution.error_message == scene.failure == "Cannot scan sessions: no connection"
    assert execution.counts.deleted == 60 - sum(key.startswith("row") for key in left)
    assert execution.counts.stamped == sum("expiry_shard" in row for row in left.values()) > 0
    assert execution.method is Method.RECONCILE


def test_a_stamp_that_is_refused_fails_the_run_with_what_was_done_so_far(scene: Scene) -> None:
    scene.table.put(without_shard(250, NOW + 60))
    asked = 0

    def fail(_keys: Iterable[str]) -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise AccessRefused("Cannot stamp a row of sessions: AccessDeniedException")

    scene.stamper = Meddled(scene.table.stamper, scene.table.deleter, fail)

    execution = scene.reconcile()

    assert execution.status is Status.ERROR
    assert execution.error_message == "Cannot stamp a row of sessions: AccessDeniedException"
    assert execution.counts == Counts(stamped=200)
    assert sum("expiry_shard" in row for row in scene.table.rows().values()) == 200


@pytest.mark.parametrize("error", [TableMissing("Cannot describe sessions: there is no such table")])
def test_a_table_that_cannot_be_described_fails_the_run_and_its_record_says_why(error: StoreError) -> None:
    class Missing(InSegments):
        def segments(self, bytes_each: int) -> Sequence[Part]:  # noqa: ARG002 - as the contract has it
            raise error

    table = MemoryRawTable()
    scene = Scene(table, segments=Missing(table.reading, 1))

    execution = scene.reconcile()

    assert execution.status is Status.ERROR
    assert execution.error_message == str(error)
