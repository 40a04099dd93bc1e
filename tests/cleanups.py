"""All that a cleanup function can do, on stores of a test's choice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryStateMachine, MemoryTable
from barycenter_jobs.core.jobs import Job
from barycenter_jobs.core.pacing import Backoff, TokenBucket
from barycenter_jobs.core.parts import parts
from barycenter_jobs.core.stores import Deleter, JobControls, Legs
from barycenter_jobs.operations.cleanup import Cleanup
from barycenter_jobs.operations.close_run import CloseRun
from barycenter_jobs.operations.drain_part import DrainPart
from barycenter_jobs.operations.reconcile import Reconcile, Segments
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.operations.share_out import ShareOut

BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)


def cleanup_in_memory(
    job: Job,
    table: MemoryTable,
    log: MemoryExecutionLog,
    clock: Callable[[], datetime],
    *,
    machine: MemoryStateMachine | None = None,
    threshold: int | None = 0,
    deleter: Deleter | None = None,
    legs: Legs | None = None,
    max_records: int | None = None,
    controls: JobControls | None = None,
) -> Cleanup:
    """Return the operations of one job, which share backlogs out where there is a `machine`."""
    deleter, legs = deleter or table, legs or log
    share_out = None if machine is None else ShareOut(machine, legs, threshold, 8, parts(16))
    segments = Segments(
        rows=table,
        deleter=deleter,
        stamper=table,
        backoff=BACKOFF,
        read_units_per_second=100,
        read_budget=TokenBucket(100, monotonic=lambda: 0.0, sleep=lambda _seconds: None),
        max_records=max_records,
    )
    run_job = RunJob(
        job=job,
        rows=table,
        deleter=deleter,
        log=log,
        clock=clock,
        backoff=BACKOFF,
        max_records=max_records,
        share_out=share_out,
        controls=controls,
    )
    reconcile = Reconcile(
        job=job, segments=segments, log=log, clock=clock, share_out=share_out, controls=controls
    )
    drain_part = DrainPart(
        job=job,
        rows=table,
        deleter=deleter,
        segments=segments,
        log=log,
        legs=legs,
        clock=clock,
        backoff=BACKOFF,
    )
    close_run = CloseRun(job=job, rows=table, log=log, legs=legs, clock=clock)
    return Cleanup(run_job, lambda: reconcile, lambda: drain_part, lambda: close_run)
