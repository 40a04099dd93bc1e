"""One invocation of a cleanup in a process of its own, which stops where a test says and keeps a journal.

Each line of its output is a fact: where it stopped, what it asked the table to delete and what was deleted,
what it has told the log, and how it ended. A line of input lets it begin, and another one go on.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock

from barycenter_jobs.core import executions
from tests.faults.orders import Orders, Point

ORDERS = Orders.of(sys.argv[1])
# Before anything takes them over by name.
executions.LEASE = executions.SHARED_LEASE = timedelta(seconds=ORDERS.lease_seconds)
executions.HEARTBEAT = timedelta(seconds=ORDERS.heartbeat_seconds)

from barycenter_jobs.adapters.dynamodb.client import DynamoDB  # noqa: E402
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog  # noqa: E402
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows  # noqa: E402
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter  # noqa: E402
from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs  # noqa: E402
from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper  # noqa: E402
from barycenter_jobs.core.errors import JobFailed, StoreError  # noqa: E402
from barycenter_jobs.core.executions import Execution, Start, Trigger, TriggerKind  # noqa: E402
from barycenter_jobs.core.expiry import Cutoffs  # noqa: E402
from barycenter_jobs.core.jobs import SESSIONS  # noqa: E402
from barycenter_jobs.core.legs import Drained, Leg  # noqa: E402
from barycenter_jobs.core.pacing import Backoff, TokenBucket  # noqa: E402
from barycenter_jobs.core.parts import Part  # noqa: E402
from barycenter_jobs.core.removal_totals import Taking  # noqa: E402
from barycenter_jobs.core.rows import Candidate, Deletion, Outcome  # noqa: E402
from barycenter_jobs.core.stores import Deleter  # noqa: E402
from barycenter_jobs.operations.drain_part import DrainPart  # noqa: E402
from barycenter_jobs.operations.reconcile import Segments  # noqa: E402
from barycenter_jobs.operations.run_job import RunJob  # noqa: E402

RETENTION = timedelta(days=90)
BACKOFF = Backoff(time.sleep, random.random, attempts=40, base_seconds=0.01, cap_seconds=0.5)
_writing = Lock()


def note(**facts: object) -> None:
    """Write facts into the journal."""
    with _writing:
        print(json.dumps(facts), flush=True)  # noqa: T201 - the journal is what this program is for


@dataclass
class Stop:
    """Stops the threads that reach the point until there is a line of input, once."""

    reached: bool = False
    lock: Lock = field(default_factory=Lock)

    def at(self, point: Point) -> None:
        """Stop here, if here is where to stop."""
        if point is not ORDERS.stop_at:
            return
        with self.lock:
            if not self.reached:
                self.reached = True
                note(at=point)
                wait_for_a_word()


def wait_for_a_word() -> None:
    """Return when there is a line of input; end where the test that started this has ended."""
    if not sys.stdin.readline():
        os._exit(1)


stop = Stop()


class StoppingLog(DynamoDBExecutionLog):
    """The log, with a stop before and after what it does."""

    def start(self, start: Start, now: datetime) -> Execution:
        stop.at(Point.BEFORE_THE_CLAIM)
        execution = super().start(start, now)
        stop.at(Point.AFTER_THE_CLAIM)
        return execution

    def renew(self, execution: Execution, lease_until: datetime) -> Execution:
        recorded = super().renew(execution, lease_until)
        note(told=execution.counts.deleted, cancel=recorded.cancel is not None)
        return recorded

    def finish(self, execution: Execution, taking: Taking | None = None) -> None:
        stop.at(Point.BEFORE_THE_RECORD)
        super().finish(execution, taking)


class StoppingLegs(DynamoDBLegs):
    """The accounts of a run's parts, with a stop before each."""

    def end_leg(self, execution: Execution, leg: Leg) -> None:
        stop.at(Point.BEFORE_THE_ACCOUNT)
        super().end_leg(execution, leg)


@dataclass
class SlowDeleter:
    """Deletes slowly, with stops on the way."""

    deleter: Deleter
    numbers: count[int] = field(default_factory=count)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete what may still go. See `Deleter`."""
        late = next(self.numbers) >= ORDERS.batches_before
        note(asked=len(batch))
        time.sleep(ORDERS.seconds_a_batch)
        if late:
            stop.at(Point.MID_SWEEP)
        deletion = self.deleter.delete(batch, cutoffs)
        note(deleted=sum(answer.outcome is Outcome.DELETED for answer in deletion.answers))
        if late:
            stop.at(Point.MID_BATCH)
        return deletion


def now() -> datetime:
    return datetime.now(UTC)


def remaining() -> timedelta:
    return timedelta(minutes=5)


def work() -> Execution | Drained:
    """Do as ordered."""
    log = StoppingLog(ORDERS.executions, DynamoDB(ORDERS.log), retention=RETENTION, backoff=BACKOFF)
    rows = TableRows(DynamoDB(ORDERS.engine).reading, ORDERS.sessions, SESSIONS.kind)
    deleter = SlowDeleter(
        PartiqlDeleter(DynamoDB(ORDERS.engine).deleting, ORDERS.sessions, SESSIONS.kind.key)
    )
    if ORDERS.part is None or ORDERS.execution_id is None:
        run_job = RunJob(job=SESSIONS, rows=rows, deleter=deleter, log=log, clock=now, backoff=BACKOFF)
        return run_job(
            Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), ORDERS.event), ORDERS.execution_id, remaining
        )
    drain_part = DrainPart(
        job=SESSIONS,
        rows=rows,
        deleter=deleter,
        segments=Segments(
            rows=rows,
            deleter=deleter,
            stamper=ShardStamper(DynamoDB(ORDERS.engine).reading, ORDERS.sessions, SESSIONS.kind.key, 16),
            backoff=BACKOFF,
            read_units_per_second=100,
            read_budget=TokenBucket(100, time.monotonic, time.sleep),
            max_records=None,
        ),
        log=log,
        legs=StoppingLegs(ORDERS.executions, DynamoDB(ORDERS.log), retention=RETENTION, backoff=BACKOFF),
        clock=now,
        backoff=BACKOFF,
    )
    return drain_part(ORDERS.execution_id, Part.parse(ORDERS.part), ORDERS.event, remaining)


def main() -> None:
    """Wait for the word to begin, do as ordered and say how it ended."""
    note(ready=True)
    wait_for_a_word()
    try:
        outcome = work()
    except (JobFailed, StoreError) as failure:
        note(failed=str(failure))
    else:
        done = outcome if isinstance(outcome, Execution) else None
        note(execution=None if done is None else done.id, status=None if done is None else done.status)


if __name__ == "__main__":
    main()
