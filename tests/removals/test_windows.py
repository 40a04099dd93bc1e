"""A run's record takes what TTL removed: each removal is in one record, sooner or later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts
from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.adapters.memory_removals import MemoryPoisonedRecords, MemoryRemovalAccounts
from barycenter_jobs.core.errors import ExecutionAlreadyFinished, JobFailed, StoreUnavailable
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.removal_stores import RemovalAccounts
from barycenter_jobs.core.removal_totals import Taking
from barycenter_jobs.core.stores import ExecutionLog
from barycenter_jobs.core.ttl_part import TtlPart
from barycenter_jobs.operations.account_removals import AccountRemovals
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.operations.take_removals import TakeRemovals
from tests.engine import client, create_table
from tests.removals.stream import SECOND, Record, removed_by_ttl

MakeName = Callable[[str], str]
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
PATIENCE = timedelta(hours=48)


@dataclass
class Scene:
    """A table where TTL goes first, the accounts of its removals, and the log of its runs."""

    log: ExecutionLog
    accounts: RemovalAccounts
    table: MemoryTable = field(default_factory=MemoryTable)
    now: int = SECOND
    runs: int = 0
    iterator_age: Callable[[datetime], timedelta | None] | None = None

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def ttl_removes(self, *records: Record) -> None:
        account = AccountRemovals({"sessions": SESSIONS}, self.accounts, MemoryPoisonedRecords(), self.clock)
        assert account(records).failed_from is None

    def run(self, log: ExecutionLog | None = None, *, dry_run: bool = False) -> Execution:
        self.runs += 1
        start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), f"event-{self.runs}", dry_run=dry_run)
        return RunJob(
            job=SESSIONS,
            rows=self.table,
            deleter=self.table,
            log=log or self.log,
            clock=self.clock,
            backoff=BACKOFF,
            patience=PATIENCE,
            removals=TakeRemovals("sessions", self.accounts, PATIENCE, self.clock, self.iterator_age),
        )(start, None, lambda: timedelta(minutes=5))


def in_memory() -> Scene:
    accounts = MemoryRemovalAccounts()
    return Scene(MemoryExecutionLog(take=accounts.take), accounts)


def in_dynamodb(endpoint: str, table: str) -> Scene:
    create_table(client(endpoint), "job_executions", table)
    return Scene(
        DynamoDBExecutionLog(
            table,
            DynamoDB(endpoint),
            retention=timedelta(days=90),
            backoff=Backoff(BACKOFF.sleep, BACKOFF.random),
        ),
        DynamoDBRemovalAccounts(DynamoDB(endpoint).reading, table, BACKOFF),
    )


@pytest.fixture(params=["memory", "engine"])
def new_scene(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[Callable[[], Scene]]:
    if request.param == "memory":
        yield in_memory
        return
    endpoint: str = request.getfixturevalue("engine")
    yield lambda: in_dynamodb(endpoint, new_name("job_executions"))


@pytest.fixture
def scene(new_scene: Callable[[], Scene]) -> Scene:
    return new_scene()


def removals(first: int, many: int, late: int = 3600) -> Sequence[Record]:
    return [
        removed_by_ttl(f"key-{number}", number, expires_at=SECOND - late)
        for number in range(first, first + many)
    ]


def recorded(scene: Scene) -> list[Execution]:
    return scene.log.read(LogFilter(), 1000)


def test_a_record_tells_what_ttl_and_the_sweep_removed_together_and_each(scene: Scene) -> None:
    scene.table.rows["late"] = {"expires_at": SECOND - 49 * 3600}
    scene.table.rows["for ttl"] = {"expires_at": SECOND - 47 * 3600}
    scene.ttl_removes(*removals(0, 3))

    execution = scene.run()

    assert set(scene.table.rows) == {"for ttl"}
    assert execution.records_processed == 4
    assert execution.counts.deleted == 1
    assert execution.ttl is not None
    assert execution.ttl == TtlPart(
        rows=3,
        size_bytes=execution.ttl.size_bytes,
        lateness_p50_seconds=execution.ttl.lateness_p50_seconds,
        lateness_p95_seconds=execution.ttl.lateness_p95_seconds,
        lateness_max_seconds=execution.ttl.lateness_max_seconds,
        write_units_saved=6,
        patience_seconds=172_800,
    )
    assert execution.ttl.lateness_p50_seconds == pytest.approx(3600, rel=0.01)
    assert scene.log.get(execution.id) == execution
    assert scene.log.statistics(SESSIONS.name).records_processed == 4
    assert scene.log.lifetime(SESSIONS.name).removed_by_ttl == 3


def test_a_window_begins_where_the_last_one_ended(scene: Scene) -> None:
    scene.ttl_removes(*removals(0, 3))
    first = scene.run()
    second = scene.run()
    scene.ttl_removes(*removals(0, 5))
    third = scene.run()

    assert [each.ttl.rows for each in (first, second, third) if each.ttl] == [3, 0, 2]


def test_a_dry_run_takes_nothing(scene: Scene) -> None:
    scene.ttl_removes(*removals(0, 3))

    assert scene.run(dry_run=True).ttl is None
    assert scene.run().records_processed == 3


def test_a_late_stream_is_told_of_and_completed_by_a_later_record(scene: Scene) -> None:
    scene.now = SECOND + 3600
    scene.ttl_removes(*removals(0, 2))
    behind = scene.run()
    scene.ttl_removes(*[record | {} for record in removals(2, 5)])
    scene.ttl_removes(removed_by_ttl("now", 99, at=SECOND + 3590))
    caught_up = scene.run()

    assert behind.ttl is not None
    assert behind.ttl.behind_seconds == 3600
    assert "60 minutes late" in " ".join(behind.warnings)
    assert caught_up.ttl is not None
    assert (caught_up.ttl.rows, caught_up.ttl.behind_seconds) == (6, 0)
    assert caught_up.warnings == ()


def test_a_stream_that_nobody_gets_on_with_is_told_of_although_the_accounts_know_nothing(
    scene: Scene,
) -> None:
    scene.iterator_age = lambda _now: timedelta(minutes=90)
    stuck = scene.run()
    scene.iterator_age = lambda _now: timedelta(seconds=30)
    fine = scene.run()

    assert stuck.ttl is not None
    assert stuck.ttl.behind_seconds == 5400
    assert "90 minutes late" in stuck.warnings[0]
    assert fine.warnings == ()


def test_unreadable_and_undated_removals_are_told_of(scene: Scene) -> None:
    poison = removed_by_ttl("key", 1)
    del poison["dynamodb"]["Keys"]
    scene.ttl_removes(poison, removed_by_ttl("undated", 2, expires_at=None))

    execution = scene.run()

    assert execution.ttl is not None
    assert (execution.ttl.rows, execution.ttl.unreadable, execution.ttl.undated) == (1, 1, 1)
    assert len(execution.warnings) == 2


def test_rows_that_ttl_leaves_make_a_record_warn(scene: Scene) -> None:
    scene.table.rows["late"] = {"expires_at": SECOND - 49 * 3600}

    assert "doctor" in " ".join(scene.run().warnings)


class Unreachable(MemoryRemovalAccounts):
    def taking(self, kind: str) -> Taking:
        raise StoreUnavailable(f"no connection for {kind}")


def test_a_run_whose_accounts_cannot_be_read_is_recorded_without_them() -> None:
    scene = Scene(MemoryExecutionLog(), Unreachable())
    scene.table.rows["late"] = {"expires_at": SECOND - 49 * 3600}

    execution = scene.run()

    assert (execution.status, execution.records_processed, execution.ttl) == (Status.SUCCESS, 1, None)
    assert "will be in a later one" in execution.warnings[0]


class AnswersLate(MemoryExecutionLog):
    """A log that closes a run's record before its end arrives."""

    def finish(self, execution: Execution, taking: Taking | None = None) -> None:  # noqa: ARG002
        raise ExecutionAlreadyFinished(execution.id)


