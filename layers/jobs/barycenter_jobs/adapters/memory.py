"""Everything the operations need, in memory: for tests, simulations and demonstrations.

Held to the same contract tests as the DynamoDB adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING

from barycenter_jobs.core.clearings import Clearing
from barycenter_jobs.core.controls import Control
from barycenter_jobs.core.errors import (
    AlreadyTaken,
    DeliveryAlreadyHandled,
    ExecutionAlreadyFinished,
    UnknownExecution,
)
from barycenter_jobs.core.executions import (
    LEASE,
    Backlog,
    Execution,
    Method,
    Request,
    Start,
    Status,
    in_the_way,
    still_stands,
)
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, Cutoffs, Expiry, Unreadable, expiry_shard
from barycenter_jobs.core.legs import Leg, total
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.rows import (
    Answer,
    Candidate,
    Deletion,
    Outcome,
    Page,
    Quarantined,
    Stamping,
    row_name,
)
from barycenter_jobs.core.spans import Count, Span
from barycenter_jobs.core.statistics import Increment, JobStatistics, increment_of
from barycenter_jobs.core.timestamps import instant

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.metrics import Measurement
    from barycenter_jobs.core.pauses import Pause
    from barycenter_jobs.core.removal_totals import Taking

Attributes = Mapping[str, object]


class MemoryTable:
    """A table of rows by key; it reads the rows that may go and deletes them under guard.

    Its index shows every row, whether it has a shard or not.
    """

    def __init__(
        self,
        rows: Mapping[str, Attributes] | None = None,
        *,
        page_size: int = 100,
        shards: int = DEFAULT_SHARDS,
    ) -> None:
        self.rows = dict(rows or {})
        self._page_size = page_size
        self._shards = shards
        self._lock = Lock()

    def put(self, key: str, attributes: Attributes) -> None:
        """Insert or replace a row."""
        with self._lock:
            self.rows[key] = attributes

    def remove(self, key: str) -> None:
        """Remove a row as somebody else would; a row that is not there is no error."""
        with self._lock:
            self.rows.pop(key, None)

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield the rows that may go now, the longest expired first. See `ExpiredRows`."""
        return self._pages(cutoffs, lambda _key: True)

    def shard(self, cutoffs: Cutoffs, shard: Part) -> Iterator[Page]:
        """Yield those of one shard. See `ShardedRows`."""
        return self._pages(cutoffs, lambda key: expiry_shard(key, shard.of) == shard.number)

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]:
        """Yield the rows of a segment that an index would not show. See `RowsOutsideIndex`."""
        with self._lock:
            rows = [
                (key, row)
                for key, row in self.rows.items()
                if expiry_shard(key, segment.of) == segment.number and not self._is_indexed(row)
            ]
        candidates, unreadable = _candidates(rows, cutoffs)
        unstamped = [key for key, row in rows if _is_live_with_expiry(row, cutoffs)]
        yield Page(candidates, unreadable, unindexed=len(candidates), unstamped=unstamped)

    def segments(self, bytes_each: int) -> Sequence[Part]:  # noqa: ARG002 - as the contract has it
        """Return the only segment of a table without a size. See `RowsOutsideIndex`."""
        return parts(1)

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog | None:  # noqa: ARG002 - as the contract has it
        """Return what has expired and is still there. See `ExpiredRows`."""
        candidates = [candidate for page in self.pages(cutoffs) for candidate in page.candidates]
        expiries = [candidate.expires_at for candidate in candidates if candidate.expires_at is not None]
        return Backlog(len(candidates), instant(min(expiries)) if expiries else None)

    def count(
        self, spans: Sequence[Span], most: int, time_is_left: Callable[[], bool]
    ) -> Sequence[Count] | None:
        """Return how many rows expire in each span. See `ExpiryIndex`."""
        expiries = self._expiries()
        counts: list[Count] = []
        left = most
        for span in spans:
            start = span.start
            rows = sum(each < span.end and (start is None or each >= start) for each in expiries)
            known = min(rows, left) if time_is_left() else 0
            counts.append(Count(known, exact=known == rows))
            left -= known
        return counts

    def earliest(self, before: int) -> datetime | None:
        """Return the earliest expiry before an epoch second. See `ExpiryIndex`."""
        expired = [each for each in self._expiries() if each < before]
        return instant(min(expired)) if expired else None

    def warnings(self) -> Sequence[str]:
        """Return nothing: a dictionary has no index to miss."""
        return ()

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield the rows whose expiry is no epoch second. See `Quarantine`."""
        with self._lock:
            rows = list(self.rows.items())
        for key, row in rows:
            if Cutoffs(0).judge(_read(row.get("expires_at"))) is Expiry.UNREADABLE:
                yield Quarantined(row_name(key), "expires_at", str(row["expires_at"]))

    def stamp(self, keys: Sequence[str]) -> Stamping:
        """Give rows their shard. See `Stamper`."""
        stamped = 0
        with self._lock:
            for key in keys:
                row = self.rows.get(key)
                if row is not None and "expires_at" in row:
                    self.rows[key] = {**row, "expiry_shard": expiry_shard(key, self._shards)}
                    stamped += 1
        return Stamping(stamped, 2.0 * stamped)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete what is still expired. See `Deleter`."""
        with self._lock:
            return Deletion([self._delete(candidate, cutoffs) for candidate in batch], float(len(batch)))

    def _expiries(self) -> list[Decimal | int]:
        with self._lock:
            numbers = [_number(row.get("expires_at")) for row in self.rows.values()]
        return [number for number in numbers if number is not None]

    def _pages(self, cutoffs: Cutoffs, holds: Callable[[str], bool]) -> Iterator[Page]:
        with self._lock:
            rows = [(key, row) for key, row in self.rows.items() if holds(key)]
        candidates, unreadable = _candidates(rows, cutoffs)
        for start in range(0, len(candidates), self._page_size):
            yield Page(candidates[start : start + self._page_size])
        yield Page(unreadable=unreadable)

    def _is_indexed(self, row: Attributes) -> bool:
        shard = _number(row.get("expiry_shard"))
        return shard is not None and 0 <= shard < self._shards and row.get("expires_at") is not None

    def _delete(self, candidate: Candidate, cutoffs: Cutoffs) -> Answer:
        row = self.rows.get(candidate.key)
        if row is None:
            return Answer(Outcome.ALREADY_GONE)
        if not _still_holds(candidate.reason, row, cutoffs):
            return Answer(Outcome.BECAME_LIVE)
        del self.rows[candidate.key]
        return Answer(Outcome.DELETED)


