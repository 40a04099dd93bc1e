"""What the watchdog does every minute, and the metrics that come of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryJobControls, MemoryJobMetrics
from barycenter_jobs.core.controls import Control
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Backlog, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.health import HealthState
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, REFRESH_TOKENS, SESSIONS
from barycenter_jobs.core.metrics import Measurement
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.retention import Retention
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.core.stores import JobMetrics
from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
from barycenter_jobs.operations.prune_history import PruneHistory
from barycenter_jobs.operations.read_health import ReadHealth
from barycenter_jobs.operations.watch import Watch

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURLY = parse("cron(0 * * * ? *)")
BY_SCHEDULE = Trigger(TriggerKind.SCHEDULE)


NOTHING = dict.fromkeys(
    [
        "LateSeconds",
        "ConsecutiveFailures",
        "RunningMinutes",
        "Paused",
        "DeadRunsClosed",
        "BreakerTripped",
        "QuarantinedRows",
        "BacklogGrew",
    ],
    0,
)


class Scene:
    """Four hourly jobs at noon, and a watchdog."""

    def __init__(self, metrics: JobMetrics | None = None) -> None:
        self.now = NOON
        self.log = MemoryExecutionLog()
        self.controls = MemoryJobControls()
        self.metrics = MemoryJobMetrics()
        schedules = {job.name: HOURLY for job in JOBS}
        self.watch = Watch(
            close_dead_runs=CloseDeadRuns(self.log, self.clock),
            read_health=ReadHealth(schedules, self.log, self.controls, self.clock),
            controls=self.controls,
            metrics=metrics or self.metrics,
            schedules=schedules,
            clock=self.clock,
            prune_history=PruneHistory(self.log, self.log, self.clock, Retention()),
        )

    def clock(self) -> datetime:
        return self.now


def test_a_dead_run_is_closed_and_counts_as_a_failure_at_once() -> None:
    scene = Scene()
    scene.log.start(Start(SESSIONS, BY_SCHEDULE, "event-1"), NOON - MINUTE)

    watched = scene.watch()

    assert [dead.id for dead in watched.closed] == [1]
    assert [health.state for health in watched.health] == [HealthState.FAILING] + [HealthState.WAITING] * 3
    record = scene.log.get(1)
    assert record is not None
    assert record.status is Status.TIMEOUT


def test_a_dead_run_is_counted_in_the_minute_in_which_it_is_closed() -> None:
    scene = Scene()
    scene.log.start(Start(SESSIONS, BY_SCHEDULE, "event-1"), NOON - MINUTE)

    scene.watch()
    then = {name: shown["DeadRunsClosed"] for name, shown in scene.metrics.shown.items()}
    scene.watch()
    later = {name: shown["DeadRunsClosed"] for name, shown in scene.metrics.shown.items()}

    assert then == dict.fromkeys(later, 0) | {SESSIONS.name: 1}
    assert set(later.values()) == {0}


def test_schedules_are_watched_since_they_were_first_seen() -> None:
    scene = Scene()

    for _ in range(3):
        scene.watch()
        scene.now += MINUTE

    assert [scene.controls.of(job) for job in JOBS] == [Control(None, None, HOURLY.expression, NOON)] * 4


def test_a_deployment_makes_no_job_late_and_a_missed_hour_does() -> None:
    scene = Scene()
    scene.now = NOON + 50 * MINUTE
    scene.watch()

    scene.now = NOON + 64 * MINUTE
    in_time = scene.watch()
    scene.now = NOON + 66 * MINUTE
    late = scene.watch()

    assert {health.state for health in in_time.health} == {HealthState.WAITING}
    assert {health.state for health in late.health} == {HealthState.LATE}
    assert scene.metrics.shown[SESSIONS.name]["LateSeconds"] == 360


def test_the_metrics_of_a_job_say_what_its_health_says() -> None:
    scene = Scene()
    success = scene.log.start(Start(SESSIONS, BY_SCHEDULE, "event-1"), NOON - 10 * MINUTE)
    scene.log.finish(success.finished(Status.SUCCESS, NOON - 9 * MINUTE))
    for number in (2, 3):
        failed = scene.log.start(Start(REFRESH_TOKENS, BY_SCHEDULE, f"event-{number}"), NOON - MINUTE)
        scene.log.finish(failed.finished(Status.ERROR, NOON - MINUTE, error_message="no"))
    scene.log.start(Start(CHALLENGES, BY_SCHEDULE, "event-4"), NOON)
    scene.controls.pause(CHALLENGES, Pause("alice", NOON))

    scene.watch()

    assert list(scene.metrics.shown.values()) == [
        NOTHING | {"SecondsSinceLastSuccess": 540},
        NOTHING,
        NOTHING | {"RunningMinutes": 1 / 60, "Paused": 1},
        NOTHING,
    ]

    scene.now = NOON + 4 * MINUTE
    scene.watch()

    # Only now will Lambda not repeat what failed at noon.
    assert scene.metrics.shown[REFRESH_TOKENS.name]["ConsecutiveFailures"] == 2


def test_the_metrics_of_a_job_say_what_its_runs_left() -> None:
    scene = Scene()
    for number, left in enumerate([4, 5, 90]):
        run = scene.log.start(Start(SESSIONS, BY_SCHEDULE, f"event-{number}"), NOON - (9 - number) * MINUTE)
        done = run.finished(
            Status.SUCCESS, run.started_at, counts=Counts(quarantined=3), backlog=Backlog(left)
        )
        scene.log.finish(done)

    scene.watch()

    shown = scene.metrics.shown[SESSIONS.name]
    assert {name: shown[name] for name in ("BacklogRows", "BacklogGrew", "QuarantinedRows")} == {
        "BacklogRows": 90,
        "BacklogGrew": 2,
        "QuarantinedRows": 3,
    }


def test_a_run_that_is_under_way_tells_since_when() -> None:
    scene = Scene()
    run = scene.log.start(Start(SESSIONS, BY_SCHEDULE, "event-1"), NOON)
    scene.log.renew(run, NOON + 91 * MINUTE)
    scene.now = NOON + 90 * MINUTE

    scene.watch()

    assert scene.metrics.shown[SESSIONS.name]["RunningMinutes"] == 90


def test_a_clock_behind_that_of_the_run_shows_no_negative_age() -> None:
    scene = Scene()
    success = scene.log.start(Start(SESSIONS, BY_SCHEDULE, "event-1"), NOON + MINUTE)
    scene.log.finish(success.finished(Status.SUCCESS, NOON + MINUTE))

    scene.watch()

    assert scene.metrics.shown[SESSIONS.name]["SecondsSinceLastSuccess"] == 0


def test_metrics_go_into_the_log_with_the_job_and_the_stack_as_their_only_dimensions(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "barycenter_jobs")  # which Powertools would add to them

    for job in (SESSIONS, CHALLENGES):
        EmbeddedMetrics("barycenter-jobs-dev").show(
            job, [Measurement("LateSeconds", "Seconds", 360.0), Measurement("Paused", "Count", 0)]
        )

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.pop("job") for line in lines] == [SESSIONS.name, CHALLENGES.name]
    for line in lines:
        assert line.pop("stack") == "barycenter-jobs-dev"
        (directive,) = line.pop("_aws")["CloudWatchMetrics"]
        assert line == {"LateSeconds": [360.0], "Paused": [0.0]}
        assert directive == {
            "Namespace": "BarycenterJobs",
            "Dimensions": [["job", "stack"]],
            "Metrics": [{"Name": "LateSeconds", "Unit": "Seconds"}, {"Name": "Paused", "Unit": "Count"}],
        }


def test_every_job_is_shown_in_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Scene(EmbeddedMetrics("barycenter-jobs-dev")).watch()

    assert [json.loads(line)["job"] for line in capsys.readouterr().out.splitlines()] == [
        job.name for job in JOBS
    ]
