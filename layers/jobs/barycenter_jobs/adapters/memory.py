"""Everything the operations need, in memory: for tests, simulations and demonstrations.

Held to the same contract tests as the DynamoDB adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from threading import Lock

from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished
from barycenter_jobs.core.executions import Backlog, Execution, LogFilter, Start, Status
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, Cutoffs, Expiry, Unreadable, expiry_shard
from barycenter_jobs.core.legs import Leg
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
from barycenter_jobs.core.timestamps import instant

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
        """Yield the rows of a segment that have no shard. See `RowsOutsideIndex`."""
        with self._lock:
            rows = [
                (key, row)
                for position, (key, row) in enumerate(self.rows.items())
                if position % segment.of == segment.number and "expiry_shard" not in row
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

    def _pages(self, cutoffs: Cutoffs, holds: Callable[[str], bool]) -> Iterator[Page]:
        with self._lock:
            rows = [(key, row) for key, row in self.rows.items() if holds(key)]
        candidates, unreadable = _candidates(rows, cutoffs)
        for start in range(0, len(candidates), self._page_size):
            yield Page(candidates[start : start + self._page_size])
        yield Page(unreadable=unreadable)

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

    def __init__(self) -> None:
        self._executions: dict[int, Execution] = {}
        self._deliveries: dict[tuple[str, str], Execution] = {}
        self._legs: dict[int, dict[str, Leg]] = {}
        self._lock = Lock()

    def start(self, start: Start, now: datetime) -> Execution:
        """Record that a run begins. See `ExecutionLog`."""
        with self._lock:
            delivery = (start.job.name, start.delivery_id)
            previous = self._deliveries.get(delivery)
            if previous is not None and self._executions[previous.id].status is Status.SUCCESS:
                raise DeliveryAlreadyHandled(previous.id)
            execution = Execution(
                id=len(self._executions) + 1,
                job_name=start.job.name,
                handler_id=start.job.function,
                started_at=now,
                trigger=start.trigger,
                delivery_id=start.delivery_id,
                dry_run=start.dry_run,
                method=start.method,
                attempt_number=1 if previous is None else previous.attempt_number + 1,
            )
            self._executions[execution.id] = execution
            self._deliveries[delivery] = execution
            return execution

    def finish(self, execution: Execution) -> None:
        """Record how a run ended. See `ExecutionLog`."""
        with self._lock:
            if self._executions[execution.id].status is not Status.RUNNING:
                raise ExecutionAlreadyFinished(execution.id)
            self._executions[execution.id] = execution

    def get(self, execution_id: int) -> Execution | None:
        """Return one execution. See `ExecutionLog`."""
        with self._lock:
            return self._executions.get(execution_id)

    def newest(self, log_filter: LogFilter, limit: int) -> list[Execution]:
        """Return the latest executions that pass the filter. See `ExecutionLog`."""
        with self._lock:
            found = [
                execution for execution in self._executions.values() if log_filter.lets_through(execution)
            ]
        return sorted(found, key=lambda execution: (execution.started_at, execution.id), reverse=True)[:limit]

    def begin_leg(self, execution: Execution, leg: Leg) -> None:
        """Record that an invocation begins. See `Legs`."""
        with self._lock:
            self._legs.setdefault(execution.id, {}).setdefault(leg.id, leg)

    def end_leg(self, execution: Execution, leg: Leg) -> None:
        """Record what an invocation did. See `Legs`."""
        with self._lock:
            self._legs.setdefault(execution.id, {})[leg.id] = leg

    def legs(self, execution: Execution) -> list[Leg]:
        """Return every leg of a run. See `Legs`."""
        with self._lock:
            return list(self._legs.get(execution.id, {}).values())


class MemoryStateMachine:
    """Remembers what it was asked to share out."""

    def __init__(self) -> None:
        self.started: dict[int, tuple[Sequence[Part], int]] = {}

    def start(self, execution: Execution, parts: Sequence[Part], at_once: int) -> None:
        """Remember the parts. See `StateMachine`."""
        self.started.setdefault(execution.id, (parts, at_once))


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
            candidates.append(Candidate(key, _number(row.get("expires_at")), reason))
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
