"""Histories to look at: of a calm, a failing and a busy day, and of none.

They end now, by the clock of the machine, since the page counts from now. Chance comes from a seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from barycenter_jobs.adapters.memory import (
    MemoryExecutionLog,
    MemoryInvoker,
    MemoryJobControls,
    MemoryTable,
)
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import (
    LEASE,
    Backlog,
    Execution,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.jobs import CHALLENGES, DEVICE_CODES, JOBS, REFRESH_TOKENS, SESSIONS, Job
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.operations.cancel_run import CancelRun
from barycenter_jobs.operations.clear_history import ClearHistory
from barycenter_jobs.operations.control_job import ControlJob
from barycenter_jobs.operations.find_executions import FindExecutions
from barycenter_jobs.operations.list_clearings import ListClearings
from barycenter_jobs.operations.list_jobs import ListJobs
from barycenter_jobs.operations.list_quarantine import ListQuarantine
from barycenter_jobs.operations.read_backlog import ReadBacklog
from barycenter_jobs.operations.read_health import ReadHealth
from barycenter_jobs.operations.read_log import ReadLog
from barycenter_jobs.operations.read_statistics import ReadStatistics
from barycenter_jobs.operations.trigger_job import TriggerJob
from tests.graphql.service import ALICE, BOB, SCHEDULES

THROTTLED = "Cannot delete from refresh_tokens: ProvisionedThroughputExceededException after 8 attempts"
EVERY = {SESSIONS: 60, REFRESH_TOKENS: 60, CHALLENGES: 5, DEVICE_CODES: 60}
MINUTE_OF_HOUR = {SESSIONS: 0, REFRESH_TOKENS: 30, CHALLENGES: 0, DEVICE_CODES: 45}
USUAL = {SESSIONS: 900, REFRESH_TOKENS: 300, CHALLENGES: 60, DEVICE_CODES: 25}


def clock() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@dataclass
class Scene:
    """A log and what may be done with it."""

    log: MemoryExecutionLog
    controls: MemoryJobControls
    operations: Operations

    def running(
        self, job: Job, *, seconds_ago: float, deleted: int, trigger: Trigger | None = None
    ) -> Execution:
        """Add a run that is under way."""
        at = clock() - timedelta(seconds=seconds_ago)
        start = Start(job, trigger or Trigger(TriggerKind.SCHEDULE), f"{job.name} running {at}")
        execution = self.log.start(start, at)
        self.controls.note_start(job, at)
        return self.deleting(execution, deleted)

    def deleting(self, execution: Execution, deleted: int) -> Execution:
        """Let a run tell how far it is."""
        so_far = replace(
            execution, counts=Counts(deleted=deleted), usage=Usage(deleted / 50, deleted * 2, 0.0)
        )
        return self.log.renew(so_far, clock() + LEASE)

    def ran(
        self,
        job: Job,
        at: datetime,
        *,
        status: Status = Status.SUCCESS,
        seconds: float = 1.0,
        deleted: int = 0,
        trigger: Trigger | None = None,
        dry_run: bool = False,
        delivery: str = "",
        error: str | None = None,
        backlog: Backlog | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Execution:
        """Add a run that has ended."""
        start = Start(
            job, trigger or Trigger(TriggerKind.SCHEDULE), delivery or f"{job.name} {at}", dry_run=dry_run
        )
        execution = self.log.start(start, at)
        finished = execution.finished(
            status,
            at + timedelta(seconds=seconds),
            counts=Counts(deleted=0 if dry_run else deleted),
            usage=Usage(deleted / 50, deleted * 2, deleted * 1.25e-6),
            backlog=backlog or Backlog(0),
            samples=("6ca13d52ca70", "2d711642b726", "8b5b9db0c13d") if dry_run else (),
            error_message=error,
            warnings=warnings,
        )
        self.log.finish(finished)
        if not dry_run:
            self.controls.note_start(job, at)
        return finished


def empty() -> Scene:
    """Nothing has run: the stack was deployed a moment ago."""
    log, controls = MemoryExecutionLog(), MemoryJobControls()
    for job in JOBS:
        controls.watch(job, SCHEDULES[job.name], clock())
    return Scene(log, controls, _operations(log, controls))


def calm(hours: float = 48, seed: int = 7) -> Scene:
    """All has gone well for these hours, with more to do by day than by night."""
    scene, chance = empty(), random.Random(seed)  # noqa: S311 - chance for a picture
    _past(scene, hours, chance, lambda _job, _at: False)
    return scene


def failing(hours: float = 48) -> Scene:
    """Refresh tokens are throttled since three hours, and device codes are paused."""
    scene, chance = empty(), random.Random(11)  # noqa: S311 - as above
    since = clock() - timedelta(hours=3, minutes=20)
    _past(scene, hours, chance, lambda job, at: job is REFRESH_TOKENS and at > since)
    scene.controls.pause(DEVICE_CODES, Pause(BOB, clock() - timedelta(minutes=35), "moving the table"))
    return scene


def busy() -> Scene:
    """Two runs are under way, one of them a large one that somebody has started."""
    scene = calm()
    by_hand = Trigger(TriggerKind.MANUAL, ALICE, "after the outage of this morning")
    scene.running(SESSIONS, seconds_ago=48, deleted=148_210, trigger=by_hand)
    scene.running(CHALLENGES, seconds_ago=3, deleted=1_120)
    scene.ran(
        DEVICE_CODES,
        clock() - timedelta(minutes=2),
        dry_run=True,
        deleted=31,
        trigger=Trigger(TriggerKind.MANUAL, BOB),
        backlog=Backlog(31, clock() - timedelta(hours=2)),
    )
    return scene


def _past(scene: Scene, hours: float, chance: random.Random, fails: Callable[[Job, datetime], bool]) -> None:
    present = clock()
    for at, job in sorted(_due(present, hours), key=lambda each: each[0]):
        load = 0.35 + 0.65 * max(0.0, 1 - abs(at.hour - 14) / 9)
        deleted = round(USUAL[job] * load * chance.uniform(0.5, 1.5))
        seconds = 0.15 + deleted / 700 * chance.uniform(0.7, 1.6)
        left = Backlog(0) if chance.random() < 0.8 else Backlog(round(deleted * chance.uniform(0, 0.2)))
        if fails(job, at):
            if at > present - timedelta(minutes=5):
                continue  # its last attempt would be yet to come
            delivery = f"{job.name} throttled at {at}"
            for attempt, later in enumerate((0, 62, 185)):
                scene.ran(
                    job,
                    at + timedelta(seconds=later),
                    status=Status.ERROR,
                    seconds=4 + attempt,
                    deleted=40,
                    error=THROTTLED,
                    delivery=delivery,
                    backlog=Backlog(2_600 + 240 * attempt),
                )
        elif chance.random() < 0.004:
            scene.ran(
                job,
                at,
                status=Status.TIMEOUT,
                seconds=60,
                deleted=deleted,
                error="The run gave no sign of life and its lease ended: its function was killed.",
            )
        elif chance.random() < 0.006:
            scene.ran(job, at, status=Status.SKIPPED, seconds=0)
        else:
            scene.ran(job, at, seconds=seconds, deleted=deleted, backlog=left)


def _due(present: datetime, hours: float) -> list[tuple[datetime, Job]]:
    first = (present - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    found = []
    for job in JOBS:
        at = first + timedelta(minutes=MINUTE_OF_HOUR[job])
        while at < present - timedelta(seconds=20):
            found.append((at + timedelta(milliseconds=730), job))
            at += timedelta(minutes=EVERY[job])
    return found


def _expiring(rows: int) -> dict[str, dict[str, int]]:
    """Return rows of which a few have expired and the others will."""
    present = int(clock().timestamp())
    return {
        f"demo-{number}": {
            "expires_at": present
            + round(90 * (number - rows / 20) ** 1.3 if number > rows / 20 else -300 * number)
        }
        for number in range(rows)
    }


def _operations(log: MemoryExecutionLog, controls: MemoryJobControls) -> Operations:
    read_log, numbers = ReadLog(log, clock), itertools.count(1)
    schedules = {name: parse(schedule) for name, schedule in SCHEDULES.items()}
    tables = {job.name: MemoryTable(_expiring(USUAL[job])) for job in JOBS}
    return Operations(
        clock=clock,
        list_jobs=ListJobs(schedules),
        read_log=read_log,
        find_executions=FindExecutions(read_log),
        read_health=ReadHealth(schedules, log, controls, clock),
        control_job=ControlJob(controls, clock),
        cancel_run=CancelRun(log, clock),
        read_statistics=ReadStatistics(log, None),
        clear_history=ClearHistory(log, log, clock),
        list_clearings=ListClearings(log),
        trigger_job=TriggerJob(
            functions={job.name: job.function for job in JOBS},
            log=log,
            invoker=MemoryInvoker(),
            clock=clock,
            new_id=lambda: f"trigger-{next(numbers)}",
            controls=controls,
        ),
        list_quarantine=ListQuarantine(tables.__getitem__),
        read_backlog=ReadBacklog(tables.__getitem__, clock, lambda: 0.0),
    )
