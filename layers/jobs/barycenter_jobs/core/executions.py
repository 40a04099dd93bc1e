"""The record of one run: its states, its counts and what the API says of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.timestamps import iso

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.ttl_part import TtlPart


class Status(StrEnum):
    """Where a run stands. It starts `running`, and every other state is final."""

    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


FAILURES = (Status.ERROR, Status.TIMEOUT)

# A run that is alive says so every few seconds; one that has been silent for longer than its lease is dead.
# Lambda repeats a failed asynchronous invocation after a minute: a dead run must not be in its way then.
LEASE = timedelta(seconds=45)
HEARTBEAT = timedelta(seconds=5)
ASKED_LATELY = timedelta(minutes=1)
# Between two invocations of a state machine nobody says anything for a while.
SHARED_LEASE = timedelta(minutes=10)


# How a run that stopped at MaxRecordsPerRun says so; its record has no field for it.
BREAKER_TRIPPED = "more has expired than one run may delete"


class TriggerKind(StrEnum):
    """What made a run start."""

    SCHEDULE = "schedule"
    MANUAL = "manual"


class Method(StrEnum):
    """What a run does: remove what has expired, or look for what the expiry index does not show."""

    RUN_JOB = "run_job"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What made a run start, and for a manual one who did and why."""

    kind: TriggerKind
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked for something, when and why; a caller without a name is None."""

    at: datetime
    by: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return f"{self.by or 'nobody known'}{'' if self.reason is None else f': {self.reason}'}"


@dataclass(frozen=True, slots=True)
class Start:
    """A run to be recorded. Deliveries of the same event to a job share their `delivery_id`.

    `worker` is the invocation that is going to do it, None where that is not known yet. `asked_at` is when
    somebody asked for it, where that is known: a run that has begun since does what they want. A dry run
    deletes nothing.
    """

    job: Job
    trigger: Trigger
    delivery_id: str
    dry_run: bool = False
    method: Method = Method.RUN_JOB
    worker: str | None = None
    asked_at: datetime | None = None

    def recorded(self, execution_id: int, attempt_number: int, now: datetime) -> Execution:
        """Return the record with which the run begins."""
        return Execution(
            id=execution_id,
            job_name=self.job.name,
            handler_id=self.job.function,
            started_at=now,
            trigger=self.trigger,
            delivery_id=self.delivery_id,
            dry_run=self.dry_run,
            method=self.method,
            attempt_number=attempt_number,
            lease_until=now + LEASE,
            worker=self.worker,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """DynamoDB capacity units that a run consumed on the table it cleans, and what they cost in US dollars.

    Of a dry run, `write_units` and `cost_usd` are estimates of what the same run would consume for real.
    """

    read_units: float = 0.0
    write_units: float = 0.0
    cost_usd: float = 0.0

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.read_units - other.read_units,
            self.write_units - other.write_units,
            self.cost_usd - other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """Expired rows that are still there after a run; after a dry run, all that it found.

    `oldest_expired_at` is the earliest expiry among them, None where there is none or none with an expiry
    of its own. Where not `exact`, there may be more.
    """

    remaining: int = 0
    oldest_expired_at: datetime | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Execution:
    """One attempt to run a job. `completed_at` is None exactly while it is `running`.

    While it is, `worker` holds the job until `lease_until`, `counts` and `usage` say how far the run is,
    and `cancel` is what somebody asked of it. `error_message` is None unless the run failed. `backlog` is
    None where nobody knows it. `samples` name a few rows that a dry run found, by truncated hashes.
    `warnings` are facts about a run that an operator should act on although it did what it could.
    """

    id: int
    job_name: str
    handler_id: str
    started_at: datetime
    trigger: Trigger
    delivery_id: str
    dry_run: bool = False
    method: Method = Method.RUN_JOB
    attempt_number: int = 1
    status: Status = Status.RUNNING
    completed_at: datetime | None = None
    error_message: str | None = None
    counts: Counts = field(default_factory=Counts)
    usage: Usage = Usage()
    backlog: Backlog | None = None
    samples: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lease_until: datetime | None = None
    worker: str | None = None
    cancel: Request | None = None
    ttl: TtlPart | None = None

    @property
    def success(self) -> bool | None:
        """True after success, False after a failure, None for anything else (running, skipped, cancelled)."""
        if self.status is Status.SUCCESS:
            return True
        return False if self.status in FAILURES else None

    @property
    def records_processed(self) -> int | None:
        """How many rows this run is known to have deleted, and TTL before it; None while it is running."""
        if self.status is Status.RUNNING:
            return None
        return self.counts.deleted + (0 if self.ttl is None else self.ttl.rows)

    @property
    def duration_ms(self) -> int | None:
        """How long the run took, in milliseconds, None while it is running."""
        if self.completed_at is None:
            return None
        return round((self.completed_at - self.started_at).total_seconds() * 1000)

    @property
    def breaker_tripped(self) -> bool:
        """Whether the run stopped because it met more rows to delete than one run may."""
        return BREAKER_TRIPPED in (self.error_message or "")

    def skipped(self, why: str) -> Execution:
        """Return this execution as one that does not take place."""
        return self.finished(Status.SKIPPED, self.started_at, warnings=(f"Skipped: {why}.",))

    def is_dead(self, now: datetime) -> bool:
        """Return whether the run is recorded as running and nobody works on it any more."""
        return self.status is Status.RUNNING and self.lease_until is not None and self.lease_until <= now

    def given_up(self) -> Execution:
        """Return a dead run as its record is to be closed: as a timeout, with what is known of its counts."""
        at = self.lease_until or self.started_at
        return self.finished(
            Status.TIMEOUT,
            at,
            error_message=f"The run gave no sign of life and its lease ended at {iso(at)}: its function was "
            "killed, or cannot reach the log. What it deleted since it last told is not counted here.",
        )

    def as_of(self, now: datetime) -> Execution:
        """Return the execution as a reader is to see it: a dead one as the timeout that it is."""
        return self.given_up() if self.is_dead(now) else self

    def finished(
        self,
        status: Status,
        at: datetime,
        *,
        counts: Counts | None = None,
        usage: Usage | None = None,
        backlog: Backlog | None = None,
        samples: tuple[str, ...] = (),
        error_message: str | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Execution:
        """Return this execution as it is once finished at `at`.

        A clock that ran backwards meanwhile does not make a run end before it started.
        """
        return replace(
            self,
            status=status,
            completed_at=max(at, self.started_at),
            counts=counts or self.counts,
            usage=usage or self.usage,
            backlog=backlog,
            samples=samples,
            error_message=error_message,
            warnings=warnings,
            lease_until=None,
        )


def still_stands(previous: Execution) -> bool:
    """Return whether an event whose latest run is `previous` is not to be run again.

    Lambda repeats what failed. A run that stopped at its ceiling must wait for somebody to look at it: two
    repetitions would delete twice as much again.
    """
    return previous.status not in FAILURES or previous.breaker_tripped


def in_the_way(start: Start, other: Execution | None, now: datetime) -> str | None:
    """Return why a start is to be skipped for the latest run that held its job, None where it is not.

    Who asks at the same time as others may come to the log when their run is over already: it began after
    they asked, and one is enough. Nobody waits for an answer for longer than a minute, so an older question
    is one that is replayed.
    """
    if other is None:
        return None
    if other.status is Status.RUNNING:
        return f"execution {other.id} of {other.job_name} is running"
    since = start.asked_at is not None and now - ASKED_LATELY <= start.asked_at <= other.started_at
    if since and other.status is Status.SUCCESS and other.dry_run == start.dry_run:
        return f"execution {other.id} of {other.job_name} has run since this was asked for"
    return None
