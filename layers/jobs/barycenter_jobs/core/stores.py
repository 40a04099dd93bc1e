"""What storage, deleters, the invoker and the execution log owe to the operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from barycenter_jobs.core.executions import Backlog, Execution, LogFilter, Start
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.rows import Candidate, Deletion, Page


class ExpiredRows(Protocol):
    """One table's rows that look expired."""

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield candidates, the longest expired first, a page at a time.

        Raises StoreError when the table cannot be read.
        """

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog | None:
        """Return what has expired and is still there, None where counting it would mean reading the table.

        Counts until `time_is_left` turns false. Raises StoreError.
        """

    def warnings(self) -> Sequence[str]:
        """Return what an operator should know about how the table was read, after it was read."""


class Deleter(Protocol):
    """Deletes rows of one table, each only if it is still expired at that moment. Thread-safe."""

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Try each candidate once and return the answers in the order of the batch.

        A batch holds 1 to 25 candidates with distinct keys. Raises AnswerLost when rows may have been
        deleted without our knowing; any other StoreError means that none was.
        """


class ExecutionLog(Protocol):
    """The record of every run. Every change of state is a conditional write."""

    def start(self, start: Start, now: datetime) -> Execution:
        """Record that a run begins and return it, `running`, with the next id and its attempt number.

        Raises DeliveryAlreadyHandled when the same delivery has already succeeded.
        """

    def finish(self, execution: Execution) -> None:
        """Record how a run ended. Raises ExecutionAlreadyFinished; a finished record never changes."""

    def get(self, execution_id: int) -> Execution | None:
        """Return one execution, or None where there is none with this id."""

    def newest(self, log_filter: LogFilter, limit: int) -> list[Execution]:
        """Return up to `limit` executions that the filter lets through, the latest started first.

        Reads as many records as it returns.
        """


class JobInvoker(Protocol):
    """Starts the function behind a job."""

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:
        """Hand `execution` to the function and return at once. Raises FunctionNotInvoked."""
