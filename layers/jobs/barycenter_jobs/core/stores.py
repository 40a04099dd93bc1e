"""What storage, deleters, the invoker and the execution log owe to the operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from barycenter_jobs.core.log_reading import LogFilter, Order, Position

if TYPE_CHECKING:
    from barycenter_jobs.core.clearings import Clearing
    from barycenter_jobs.core.controls import Control
    from barycenter_jobs.core.executions import Backlog, Execution, Request, Start
    from barycenter_jobs.core.expiry import Cutoffs
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.legs import Leg
    from barycenter_jobs.core.metrics import Measurement
    from barycenter_jobs.core.parts import Part
    from barycenter_jobs.core.pauses import Pause
    from barycenter_jobs.core.removal_totals import Taking
    from barycenter_jobs.core.rows import Candidate, Deletion, Page, Quarantined, Stamping
    from barycenter_jobs.core.spans import Count, Span
    from barycenter_jobs.core.statistics import JobStatistics


class ExpiredRows(Protocol):
    """One table's rows that look as if they may go."""

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


class ShardedRows(Protocol):
    """The same rows, a part at a time."""

    def shard(self, cutoffs: Cutoffs, shard: Part) -> Iterator[Page]:
        """Yield the candidates of one shard of the index, the longest expired first. Raises StoreError."""


class RowsOutsideIndex(Protocol):
    """One table's rows that its expiry index does not hold."""

    def segments(self, bytes_each: int) -> Sequence[Part]:
        """Return the segments of about so many bytes that make up the table. Raises StoreError."""

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]:
        """Yield what one segment holds that the index does not: candidates and unstamped rows.

        Raises StoreError.
        """


class Quarantine(Protocol):
    """One table's rows that stay because their expiry cannot be read."""

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield them in no order. Raises StoreError."""


class ExpiryIndex(Protocol):
    """One table's expiry index, to be counted. What it holds of a row never leaves it, but for its expiry."""

    def count(
        self, spans: Sequence[Span], most: int, time_is_left: Callable[[], bool]
    ) -> Sequence[Count] | None:
        """Return how many rows expire in each span, counted in the order of the spans.

        Stops soon after `most` rows, or when `time_is_left` turns false: what is not counted to its end by
        then is not exact. None for a table without the index. Raises StoreError.
        """

    def earliest(self, before: int) -> datetime | None:
        """Return the earliest expiry before an epoch second, None where there is none. Raises StoreError."""


class Stamper(Protocol):
    """Gives rows of one table their `expiry_shard`."""

    def stamp(self, keys: Sequence[str]) -> Stamping:
        """Set the shard of each row that is still there and has an expiry. Never makes a row anew.

        May be repeated: a second stamp is the first one. Never raises StoreError: the answer carries it
        beside what was stamped before.
        """


