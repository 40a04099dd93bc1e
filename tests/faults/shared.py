"""A run that has been shared out, and the invocations of its state machine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper
from barycenter_jobs.adapters.memory import MemoryStateMachine
from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.legs import Drained
from barycenter_jobs.core.pacing import TokenBucket
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.rows import Candidate, Deletion, Outcome
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.operations.close_run import CloseRun
from barycenter_jobs.operations.drain_part import DrainPart
from barycenter_jobs.operations.reconcile import Segments
from barycenter_jobs.operations.share_out import ShareOut
from tests.engine import client
from tests.faults.scene import BACKOFF, Scene, now, scheduled

LONG = timedelta(minutes=5)


@dataclass
class Counting:
    """Deletes, and says how often it was asked and how many rows went."""

    deleter: Deleter
    requests: int = 0
    deleted: int = 0
    _lock: Lock = field(default_factory=Lock)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete what may still go. See `Deleter`."""
        with self._lock:
            self.requests += 1
        deletion = self.deleter.delete(batch, cutoffs)
        with self._lock:
            self.deleted += sum(answer.outcome is Outcome.DELETED for answer in deletion.answers)
        return deletion


@dataclass
class SharedRun:
    """What is left of a run, as the state machine has it."""

    scene: Scene
    first: Counting
    machine: MemoryStateMachine
    deleted_here: int = 0

    def drain(self, part: Part, invocation: str) -> Drained:
        """Invoke the function for one part, in this process."""
        rows, deleter = self._rows(), Counting(self.scene.stage.deleter)
        drain_part = DrainPart(
            job=SESSIONS,
            rows=rows,
            deleter=deleter,
            segments=Segments(
                rows=rows,
                deleter=deleter,
                stamper=ShardStamper(client(self.scene.engine), self.scene.sessions, SESSIONS.kind.key, 16),
                backoff=BACKOFF,
                read_units_per_second=100,
                read_budget=TokenBucket(100, time.monotonic, time.sleep),
                max_records=None,
            ),
            log=self.scene.log,
            legs=self.scene.legs,
            clock=now,
            backoff=BACKOFF,
        )
        drained = drain_part(1, part, invocation, lambda: LONG)
        self.deleted_here += deleter.deleted
        return drained

    def drain_all(self, but: Part | None = None) -> None:
        """Invoke the function for each part that was handed over, but for one."""
        for part in self.machine.started[1][0]:
            if part != but:
                self.drain(part, f"invocation for {part}")

    def close(self, failed: Mapping[Part, str]) -> Execution:
        """Invoke the function for the last step."""
        close_run = CloseRun(SESSIONS, self._rows(), self.scene.log, self.scene.legs, now)
        return close_run(1, failed, lambda: LONG)

    def _rows(self) -> TableRows:
        return TableRows(DynamoDB(self.scene.engine).reading, self.scene.sessions, SESSIONS.kind)


def hand_over(scene: Scene, batches: int) -> SharedRun:
    """Run the job for about so many batches, and hand over what is left."""
    deleter, machine = Counting(scene.stage.deleter), MemoryStateMachine()
    run_job = replace(
        scene.run_job(deleter),
        share_out=ShareOut(machine, scene.legs, threshold=0, at_once=8, shards=parts(16)),
    )
    execution = run_job(
        scheduled("event-1"), None, lambda: LONG if deleter.requests < batches else timedelta(seconds=12)
    )
    assert execution.status is Status.RUNNING
    assert 0 < scene.gone == deleter.deleted
    return SharedRun(scene, deleter, machine)
