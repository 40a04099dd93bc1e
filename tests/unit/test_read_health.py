"""How jobs are doing, as read from the log and from what is known beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryJobControls
from barycenter_jobs.core.errors import UnknownJob
from barycenter_jobs.core.executions import LEASE, Execution, Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.health import HealthState, JobHealth
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.recent_runs import failures_in_a_row
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.operations.read_health import RECENT, ReadHealth
from tests.counted_log import CountedLog

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


# ---- How much is read


def counted(*statuses: Status) -> tuple[Scene, CountedLog]:
    """A scene whose log counts, with these runs, the latest last."""
    scene, log = Scene(), CountedLog()
    scene.log = log
    for status in statuses:
        scene.ran(status)
    log.limits.clear()
    log.handed_out.clear()
    return scene, log


def test_of_a_job_that_has_just_succeeded_a_few_records_are_read_however_long_the_log_is() -> None:
    scene, log = counted(*[Status.SUCCESS] * 60, Status.ERROR, Status.SUCCESS, Status.ERROR)

    assert scene.health().consecutive_failures == 1
    assert log.handed_out == [5]


def test_of_a_job_that_fails_as_many_as_it_takes_are_read_and_never_more() -> None:
    succeeded, log_of_one = counted(*[Status.SUCCESS] * 30, *[Status.ERROR] * 10)
    failed, log_of_other = counted(Status.SUCCESS, *[Status.ERROR] * 60)

    assert succeeded.health().consecutive_failures == 10
    assert failed.health().consecutive_failures == RECENT
    assert failed.health().last_success is not None
    assert log_of_one.handed_out == [5, 20]
    assert log_of_other.handed_out == [5, 20, 1] * 2


def test_of_a_job_with_a_few_records_no_more_are_asked_for() -> None:
    scene, log = counted(*[Status.ERROR] * 4)

    scene.health()

    assert log.limits == [5, RECENT]  # the second for a success, by its own key


def test_the_latest_runs_are_read_in_one_go_for_who_needs_them_all() -> None:
    scene, log = counted(*[Status.SUCCESS] * 30)
    newest_first = [*reversed(range(6, 31))]

    seen = ReadHealth(SCHEDULES, log, scene.controls, lambda: scene.now).with_recent_runs()

    assert [[each.id for each in runs] for _, runs in seen] == [newest_first, [], [], []]
    assert log.limits == [RECENT, *[RECENT] * 2 * (len(JOBS) - 1)]


def test_the_latest_runs_hold_a_dead_one_as_the_timeout_that_it_is() -> None:
    scene = Scene()
    dead = scene.ran(None)

    seen = ReadHealth(SCHEDULES, scene.log, scene.controls, lambda: NOON + LEASE).with_recent_runs()

    assert [[*runs] for _, runs in seen] == [[dead.given_up()], [], [], []]


RUNS = st.tuples(
    st.sampled_from([*Status, Status.ERROR, Status.ERROR, Status.TIMEOUT]),
    st.integers(0, 12),  # events: some have several attempts, some attempts are told of late
    st.sampled_from([False, False, False, True]),
    st.sampled_from([Method.RUN_JOB, Method.RUN_JOB, Method.RUN_JOB, Method.RECONCILE]),
)


def recorded(log: MemoryExecutionLog, runs: Sequence[tuple[Status, int, bool, Method]]) -> None:
    """Record runs a minute apart, as they came to stand; the last one may still be under way."""
    for number, (status, event, dry_run, method) in enumerate(runs):
        start = Start(SESSIONS, BY_SCHEDULE, f"event-{event}", dry_run=dry_run, method=method)
        run = start.recorded(number + 1, 1, NOON + number * MINUTE)
        log.supplement(run if status is Status.RUNNING else run.finished(status, run.started_at))


@settings(deadline=None, max_examples=300)
@given(runs=st.lists(RUNS, max_size=40), later=st.booleans())
def test_a_few_records_tell_the_same_as_all_of_them(
    runs: list[tuple[Status, int, bool, Method]], *, later: bool
) -> None:
    scene = Scene()
    recorded(scene.log, runs)
    now = NOON + len(runs) * MINUTE + (LEASE if later else -MINUTE)
    read_health = ReadHealth(SCHEDULES, scene.log, scene.controls, lambda: now)

    beside_all = read_health.with_recent_runs()

    assert read_health() == [health for health, _ in beside_all]
    health, latest = beside_all[0]
    assert latest == [each.as_of(now) for each in scene.log.read(LogFilter(SESSIONS.name), RECENT)]
    assert health.consecutive_failures == failures_in_a_row(latest)