class MemoryExecutionLog:
    """An execution log that forgets everything at the end of the process."""

    def __init__(
        self,
        told: Callable[[Execution], None] | None = None,
        take: Callable[[Taking], bool] = lambda _taking: True,
    ) -> None:
        self._told = told
        self._take = take
        self._last_id = 0
        self._executions: dict[int, Execution] = {}
        self._statistics: dict[str, JobStatistics] = {}
        self._lifetimes: dict[str, JobStatistics] = {}
        self._clearings: dict[int, Clearing] = {}
        self._deliveries: dict[tuple[str, str], Execution] = {}
        self._holders: dict[tuple[str, Method], int] = {}
        self._legs: dict[int, dict[str, Leg]] = {}
        self._lock = Lock()

    def start(self, start: Start, now: datetime) -> Execution:
        """Record that a run begins. See `ExecutionLog`."""
        with self._lock:
            self._close_if_dead(self._delivered(start), now)
            execution = self._next(start, now)
            holder = self._holder(start)
            self._close_if_dead(holder, now)
            why = in_the_way(start, None if holder is None else self._executions[holder.id], now)
            if why is not None:
                return self._record(execution.skipped(why))
            self._holders[start.job.name, start.method] = execution.id
            return self._record(execution)

    def adopt(self, execution_id: int, start: Start, now: datetime) -> Execution | None:
        """Take on a run. See `ExecutionLog`."""
        with self._lock:
            waiting = self._executions.get(execution_id)
            if waiting is None or waiting.status is not Status.RUNNING or waiting.is_dead(now):
                return None
            if waiting.worker not in (None, start.worker) or waiting.job_name != start.job.name:
                return None
            return self._record(replace(waiting, worker=start.worker, lease_until=now + LEASE))

    def skip(self, start: Start, now: datetime, why: str) -> Execution:
        """Record that a run does not take place. See `ExecutionLog`."""
        with self._lock:
            return self._record(self._next(start, now).skipped(why))

    def renew(self, execution: Execution, lease_until: datetime) -> Execution:
        """Hold the job for longer. See `ExecutionLog`."""
        with self._lock:
            recorded = self._worked_on(execution)
            return self._record(
                replace(recorded, lease_until=lease_until, counts=execution.counts, usage=execution.usage)
            )

    def finish(self, execution: Execution, taking: Taking | None = None) -> None:
        """Record how a run ended. See `ExecutionLog`."""
        with self._lock:
            self._worked_on(execution)
            if taking is not None and not self._take(taking):
                raise AlreadyTaken(taking.kind)
            self._record(execution)

    def supplement(self, execution: Execution) -> Execution:
        """Add a record of its own. See `ExecutionLog`."""
        with self._lock:
            return self._record(replace(execution, id=self._last_id + 1), delivery=False)

    def cancel(self, execution_id: int, request: Request) -> Execution:
        """Ask a running execution to stop. See `ExecutionLog`."""
        with self._lock:
            if execution_id not in self._executions:
                raise UnknownExecution(execution_id)
            recorded = self._running(execution_id)
            return self._record(replace(recorded, cancel=recorded.cancel or request))

    def close(self, execution: Execution) -> bool:
        """Record the end of a dead run. See `ExecutionLog`."""
        with self._lock:
            recorded = self._executions.get(execution.id)
            if recorded is None or recorded.status is not Status.RUNNING:
                return recorded == self._with_legs(execution).given_up()
            if recorded.lease_until != execution.lease_until:
                return False
            self._record(self._with_legs(recorded).given_up(), delivery=False)
            return True

    def running(self) -> list[Execution]:
        """Return what is recorded as running. See `ExecutionLog`."""
        with self._lock:
            return [each for each in self._executions.values() if each.status is Status.RUNNING]

    def get(self, execution_id: int) -> Execution | None:
        """Return one execution. See `ExecutionLog`."""
        with self._lock:
            return self._executions.get(execution_id)

    def read(
        self,
        log_filter: LogFilter,
        limit: int,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
    ) -> list[Execution]:
        """Return executions that pass the filter, in order. See `ExecutionLog`."""
        newest_first = order is Order.NEWEST_FIRST
        with self._lock:
            found = [each for each in self._executions.values() if log_filter.lets_through(each)]
        if after is not None and newest_first:
            found = [each for each in found if Position.of(each) < after]
        elif after is not None:
            found = [each for each in found if Position.of(each) > after]
        return sorted(found, key=Position.of, reverse=newest_first)[:limit]

    def statistics(self, job_name: str) -> JobStatistics:
        """Return the figures of the records that are there. See `ExecutionLog`."""
        with self._lock:
            return self._statistics.get(job_name, JobStatistics())

    def lifetime(self, job_name: str) -> JobStatistics:
        """Return the figures of all that ever finished. See `ExecutionLog`."""
        with self._lock:
            return self._lifetimes.get(job_name, JobStatistics())

    def remove(self, executions: Sequence[Execution], clearing: Clearing | None = None) -> int:
        """Remove the records of finished executions. See `History`."""
        removed = 0
        with self._lock:
            for asked in executions:
                execution = self._executions.get(asked.id)
                if execution is None or execution.status is Status.RUNNING:
                    continue
                del self._executions[execution.id]
                self._add(self._statistics, execution, -increment_of(execution))
                removed += 1
            if clearing is not None:
                known = self._clearings[clearing.id]
                self._clearings[clearing.id] = replace(known, records=known.records + removed)
        return removed

    def begin_clearing(self, request: Request, job_name: str | None) -> Clearing:
        """Record that somebody is about to clear the history. See `History`."""
        with self._lock:
            clearing = Clearing(len(self._clearings) + 1, request, job_name)
            self._clearings[clearing.id] = clearing
            return clearing

    def clearings(self, limit: int) -> list[Clearing]:
        """Return the latest clearings. See `History`."""
        with self._lock:
            return list(reversed(self._clearings.values()))[:limit]

    def _next(self, start: Start, now: datetime) -> Execution:
        previous = self._delivered(start)
        if previous is not None and still_stands(previous):
            raise DeliveryAlreadyHandled(previous.id)
        attempt_number = 1 if previous is None else previous.attempt_number + 1
        return start.recorded(self._last_id + 1, attempt_number, now)

    def _delivered(self, start: Start) -> Execution | None:
        latest = self._deliveries.get((start.job.name, start.delivery_id))
        if latest is None:
            return None
        if latest.id not in self._executions:  # its record was removed, and so it had finished
            raise DeliveryAlreadyHandled(latest.id)
        return self._executions[latest.id]

    def _holder(self, start: Start) -> Execution | None:
        return self._executions.get(self._holders.get((start.job.name, start.method), 0))

    def _close_if_dead(self, execution: Execution | None, now: datetime) -> None:
        if execution is not None and self._executions[execution.id].is_dead(now):
            self._record(self._with_legs(execution).given_up(), delivery=False)

    def _with_legs(self, execution: Execution) -> Execution:
        legs = self._legs.get(execution.id)
        return execution if legs is None else replace(execution, counts=total(legs.values()).counts)

    def _running(self, execution_id: int) -> Execution:
        recorded = self._executions.get(execution_id)
        if recorded is None or recorded.status is not Status.RUNNING:
            raise ExecutionAlreadyFinished(execution_id)
        return recorded

    def _worked_on(self, execution: Execution) -> Execution:
        recorded = self._running(execution.id)
        if recorded.worker != execution.worker:
            raise ExecutionAlreadyFinished(execution.id)
        return recorded

    def _record(self, execution: Execution, *, delivery: bool = True) -> Execution:
        self._last_id = max(self._last_id, execution.id)
        self._executions[execution.id] = execution
        if delivery:
            self._deliveries[execution.job_name, execution.delivery_id] = execution
        increment = increment_of(execution)  # nothing of a running one, and only those are recorded again
        self._add(self._statistics, execution, increment)
        self._add(self._lifetimes, execution, increment)
        if self._told is not None and execution.status is not Status.RUNNING:
            self._told(execution)
        return execution

    def _add(self, to: dict[str, JobStatistics], execution: Execution, increment: Increment) -> None:
        to[execution.job_name] = to.get(execution.job_name, JobStatistics()).after(increment)

    def begin_leg(self, execution: Execution, leg: Leg) -> None:
        """Record that an invocation begins. See `Legs`."""
        with self._lock:
            self._legs.setdefault(execution.id, {}).setdefault(leg.id, leg)

    def end_leg(self, execution: Execution, leg: Leg) -> None:
        """Record what an invocation did. See `Legs`."""
        with self._lock:
            self._running(execution.id)
            self._legs.setdefault(execution.id, {})[leg.id] = leg

    def legs(self, execution: Execution) -> list[Leg]:
        """Return every leg of a run. See `Legs`."""
        with self._lock:
            return list(self._legs.get(execution.id, {}).values())