class Deleter(Protocol):
    """Deletes rows of one table, each only if it is still expired at that moment. Thread-safe."""

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Try each candidate once and return the answers in the order of the batch.

        A batch holds 1 to 25 candidates with distinct keys. Raises AnswerLost when rows may have been
        deleted without our knowing; any other StoreError means that none was.
        """


class ExecutionLog(Protocol):
    """The record of every run. Every change of state is a conditional write.

    Whoever it was made with for that is told of each execution once its record is final, and of no other.
    """

    def start(self, start: Start, now: datetime) -> Execution:
        """Record that a run begins and return it, `running`, with the next id and its attempt number.

        It holds the job, as far as this method of it goes, for LEASE. Where another run does, the record is
        one of a run that was `skipped`, and names the other; a dead one is closed as a timeout and is not in
        the way. Raises DeliveryAlreadyHandled when the delivery is being handled, or was and did not fail.
        """

    def adopt(self, execution_id: int, start: Start, now: datetime) -> Execution | None:
        """Take on a run that was recorded for a worker yet to come, and return it.

        None where none waits for this start's worker: it is finished, dead, of another job, or another worker
        has taken it on.
        """

    def skip(self, start: Start, now: datetime, why: str) -> Execution:
        """Record that a run does not take place and return it, `skipped`. Raises DeliveryAlreadyHandled."""

    def renew(self, execution: Execution, lease_until: datetime) -> Execution:
        """Hold the job for longer, record the execution's counts and usage, and return what the record says.

        Raises ExecutionAlreadyFinished for a run that somebody closed: whoever works on it has to stop.
        """

    def finish(self, execution: Execution, taking: Taking | None = None) -> None:
        """Record how a run ended. Raises ExecutionAlreadyFinished; a finished record never changes.

        In the same write it is remembered what the run took of the account of TTL's removals. Raises
        AlreadyTaken where another has taken some since: then nothing is written.
        """

    def supplement(self, execution: Execution) -> Execution:
        """Add a record of its own for a finished execution whose own record is closed, and return it."""

    def cancel(self, execution_id: int, request: Request) -> Execution:
        """Ask a running execution to stop and return it.

        Raises UnknownExecution, and ExecutionAlreadyFinished. Who asks first is who cancelled it.
        """

    def close(self, execution: Execution) -> bool:
        """Record the end of a dead run as it was seen; return False if it has lived on or ended otherwise."""

    def running(self) -> list[Execution]:
        """Return what is recorded as running, dead or alive."""

    def get(self, execution_id: int) -> Execution | None:
        """Return one execution, or None where there is none with this id."""

    def read(
        self,
        log_filter: LogFilter,
        limit: int,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
    ) -> list[Execution]:
        """Return up to `limit` executions that the filter lets through, in the order of their starts.

        Only those that come after the position `after`, where it is given. Reads as many records as it
        returns. One that has just changed may be shown as it was, or be missing for the state that it is in.
        """

    def statistics(self, job_name: str) -> JobStatistics:
        """Return the figures of the job's finished executions whose records are there.

        They change in the very write that makes a record final or removes it. Reading them costs the same
        whatever the number of records.
        """

    def lifetime(self, job_name: str) -> JobStatistics:
        """Return the figures of all executions of the job that ever finished."""


class History(Protocol):
    """The finished records of a log, to be removed. The log's ids go on counting up all the same."""

    def remove(self, executions: Sequence[Execution], clearing: Clearing | None = None) -> int:
        """Remove the records of up to REMOVED_AT_ONCE executions, and return how many of them it removed.

        In one write their figures leave the statistics, though not those of the lifetime, and their number is
        added to the record of the clearing. Records of running executions stay.
        """

    def begin_clearing(self, request: Request, job_name: str | None) -> Clearing:
        """Record that somebody is about to clear the history, and return the record."""

    def clearings(self, limit: int) -> list[Clearing]:
        """Return what was recorded of the latest clearings, the latest first."""


class JobControls(Protocol):
    """What is known about each job beside its runs. Every change of it is a conditional write."""

    def of(self, job: Job) -> Control:
        """Return what is known about a job; an empty Control where nothing is."""

    def of_each(self, jobs: Sequence[Job]) -> list[Control]:
        """Return the same of several jobs at once, in their order."""

    def pause(self, job: Job, pause: Pause) -> Pause:
        """Keep a job from running by itself and return the pause that stands.

        Who pauses first is who paused it: another's pause stays as it is.
        """

    def resume(self, job: Job, now: datetime) -> Pause | None:
        """Let a job run by itself again and return the pause that has ended, None where there was none."""

    def watch(self, job: Job, expression: str, now: datetime) -> Control:
        """Remember when a job's schedule was first seen, anew if it has changed, and return what is known."""

    def note_start(self, job: Job, at: datetime) -> None:
        """Remember that the job's schedule started a run, unless a later one is known."""


class JobMetrics(Protocol):
    """Where the numbers of jobs are shown."""

    def show(self, job: Job, measurements: Sequence[Measurement]) -> None:
        """Show the measurements of one job."""


class RunEvents(Protocol):
    """Where others hear of runs."""

    def tell(self, execution: Execution) -> None:
        """Tell of an execution that has come to an end, skipped ones too. Raises RunNotTold.

        The same execution may be told of twice: whoever hears of it knows it by its id.
        """


class Legs(Protocol):
    """What each invocation did for a run that is shared out, kept until the run's record is closed."""

    def begin_leg(self, execution: Execution, leg: Leg) -> None:
        """Record that an invocation begins to work for the run. May be repeated."""

    def end_leg(self, execution: Execution, leg: Leg) -> None:
        """Record what the invocation did. May be repeated.

        Raises ExecutionAlreadyFinished for a run whose record is closed: what the leg did is not in it.
        """

    def legs(self, execution: Execution) -> list[Leg]:
        """Return every leg of the run, those that never ended too."""


class StateMachine(Protocol):
    """Has a run's parts worked on by as many invocations of its function."""

    def start(self, execution: Execution, parts: Sequence[Part], at_once: int) -> None:
        """Hand the parts over, to be worked on so many at once. Once it was started for a run, it stays so.

        Raises StateMachineNotStarted.
        """


class JobInvoker(Protocol):
    """Starts the function behind a job."""

    def invoke(self, function: str, execution: Execution, now: datetime) -> None:
        """Hand `execution` to the function and return at once. Raises FunctionNotInvoked."""
