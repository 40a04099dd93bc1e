"""How a job is doing: whether its schedule is kept, and whether its runs succeed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from barycenter_jobs.core.schedules import Schedule, next_due

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.pauses import Pause

# A rule fires somewhere within the minute in which it is due (EventBridge user guide, "Creating a rule that
# runs on a schedule"), and its event waits some seconds for the function. Twice that is late by any clock.
SHORTEST_GRACE = timedelta(minutes=2)
# Lambda repeats a failed asynchronous invocation after one minute, and once more after two (Lambda developer
# guide, "Error handling for asynchronous invocations"): a start may have to be recorded as late as that.
LONGEST_GRACE = timedelta(minutes=5)
_SHARE_OF_INTERVAL = 4  # in between, a job that is due more often is missed sooner

# Two clocks may differ by so much, and a rule that was made or enabled takes about as long to take effect.
TOLERANCE = timedelta(minutes=1)


class HealthState(StrEnum):
    """How a job is doing, in one word; the order here is the order in which words are looked for."""

    PAUSED = "paused"
    LATE = "late"
    FAILING = "failing"
    RUNNING = "running"
    WAITING = "waiting"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class JobHealth:
    """How a job is doing.

    `last_run` is the newest execution that came to an end, `running` one that is under way. `next_due` is
    None where no run will come by itself: the job is paused, or its schedule is over. `late_since` is the
    first instant at which a run was due that did not start, the same for as long as the job stays late;
    `late_by` is the time that has passed since. Both are None unless the job is late.
    """

    job: Job
    last_run: Execution | None
    last_success: Execution | None
    running: Execution | None
    next_due: datetime | None
    late_since: datetime | None
    late_by: timedelta | None
    consecutive_failures: int
    paused: Pause | None

    @property
    def state(self) -> HealthState:
        """The one word that whoever is on call should read first.

        `paused` outranks everything: somebody has decided, and nobody need be woken. What is wrong outranks
        what is going on, or else a failing job would seem well for as long as each of its attempts lasts.
        `late` outranks `failing`: a job that fails is at least being tried, and says why. `running` comes
        before `waiting` and `healthy`, which mean that there is nothing to see. The fields say what the
        word leaves out.
        """
        if self.paused is not None:
            return HealthState.PAUSED
        if self.late_since is not None:
            return HealthState.LATE
        if self.consecutive_failures:
            return HealthState.FAILING
        if self.running is not None:
            return HealthState.RUNNING
        return HealthState.WAITING if self.last_run is None else HealthState.HEALTHY


def health_of(
    job: Job,
    schedule: Schedule,
    now: datetime,
    *,
    watched_since: datetime,
    last_scheduled_start: datetime | None = None,
    last_run: Execution | None = None,
    last_success: Execution | None = None,
    running: Execution | None = None,
    consecutive_failures: int = 0,
    paused: Pause | None = None,
    resumed_at: datetime | None = None,
    grace: timedelta | None = None,
) -> JobHealth:
    """Return how a job is doing at `now`.

    The job is late when a run was due at least `grace` ago and no scheduled run has started since. Only
    what was due after its schedule was first seen (`watched_since`) and after the job was last resumed
    counts, so that neither a deployment nor a pause raises an alarm, and nothing does while it is paused.
    Without a `grace` it is `default_grace`. All instants must be aware.
    """
    late_since = None
    missed = _first_missed(schedule, watched_since, last_scheduled_start, resumed_at)
    if missed is not None and missed <= now and paused is None:
        allowed = default_grace(schedule, missed) if grace is None else grace
        late_since = missed if missed + allowed <= now else None
    return JobHealth(
        job=job,
        last_run=last_run,
        last_success=last_success,
        running=running,
        next_due=None if paused is not None else next_due(schedule, now),
        late_since=late_since,
        late_by=None if late_since is None else now - late_since,
        consecutive_failures=consecutive_failures,
        paused=paused,
    )


def default_grace(schedule: Schedule, due: datetime) -> timedelta:
    """Return how long after `due` a run may start: a quarter of the time to the next one, 2 to 5 minutes."""
    following = next_due(schedule, due)
    if following is None:
        return LONGEST_GRACE
    return min(max((following - due) / _SHARE_OF_INTERVAL, SHORTEST_GRACE), LONGEST_GRACE)


def _first_missed(schedule: Schedule, watched_since: datetime, *others: datetime | None) -> datetime | None:
    """Return the first instant, past or future, for which no scheduled run has started yet.

    A run that started up to TOLERANCE before an instant is the run of that instant.
    """
    accounted_for = max([watched_since, *(at for at in others if at is not None)])
    return next_due(schedule, accounted_for + TOLERANCE)