class MemoryJobControls:
    """Remembers what is decided about jobs."""

    def __init__(self) -> None:
        self._controls: dict[str, Control] = {}
        self._lock = Lock()

    def of(self, job: Job) -> Control:
        """Return what is known about a job. See `JobControls`."""
        with self._lock:
            return self._of(job)

    def of_each(self, jobs: Sequence[Job]) -> list[Control]:
        """Return the same of several jobs. See `JobControls`."""
        with self._lock:
            return [self._of(job) for job in jobs]

    def pause(self, job: Job, pause: Pause) -> Pause:
        """Keep a job from running by itself. See `JobControls`."""
        with self._lock:
            standing = self._of(job).pause or pause
            self._controls[job.name] = replace(self._of(job), pause=standing)
            return standing

    def resume(self, job: Job, now: datetime) -> Pause | None:
        """Let a job run by itself again. See `JobControls`."""
        with self._lock:
            standing = self._of(job).pause
            if standing is not None:
                self._controls[job.name] = replace(self._of(job), pause=None, resumed_at=now)
            return standing

    def watch(self, job: Job, expression: str, now: datetime) -> Control:
        """Remember when a job's schedule was first seen. See `JobControls`."""
        with self._lock:
            if self._of(job).expression != expression:
                seen = replace(self._of(job), expression=expression, watched_since=now)
                self._controls[job.name] = seen
            return self._of(job)

    def note_start(self, job: Job, at: datetime) -> None:
        """Remember that the job's schedule started a run. See `JobControls`."""
        with self._lock:
            latest = max(at, self._of(job).last_scheduled_start or at)
            self._controls[job.name] = replace(self._of(job), last_scheduled_start=latest)

    def _of(self, job: Job) -> Control:
        return self._controls.get(job.name, Control())


