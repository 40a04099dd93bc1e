"""Everything the operations need, in memory: for tests, simulations and demonstrations.

Held to the same contract tests as the DynamoDB adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from threading import Lock

from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished
from barycenter_jobs.core.executions import Backlog, Execution, LogFilter, Start, Status
from barycenter_jobs.core.expiry import Cutoffs, Expiry, Unreadable
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome, Page
from barycenter_jobs.core.timestamps import instant

Attributes = Mapping[str, object]


class MemoryTable:
    """A table of rows by key; it reads its expired rows and deletes them under guard."""

    def __init__(self, rows: Mapping[str, Attributes] | None = None, *, page_size: int = 100) -> None:
        self.rows = dict(rows or {})
        self._page_size = page_size
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
        """Yield the rows expired now, the longest expired first. See `ExpiredRows`."""
        with self._lock:
            judged = [(key, row, _judged(row, cutoffs)) for key, row in self.rows.items()]
        expired = [
            Candidate(key, _number(row.get("expires_at")))
            for key, row, expiry in judged
            if expiry in (Expiry.EXPIRED, Expiry.EXPIRED_BY_AGE)
        ]
        expired.sort(key=lambda candidate: candidate.expires_at or 0)
        for start in range(0, len(expired), self._page_size):
            yield Page(expired[start : start + self._page_size])
        yield Page(unreadable=sum(expiry is Expiry.UNREADABLE for _, _, expiry in judged))

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog:  # noqa: ARG002 - as the contract has it
        """Return what has expired and is still there. See `ExpiredRows`."""
        candidates = [candidate for page in self.pages(cutoffs) for candidate in page.candidates]
        expiries = [candidate.expires_at for candidate in candidates if candidate.expires_at is not None]
        return Backlog(len(candidates), instant(min(expiries)) if expiries else None)

    def warnings(self) -> Sequence[str]:
        """Return nothing: a dictionary has no index to miss."""
        return ()

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete what is still expired. See `Deleter`."""
        with self._lock:
            return Deletion([self._delete(candidate, cutoffs) for candidate in batch], float(len(batch)))

    def _delete(self, candidate: Candidate, cutoffs: Cutoffs) -> Answer:
        row = self.rows.get(candidate.key)
        if row is None:
            return Answer(Outcome.ALREADY_GONE)
        wanted = Expiry.EXPIRED_BY_AGE if candidate.expires_at is None else Expiry.EXPIRED
        if _judged(row, cutoffs) is not wanted:
            return Answer(Outcome.BECAME_LIVE)
        del self.rows[candidate.key]
        return Answer(Outcome.DELETED)


class MemoryExecutionLog:
    """An execution log that forgets everything at the end of the process."""

    def __init__(self) -> None:
        self._executions: dict[int, Execution] = {}
        self._deliveries: dict[tuple[str, str], Execution] = {}
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


class MemoryInvoker:
    """Remembers what it was asked to invoke."""

    def __init__(self) -> None:
        self.invocations: list[tuple[str, Execution]] = []

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:  # noqa: ARG002 - as the contract has it
        """Remember the invocation. See `JobInvoker`."""
        self.invocations.append((function, execution))


def _judged(row: Attributes, cutoffs: Cutoffs) -> Expiry:
    return cutoffs.judge(_read(row.get("expires_at")), _read(row.get("created_at")))


def _read(value: object) -> Decimal | int | Unreadable | None:
    if value is None or (isinstance(value, (int, Decimal)) and not isinstance(value, bool)):
        return value
    return Unreadable()


def _number(value: object) -> Decimal | int | None:
    read = _read(value)
    return None if isinstance(read, Unreadable) else read
