"""How a job is doing: late or in time, failing, paused, and what nobody should be woken for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.executions import Execution, Status, Trigger, TriggerKind
from barycenter_jobs.core.health import HealthState, JobHealth, default_grace, health_of
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.schedules import parse

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
LAST_WEEK = NOON - timedelta(days=7)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
HOURLY = parse("cron(0 * * * ? *)")
EVERY_MINUTE = parse("cron(* * * * ? *)")
OVER = parse("cron(0 0 1 1 ? 2020-2025)")
NEVER = parse("cron(0 0 30 2 ? *)")
PAUSED = Pause(by="alice", paused_at=NOON - HOUR, reason="migrating the table")
RUNNING = Execution(
    id=42,
    job_name=SESSIONS.name,
    handler_id=SESSIONS.function,
    started_at=NOON,
    trigger=Trigger(TriggerKind.SCHEDULE),
    delivery_id="53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
)
SUCCEEDED = RUNNING.finished(Status.SUCCESS, NOON + SECOND)
FAILED = RUNNING.finished(Status.ERROR, NOON + SECOND, error_message="Cannot read sessions")


def hourly(
    now: datetime,
    *,
    last_scheduled_start: datetime | None = None,
    watched_since: datetime = LAST_WEEK,
    resumed_at: datetime | None = None,
    paused: Pause | None = None,
) -> JobHealth:
    """The health of a job that runs on the hour and may be five minutes late."""
    return health_of(
        SESSIONS,
        HOURLY,
        now,
        watched_since=watched_since,
        last_scheduled_start=last_scheduled_start,
        last_run=SUCCEEDED,
        paused=paused,
        resumed_at=resumed_at,
        grace=GRACE,
    )


# ---- Late or in time


def test_a_job_whose_run_started_when_it_was_due_is_healthy() -> None:
    health = hourly(NOON + 50 * MINUTE, last_scheduled_start=NOON + 3 * SECOND)

    assert health.state is HealthState.HEALTHY
    assert health.late_by is None
    assert health.late_since is None
    assert health.next_due == NOON + HOUR


def test_a_job_is_late_once_its_grace_is_over() -> None:
    last = NOON - HOUR + 3 * SECOND

    in_time = hourly(NOON + GRACE - SECOND, last_scheduled_start=last)
    late = hourly(NOON + GRACE, last_scheduled_start=last)

    assert in_time.state is HealthState.HEALTHY
    assert late.state is HealthState.LATE
    assert (late.late_since, late.late_by) == (NOON, GRACE)


def test_lateness_counts_from_the_first_run_that_was_missed() -> None:
    health = hourly(NOON + 10 * MINUTE, last_scheduled_start=NOON - 3 * HOUR)

    assert health.late_since == NOON - 2 * HOUR
    assert health.late_by == 2 * HOUR + 10 * MINUTE
    assert health.next_due == NOON + HOUR


def test_a_job_that_never_ran_is_late_from_the_first_run_that_was_due_since_anybody_watched() -> None:
    health = hourly(NOON + 10 * MINUTE, watched_since=NOON - 30 * MINUTE)

    assert health.late_since == NOON


def test_one_run_however_late_makes_the_job_healthy_again() -> None:
    assert hourly(NOON + 30 * MINUTE, last_scheduled_start=NOON + 29 * MINUTE).state is HealthState.HEALTHY


@pytest.mark.parametrize("off", [-59 * SECOND, -MINUTE, timedelta(0), 59 * SECOND, 90 * SECOND])
def test_a_run_whose_clock_is_a_minute_off_still_answers_to_the_instant_it_was_due(off: timedelta) -> None:
    assert hourly(NOON + 50 * MINUTE, last_scheduled_start=NOON + off).late_since is None


def test_a_run_that_started_well_before_an_instant_does_not_answer_to_it() -> None:
    health = hourly(NOON + 50 * MINUTE, last_scheduled_start=NOON - MINUTE - SECOND)

    assert health.late_since == NOON


def test_a_job_that_is_due_every_minute_is_not_late_when_each_run_starts_a_minute_late() -> None:
    health = health_of(
        SESSIONS,
        EVERY_MINUTE,
        NOON + 59 * SECOND,
        watched_since=LAST_WEEK,
        last_scheduled_start=NOON - SECOND,
        last_run=SUCCEEDED,
    )

    assert health.state is HealthState.HEALTHY


def test_what_was_due_before_a_deployment_raises_no_alarm() -> None:
    deployed_at = NOON + 2 * MINUTE

    for last in (None, NOON - 9 * HOUR):
        soon, later = (
            hourly(now, watched_since=deployed_at, last_scheduled_start=last)
            for now in (NOON + 59 * MINUTE, NOON + HOUR + GRACE)
        )
        assert soon.state is HealthState.HEALTHY
        assert later.late_since == NOON + HOUR


def test_a_rule_has_a_minute_to_take_effect_before_it_is_expected_to_fire() -> None:
    assert hourly(NOON + 50 * MINUTE, watched_since=NOON - 10 * SECOND).late_since is None
    assert hourly(NOON + 50 * MINUTE, resumed_at=NOON - 10 * SECOND).late_since is None
    assert hourly(NOON + 50 * MINUTE, resumed_at=NOON - 2 * MINUTE).late_since == NOON


def test_nothing_is_late_while_the_job_is_paused() -> None:
    health = hourly(NOON + 10 * MINUTE, last_scheduled_start=NOON - 9 * HOUR, paused=PAUSED)

    assert health.state is HealthState.PAUSED
    assert health.paused == PAUSED
    assert health.late_by is None
    assert health.late_since is None
    assert health.next_due is None


def test_what_was_due_during_a_pause_raises_no_alarm_after_it() -> None:
    last, resumed_at = NOON - 9 * HOUR, NOON + 10 * MINUTE

    assert hourly(NOON + 59 * MINUTE, last_scheduled_start=last, resumed_at=resumed_at).late_since is None
    assert (
        hourly(NOON + HOUR + GRACE, last_scheduled_start=last, resumed_at=resumed_at).late_since
        == NOON + HOUR
    )


def test_a_moment_in_another_zone_makes_no_difference() -> None:
    kolkata = timezone(timedelta(hours=5.5))
    last, now = NOON - 3 * HOUR, NOON + 10 * MINUTE

    assert hourly(now.astimezone(kolkata), last_scheduled_start=last.astimezone(kolkata)) == hourly(
        now, last_scheduled_start=last
    )


# ---- Schedules that are over


def test_a_schedule_that_was_over_before_anybody_watched_is_never_late() -> None:
    health = health_of(SESSIONS, OVER, NOON, watched_since=LAST_WEEK)

    assert health.state is HealthState.WAITING
    assert health.next_due is None


def test_the_last_run_of_a_schedule_is_missed_like_any_other() -> None:
    new_year = datetime(2025, 1, 1, tzinfo=UTC)

    def on_new_years_day(minutes: int, last_scheduled_start: datetime | None) -> JobHealth:
        return health_of(
            SESSIONS,
            OVER,
            new_year + minutes * MINUTE,
            watched_since=datetime(2024, 6, 1, tzinfo=UTC),
            last_scheduled_start=last_scheduled_start,
        )

    assert on_new_years_day(4, None).late_since is None
    assert on_new_years_day(5, None).late_since == new_year
    assert on_new_years_day(5, new_year + SECOND).late_since is None


def test_a_schedule_that_never_fires_is_waited_for_in_silence() -> None:
    health = health_of(SESSIONS, NEVER, NOON, watched_since=LAST_WEEK)

    assert health.state is HealthState.WAITING
    assert health.next_due is None


# ---- How late a run may be


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("cron(* * * * ? *)", 2),
        ("cron(0/5 * * * ? *)", 2),
        ("cron(0/12 * * * ? *)", 3),
        ("cron(0/15 * * * ? *)", 3.75),
        ("cron(0/20 * * * ? *)", 5),
        ("cron(0 * * * ? *)", 5),
        ("cron(0 12 * * ? *)", 5),
        ("cron(0 12 14 2 ? 2026)", 5),
    ],
)
def test_a_run_may_be_late_by_a_quarter_of_its_interval_but_two_to_five_minutes(
    expression: str, minutes: float
) -> None:
    schedule = parse(expression)
    health = [
        health_of(SESSIONS, schedule, now, watched_since=LAST_WEEK, last_scheduled_start=NOON - 62 * SECOND)
        for now in (NOON + minutes * MINUTE - SECOND, NOON + minutes * MINUTE)
    ]

    assert default_grace(schedule, NOON) == minutes * MINUTE
    assert [at.late_since for at in health] == [None, NOON]


def test_the_grace_is_that_of_the_run_that_was_missed_not_of_the_night_that_followed() -> None:
    office_hours = parse("cron(0/5 8-17 * * ? *)")
    last_but_one = datetime(2026, 2, 14, 17, 50, tzinfo=UTC)

    assert default_grace(office_hours, last_but_one) == 2 * MINUTE
    assert default_grace(office_hours, last_but_one + 5 * MINUTE) == 5 * MINUTE


# ---- One word for it all


def test_a_job_that_has_not_been_due_yet_is_waiting() -> None:
    health = health_of(SESSIONS, HOURLY, NOON + 30 * MINUTE, watched_since=NOON + MINUTE)

    assert health.state is HealthState.WAITING
    assert health.next_due == NOON + HOUR


@pytest.mark.parametrize(
    ("paused", "late", "failures", "running", "ran", "state"),
    [
        (True, True, 3, True, True, HealthState.PAUSED),
        (True, False, 0, False, False, HealthState.PAUSED),
        (False, True, 3, True, True, HealthState.LATE),
        (False, True, 0, False, False, HealthState.LATE),
        (False, False, 3, True, True, HealthState.FAILING),
        (False, False, 1, False, True, HealthState.FAILING),
        (False, False, 0, True, True, HealthState.RUNNING),
        (False, False, 0, True, False, HealthState.RUNNING),
        (False, False, 0, False, False, HealthState.WAITING),
        (False, False, 0, False, True, HealthState.HEALTHY),
    ],
)
def test_what_is_wrong_is_said_before_what_is_going_on_and_a_pause_before_all(
    *, paused: bool, late: bool, failures: int, running: bool, ran: bool, state: HealthState
) -> None:
    health = health_of(
        SESSIONS,
        HOURLY,
        NOON + 10 * MINUTE,
        watched_since=LAST_WEEK,
        last_scheduled_start=NOON - 2 * HOUR if late else NOON,
        last_run=(FAILED if failures else SUCCEEDED) if ran else None,
        running=RUNNING if running else None,
        consecutive_failures=failures,
        paused=PAUSED if paused else None,
    )

    assert health.state is state


def test_the_fields_say_what_the_word_leaves_out() -> None:
    health = health_of(
        SESSIONS,
        HOURLY,
        NOON + 10 * MINUTE,
        watched_since=LAST_WEEK,
        last_scheduled_start=NOON - 2 * HOUR,
        last_run=FAILED,
        last_success=SUCCEEDED,
        running=RUNNING,
        consecutive_failures=3,
    )

    assert health == JobHealth(
        job=SESSIONS,
        last_run=FAILED,
        last_success=SUCCEEDED,
        running=RUNNING,
        next_due=NOON + HOUR,
        late_since=NOON - HOUR,
        late_by=HOUR + 10 * MINUTE,
        consecutive_failures=3,
        paused=None,
    )


# ---- Against an oracle that looks at every minute

SECONDS = st.integers(-4 * 3600, 4 * 3600).map(lambda seconds: NOON + seconds * SECOND)


@settings(deadline=None)
@given(
    step=st.sampled_from([0, 1, 7, 15, 60]),
    now=SECONDS,
    watched_since=SECONDS,
    last_scheduled_start=st.none() | SECONDS,
    resumed_at=st.none() | SECONDS,
    grace=st.integers(0, 3600).map(lambda seconds: seconds * SECOND),
)
def test_a_job_is_late_since_the_first_minute_that_was_due_and_that_no_run_has_answered_to(
    *,
    step: int,
    now: datetime,
    watched_since: datetime,
    last_scheduled_start: datetime | None,
    resumed_at: datetime | None,
    grace: timedelta,
) -> None:
    minutes = set(range(0, 60, step)) if step else set[int]()
    schedule = parse(f"cron(0/{step} * * * ? *)") if 0 < step < 60 else HOURLY if step else NEVER
    oracle = [
        due
        for due in (NOON + minute * MINUTE for minute in range(-300, 300))
        if due.minute in minutes
        and due + grace <= now
        and due > watched_since + MINUTE
        and (resumed_at is None or due > resumed_at + MINUTE)
        and (last_scheduled_start is None or last_scheduled_start < due - MINUTE)
    ]

    health = health_of(
        SESSIONS,
        schedule,
        now,
        watched_since=watched_since,
        last_scheduled_start=last_scheduled_start,
        resumed_at=resumed_at,
        grace=grace,
    )

    assert health.late_since == min(oracle, default=None)
    assert health.late_by == (now - min(oracle) if oracle else None)
    assert (health.state is HealthState.LATE) is bool(oracle)
