"""The record of one run: its states, its counts and what the API says of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import InvalidLimit
from barycenter_jobs.core.jobs import Job

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


class Status(StrEnum):
    """Where a run stands. It starts `running`, and every other state is final."""

    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


FAILURES = (Status.ERROR, Status.TIMEOUT)


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
    """What made a run start, and for a manual one who did."""

    kind: TriggerKind
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A run to be recorded. Deliveries of the same event to a job share their `delivery_id`.

    A dry run deletes nothing.
    """

    job: Job
    trigger: Trigger
    delivery_id: str
    dry_run: bool = False
    method: Method = Method.RUN_JOB


@dataclass(frozen=True, slots=True)
class Usage:
    """DynamoDB capacity units that a run consumed on the table it cleans, and what they cost in US dollars.

    Of a dry run, `write_units` and `cost_usd` are estimates of what the same run would consume for real.
    """

    read_units: float = 0.0
    write_units: float = 0.0
    cost_usd: float = 0.0


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

    `error_message` is None unless the run failed. `backlog` is None where nobody knows it. `samples` name
    a few rows that a dry run found, by truncated hashes. `warnings` are facts about a run that an operator
    should act on although it did what it could.
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

    @property
    def success(self) -> bool | None:
        """True after success, False after a failure, None for anything else (running, skipped, cancelled)."""
        if self.status is Status.SUCCESS:
            return True
        return False if self.status in FAILURES else None

    @property
    def records_processed(self) -> int | None:
        """How many rows this run is known to have deleted, None while it is running."""
        return None if self.status is Status.RUNNING else self.counts.deleted

    @property
    def duration_ms(self) -> int | None:
        """How long the run took, in milliseconds, None while it is running."""
        if self.completed_at is None:
            return None
        return round((self.completed_at - self.started_at).total_seconds() * 1000)

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
        )


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which executions to read: of one job, failures only, in one state; all that is given applies."""

    job_name: str | None = None
    only_failures: bool = False
    status: Status | None = None

    def lets_through(self, execution: Execution) -> bool:
        """Return whether the filter lets an execution through."""
        return (
            (self.job_name is None or execution.job_name == self.job_name)
            and (not self.only_failures or execution.status in FAILURES)
            and (self.status is None or execution.status is self.status)
        )


def checked_limit(limit: int | None) -> int:
    """Return how many records to read, 100 where nothing was asked. Raises InvalidLimit outside 1 to 1000."""
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidLimit(f"limit must be between 1 and {MAX_LIMIT}, not {limit}")
    return limit
