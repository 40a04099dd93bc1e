"""How jobs are doing, as read from the log and from what is known beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryJobControls
from barycenter_jobs.core.errors import UnknownJob
from barycenter_jobs.core.executions import LEASE, Execution, Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.health import HealthState, JobHealth, Pause
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.operations.read_health import RECENT, ReadHealth

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURLY = parse("cron(0 * * * ? *)")
SCHEDULES = {job.name: HOURLY for job in JOBS}
BY_SCHEDULE = Trigger(TriggerKind.SCHEDULE)


class Scene:
    """An hourly job that is watched since yesterday, and its runs, a minute after one another from noon."""

    def __init__(self) -> None:
        self.log = MemoryExecutionLog()
        self.controls = MemoryJobControls()
        self.controls.watch(SESSIONS, HOURLY.expression, NOON - timedelta(days=1))
        self.controls.note_start(SESSIONS, NOON)
        self.now = NOON

    def ran(
        self,
        status: Status | None = Status.SUCCESS,
        event: str = "",
        *,
        dry_run: bool = False,
        method: Method = Method.RUN_JOB,
    ) -> Execution:
        """Have the job run once, without an end where there is no status."""
        start = Start(SESSIONS, BY_SCHEDULE, event or str(self.now), dry_run=dry_run, method=method)
        execution = self.log.start(start, self.now)
        if status is not None:
            execution = execution.finished(
                status, self.now, error_message="no" if status == "error" else None
            )
            self.log.finish(execution)
        self.now += MINUTE
        return execution

    def health(self, now: datetime | None = None) -> JobHealth:
        now = now or self.now
        (health,) = ReadHealth(SCHEDULES, self.log, self.controls, lambda: now)(SESSIONS.name)
        return health


def test_a_job_is_known_by_its_latest_runs() -> None:
    scene = Scene()
    success, failure = scene.ran(), scene.ran(Status.ERROR)
    running = scene.ran(None)

    health = scene.health(scene.now - MINUTE)

    assert health.job == SESSIONS
    assert (health.last_success, health.last_run, health.running) == (success, failure, running)
    assert health.next_due == NOON + 60 * MINUTE
    assert health.state is HealthState.FAILING


def test_every_job_is_told_in_the_order_of_the_documentation() -> None:
    told = ReadHealth(SCHEDULES, MemoryExecutionLog(), MemoryJobControls(), lambda: NOON)()

    assert [health.job for health in told] == list(JOBS)
    assert {health.state for health in told} == {HealthState.WAITING}


def test_a_job_that_nobody_knows_is_not_told_to_be_well() -> None:
    with pytest.raises(UnknownJob):
        ReadHealth(SCHEDULES, MemoryExecutionLog(), MemoryJobControls(), lambda: NOON)("nonexistent_job")


# ---- Late


def test_a_job_whose_schedule_started_nothing_is_late_whatever_else_ran() -> None:
    scene = Scene()
    scene.now = NOON + 61 * MINUTE
    scene.ran()

    health = scene.health(NOON + 65 * MINUTE)

    assert health.state is HealthState.LATE
    assert health.late_since == NOON + 60 * MINUTE
    assert health.late_by == 5 * MINUTE


def test_a_schedule_that_the_watchdog_has_not_seen_yet_is_not_missed() -> None:
    scene = Scene()
    other = parse("cron(30 * * * ? *)")

    (health,) = ReadHealth({SESSIONS.name: other}, scene.log, scene.controls, lambda: NOON + 50 * MINUTE)(
        SESSIONS.name
    )

    assert health.state is HealthState.WAITING


def test_what_a_pause_kept_from_running_is_not_missed() -> None:
    scene = Scene()
    scene.controls.pause(SESSIONS, pause := Pause("alice", NOON + 30 * MINUTE))

    paused = scene.health(NOON + 70 * MINUTE)
    scene.controls.resume(SESSIONS, NOON + 80 * MINUTE)
    resumed = scene.health(NOON + 90 * MINUTE)

    assert (paused.state, paused.paused, paused.next_due) == (HealthState.PAUSED, pause, None)
    assert (resumed.state, resumed.paused) == (HealthState.WAITING, None)


# ---- Dead and alive


def test_a_run_that_has_died_is_a_failure_before_anybody_closes_it() -> None:
    scene = Scene()
    dead = scene.ran(None)

    alive = scene.health(NOON + LEASE - MINUTE / 60)
    after = scene.health(NOON + LEASE)

    assert (alive.running, alive.last_run, alive.consecutive_failures) == (dead, None, 0)
    assert (after.running, after.last_run, after.consecutive_failures) == (None, dead.given_up(), 1)
    assert after.state is HealthState.FAILING


def test_a_run_of_another_job_is_not_this_ones() -> None:
    scene = Scene()
    scene.log.start(Start(CHALLENGES, BY_SCHEDULE, "event-1"), NOON)

    health = scene.health(NOON)

    assert (health.running, health.last_run) == (None, None)


# ---- Failures in a row


@pytest.mark.parametrize(
    ("statuses", "failures"),
    [
        ([], 0),
        ([Status.SUCCESS], 0),
        ([Status.ERROR], 1),
        ([Status.ERROR, Status.SUCCESS], 0),
        ([Status.SUCCESS, Status.ERROR, Status.TIMEOUT], 2),
        ([Status.ERROR, Status.SUCCESS, Status.ERROR], 1),
        ([Status.ERROR, Status.SKIPPED, Status.ERROR, Status.CANCELLED], 2),
        ([Status.ERROR] * 24, 24),
        ([Status.ERROR] * 40, RECENT),
    ],
)
def test_failures_are_counted_back_to_the_last_success(statuses: Sequence[Status], failures: int) -> None:
    scene = Scene()
    for status in statuses:
        scene.ran(status)

    assert scene.health().consecutive_failures == failures


def test_attempts_at_one_event_are_one_failure() -> None:
    scene = Scene()
    scene.ran(Status.SUCCESS)
    for _ in range(3):
        scene.ran(Status.ERROR, "event-1")
    for _ in range(2):
        scene.ran(Status.TIMEOUT, "event-2")

    assert scene.health().consecutive_failures == 2


def test_an_event_that_succeeded_at_last_has_not_failed() -> None:
    scene = Scene()
    scene.ran(Status.ERROR, "event-1")
    scene.ran(Status.SUCCESS, "event-1")

    assert scene.health().consecutive_failures == 0


def test_the_account_of_a_run_that_came_after_its_successor_is_no_failure_of_its_own() -> None:
    scene = Scene()
    first = scene.ran(Status.TIMEOUT, "event-1")
    scene.ran(Status.SUCCESS, "event-1")
    scene.log.supplement(first)

    assert scene.health().consecutive_failures == 0


def test_dry_runs_and_reconciling_scans_prove_nothing() -> None:
    scene = Scene()
    success = scene.ran()
    scene.ran(Status.ERROR)
    scene.ran(dry_run=True)
    scan = scene.ran(method=Method.RECONCILE)

    health = scene.health()

    assert (health.consecutive_failures, health.last_success, health.last_run) == (1, success, scan)


def test_health_reads_a_bounded_number_of_records_however_long_the_log_is() -> None:
    class Counting(MemoryExecutionLog):
        limits: list[int]

        def read(
            self,
            log_filter: LogFilter,
            limit: int,
            *,
            order: Order = Order.NEWEST_FIRST,
            after: Position | None = None,
        ) -> list[Execution]:
            self.limits.append(limit)
            return super().read(log_filter, limit, order=order, after=after)

    log = Counting()
    log.limits = []

    ReadHealth(SCHEDULES, log, MemoryJobControls(), lambda: NOON)()

    assert log.limits == [RECENT] * 2 * len(JOBS)