class MemoryJobMetrics:
    """Remembers what it was last shown of each job, by name."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, float]] = {}

    def show(self, job: Job, measurements: Sequence[Measurement]) -> None:
        """Remember the measurements. See `JobMetrics`."""
        self.shown[job.name] = {each.name: each.value for each in measurements}


class MemoryStateMachine:
    """Remembers what it was asked to share out."""

    def __init__(self) -> None:
        self.started: dict[int, tuple[Sequence[Part], int]] = {}

    def start(self, execution: Execution, parts: Sequence[Part], at_once: int) -> None:
        """Remember the parts. See `StateMachine`."""
        self.started.setdefault(execution.id, (parts, at_once))


class MemoryRunEvents:
    """Remembers of which runs it was to tell."""

    def __init__(self) -> None:
        self.told: list[Execution] = []

    def tell(self, execution: Execution) -> None:
        """Remember the execution. See `RunEvents`."""
        self.told.append(execution)


class MemoryInvoker:
    """Remembers what it was asked to invoke."""

    def __init__(self) -> None:
        self.invocations: list[tuple[str, Execution]] = []

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:  # noqa: ARG002 - as the contract has it
        """Remember the invocation. See `JobInvoker`."""
        self.invocations.append((function, execution))


def _candidates(rows: Iterable[tuple[str, Attributes]], cutoffs: Cutoffs) -> tuple[list[Candidate], int]:
    """Return the rows that may go, in order, and how many rows cannot be read."""
    candidates = []
    unreadable = 0
    for key, row in rows:
        reason = _judged(row, cutoffs)
        if reason is Expiry.UNREADABLE:
            unreadable += 1
        elif reason is not Expiry.LIVE:
            since = _number(row.get("expires_at")) if reason is Expiry.EXPIRED else None
            candidates.append(Candidate(key, since, reason))
    candidates.sort(key=lambda candidate: candidate.expires_at or 0)
    return candidates, unreadable


def _is_live_with_expiry(row: Attributes, cutoffs: Cutoffs) -> bool:
    return _judged(row, cutoffs) is Expiry.LIVE and row.get("expires_at") is not None


def _still_holds(reason: Expiry, row: Attributes, cutoffs: Cutoffs) -> bool:
    if reason is Expiry.ROTATED:  # it goes even if its own expiry has come since
        judged = Cutoffs(0, rotated_before=cutoffs.rotated_before).judge(
            _read(row.get("expires_at")), None, _read(row.get("rotated_at"))
        )
        return judged in (Expiry.ROTATED, Expiry.EXPIRED)
    return _judged(row, cutoffs) is reason


def _judged(row: Attributes, cutoffs: Cutoffs) -> Expiry:
    return cutoffs.judge(
        _read(row.get("expires_at")), _read(row.get("created_at")), _read(row.get("rotated_at"))
    )


def _read(value: object) -> Decimal | int | Unreadable | None:
    if value is None or (isinstance(value, (int, Decimal)) and not isinstance(value, bool)):
        return value
    return Unreadable()


def _number(value: object) -> Decimal | int | None:
    read = _read(value)
    return None if isinstance(read, Unreadable) else read