def test_a_run_whose_record_was_closed_takes_nothing() -> None:
    scene = in_memory()
    scene.ttl_removes(*removals(0, 3))

    with pytest.raises(JobFailed):
        scene.run(AnswersLate())

    assert scene.run().records_processed == 3


@dataclass
class Overtaken:
    """Accounts of which a run reads what was there before another run took some, the first time."""

    accounts: RemovalAccounts
    stale: Taking
    asked: int = 0

    def taking(self, kind: str) -> Taking:
        self.asked += 1
        return self.stale if self.asked == 1 else self.accounts.taking(kind)


def test_what_another_run_has_taken_is_not_taken_again(scene: Scene) -> None:
    scene.ttl_removes(*removals(0, 3))
    stale = scene.accounts.taking("sessions")
    scene.run()
    scene.ttl_removes(*removals(3, 2))
    overtaken = Overtaken(scene.accounts, stale)

    scene.accounts = overtaken  # type: ignore[assignment]
    second = scene.run()

    assert second.records_processed == 2
    assert overtaken.asked == 2


@pytest.mark.parametrize("examples", [15])
def test_the_records_together_tell_of_each_row_once(new_scene: Callable[[], Scene], examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        random = Random(seed)  # noqa: S311 - no secret
        scene, removed, swept = new_scene(), 0, 0
        for step in range(random.randint(1, 12)):
            match random.randrange(3):
                case 0:
                    many = random.randint(0, 4)
                    again = random.randint(0, removed)  # some of what came before comes again
                    scene.ttl_removes(*removals(again, removed - again + many))
                    removed += many
                case 1:
                    scene.table.rows[f"late-{step}"] = {"expires_at": SECOND - 50 * 3600}
                    swept += 1
                case _:
                    scene.run()
        scene.run()

        records = recorded(scene)
        assert sum(each.records_processed or 0 for each in records) == removed + swept
        assert scene.log.lifetime(SESSIONS.name).records_processed == removed + swept

    check()


@given(
    expires_at=st.integers(SECOND - 10 * 86_400, SECOND + 10),
    first_run=st.integers(0, 3599),
    ttl_after=st.integers(0, 10 * 86_400),
)
def test_no_row_is_later_than_the_patience_and_an_interval(
    expires_at: int, first_run: int, ttl_after: int
) -> None:
    run = expires_at + first_run
    while expires_at >= Cutoffs.at(datetime.fromtimestamp(run, UTC), patience=PATIENCE).expires_before:
        run += 3600

    gone = min(run, expires_at + ttl_after)

    assert gone - expires_at <= PATIENCE.total_seconds() + 3600


def test_patience_says_nothing_of_age_and_rotation() -> None:
    at = datetime.fromtimestamp(SECOND, UTC)
    minute = timedelta(minutes=1)

    assert Cutoffs.at(at, minute, minute, PATIENCE) == Cutoffs(SECOND - 172_800, SECOND - 60, SECOND - 60)
