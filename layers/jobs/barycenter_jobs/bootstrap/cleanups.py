"""What the functions of the cleanups are made of."""

from __future__ import annotations

import os
import random
import time
from functools import cache, cached_property
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.bootstrap.log import between_writes, execution_log, now
from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.pacing import Backoff, TokenBucket
from barycenter_jobs.operations.cleanup import Cleanup
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.settings.cleanups import CleanupSettings, DeleterKind
from barycenter_jobs.settings.log import LogSettings, removals_bus

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
    from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.stores import Deleter
    from barycenter_jobs.operations.close_run import CloseRun
    from barycenter_jobs.operations.drain_part import DrainPart
    from barycenter_jobs.operations.reconcile import Reconcile, Segments
    from barycenter_jobs.operations.share_out import ShareOut
    from barycenter_jobs.operations.take_removals import TakeRemovals
    from barycenter_jobs.settings.reading import Environment


@cache
def cleanup(job: Job) -> Cleanup:
    """Return what the function of this job can do in this process. Raises InvalidSetting."""
    return made(job, os.environ)


def made(job: Job, environment: Environment) -> Cleanup:
    """Return what a function of this job with this environment can do. Raises InvalidSetting.

    Put together is what runs the job; the rest is on first use, since most processes only ever run it.
    """
    parts = _Parts(job, environment)
    return Cleanup(
        run_job=parts.run_job(),
        reconcile=cache(parts.reconcile),
        drain_part=cache(parts.drain_part),
        close_run=cache(parts.close_run),
    )


class _Parts:
    """What the operations of one job's function share."""

    def __init__(self, job: Job, environment: Environment) -> None:
        self.job = job
        self.log_settings, self.settings = LogSettings.of(environment), CleanupSettings.of(environment)
        self.bus = removals_bus(environment)
        self.sdk = Sdk()
        self.dynamodb = DynamoDB(self.log_settings.dynamodb_endpoint, self.sdk)
        self.log = execution_log(self.log_settings, self.dynamodb)
        self.controls = DynamoDBJobControls(self.log_settings.table, self.dynamodb)
        self.rows = TableRows(self.dynamodb.reading, self.settings.table, job.kind, self.settings.shards)
        self.deleter = self._deleter()
        self.backoff = Backoff(time.sleep, random.random)

    def run_job(self) -> RunJob:
        settings = self.settings
        return RunJob(
            job=self.job,
            rows=self.rows,
            deleter=self.deleter,
            log=self.log,
            clock=now,
            backoff=self.backoff,
            write_budget=self._write_budget(),
            max_records=settings.max_records,
            prices=settings.prices,
            rotation_grace=settings.rotation_grace,
            patience=settings.patience,
            share_out=self.share_out,
            controls=self.controls,
            removals=self.removals,
        )

    def reconcile(self) -> Reconcile:
        from barycenter_jobs.operations.reconcile import Reconcile

        return Reconcile(
            job=self.job,
            segments=self._segments(),
            log=self.log,
            clock=now,
            prices=self.settings.prices,
            rotation_grace=self.settings.rotation_grace,
            patience=self.settings.patience,
            share_out=self.share_out,
            controls=self.controls,
        )

    def drain_part(self) -> DrainPart:
        from barycenter_jobs.operations.drain_part import DrainPart

        return DrainPart(
            job=self.job,
            rows=self.rows,
            deleter=self.deleter,
            segments=self._segments(),
            log=self.log,
            legs=self.legs,
            clock=now,
            backoff=self.backoff,
            write_budget=self._write_budget(self.share_out.at_once if self.share_out else 1),
            rotation_grace=self.settings.rotation_grace,
            patience=self.settings.patience,
        )

    def close_run(self) -> CloseRun:
        from barycenter_jobs.operations.close_run import CloseRun

        return CloseRun(
            job=self.job,
            rows=self.rows,
            log=self.log,
            legs=self.legs,
            clock=now,
            prices=self.settings.prices,
            patience=self.settings.patience,
            removals=self.removals,
        )

    @cached_property
    def legs(self) -> DynamoDBLegs:
        from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs

        settings = self.log_settings
        return DynamoDBLegs(
            settings.table, self.dynamodb, retention=settings.retention, backoff=between_writes()
        )

    @cached_property
    def share_out(self) -> ShareOut | None:
        shared = self.settings.share_out
        if shared is None:
            return None
        from barycenter_jobs.adapters.step_functions import StepFunctions
        from barycenter_jobs.core.parts import parts
        from barycenter_jobs.operations.share_out import ShareOut

        machine = StepFunctions(shared.state_machine, shared.function, shared.endpoint, self.sdk)
        return ShareOut(machine, self.legs, shared.threshold, shared.at_once, parts(self.settings.shards))

    @cached_property
    def removals(self) -> TakeRemovals | None:
        if self.settings.mode is Mode.SWEEP:
            return None
        from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts
        from barycenter_jobs.adapters.iterator_age import IteratorAge
        from barycenter_jobs.operations.take_removals import TakeRemovals

        reader = self.settings.stream_reader
        age = None if reader is None else IteratorAge(reader, sdk=self.sdk)
        accounts = DynamoDBRemovalAccounts(self.dynamodb.reading, self.log_settings.table, between_writes())
        return TakeRemovals(self.job.kind.name, accounts, self.settings.patience, now, age)

    def _deleter(self) -> Deleter:
        deleter_of: type[PartiqlDeleter | ConditionalDeleter] = PartiqlDeleter
        if self.settings.deleter is DeleterKind.DELETE_ITEM:
            from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter

            deleter_of = ConditionalDeleter
        table, key, bus = self.settings.table, self.job.kind.key, self.bus
        deleter: Deleter = deleter_of(self.dynamodb.deleting, table, key, tells_subject=bus is not None)
        if bus is None:
            return deleter
        from barycenter_jobs.adapters.removal_bus import RemovalBus
        from barycenter_jobs.operations.tell_of_deletes import TellOfDeletes

        return TellOfDeletes(deleter, RemovalBus(bus.name, bus.endpoint, self.sdk), self.job.kind, now)

    def _segments(self) -> Segments:
        from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper
        from barycenter_jobs.operations.reconcile import Segments

        settings, key = self.settings, self.job.kind.key
        return Segments(
            rows=self.rows,
            deleter=self.deleter,
            stamper=ShardStamper(self.dynamodb.reading, settings.table, key, settings.shards),
            backoff=self.backoff,
            read_units_per_second=settings.reconcile_read_units_per_second,
            read_budget=_bucket(settings.reconcile_read_units_per_second),
            write_budget=self._write_budget(),
            max_records=settings.max_records,
        )

    def _write_budget(self, hands: int = 1) -> TokenBucket | None:
        """Return a budget of its own for each operation: no process works on two at the same time."""
        pace = self.settings.max_write_units_per_second
        return None if pace is None else _bucket(pace / hands)


def _bucket(units_per_second: float) -> TokenBucket:
    return TokenBucket(units_per_second, time.monotonic, time.sleep)
