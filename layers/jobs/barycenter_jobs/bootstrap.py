"""The composition root: reads the environment once and puts the parts together."""

from __future__ import annotations

import os
import random
import time
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.client import deleting_client, reading_client
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs
from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper
from barycenter_jobs.adapters.step_functions import StepFunctions
from barycenter_jobs.core.jobs import Job, job_named
from barycenter_jobs.core.pacing import Backoff, TokenBucket
from barycenter_jobs.core.parts import parts
from barycenter_jobs.core.retention import Retention
from barycenter_jobs.core.sign_in import SignIn
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.core.ttl_findings import Mode
from barycenter_jobs.operations.cleanup import Cleanup
from barycenter_jobs.operations.close_run import CloseRun
from barycenter_jobs.operations.drain_part import DrainPart
from barycenter_jobs.operations.reconcile import Reconcile, Segments
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.operations.share_out import ShareOut
from barycenter_jobs.settings import (
    ApiSettings,
    CleanupSettings,
    DeleterKind,
    Environment,
    LogSettings,
    RemovalSettings,
    WatchdogSettings,
    introspection_allowed,
    removals_bus,
    sign_in,
)

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory
    from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts
    from barycenter_jobs.operations.account_removals import AccountRemovals
    from barycenter_jobs.operations.api import Operations
    from barycenter_jobs.operations.prune_history import PruneHistory
    from barycenter_jobs.operations.take_removals import TakeRemovals
    from barycenter_jobs.operations.tell_of_runs import TellOfRuns
    from barycenter_jobs.operations.watch import Watch

# Only what a cleanup needs is imported at the head: it would pay at every cold start for what it never does.
# What the other functions need in addition, their own modules have imported by then, or it is little.


@cache
def cleanup(job: Job) -> Cleanup:
    """Return what the function of this job can do in this process. Raises InvalidSetting."""
    return _cleanup(job, os.environ)


@cache
def operations() -> Operations:
    """Return what the ways in may do in this process. Raises InvalidSetting."""
    return _operations(os.environ)


@cache
def introspection() -> bool:
    """Return whether GraphQL over HTTP tells about its schema. Raises InvalidSetting."""
    return introspection_allowed(os.environ)


@cache
def page_sign_in() -> SignIn | None:
    """Return where the page's users sign in, None where they do not. Raises InvalidSetting."""
    return sign_in(os.environ)


@cache
def account_removals() -> AccountRemovals:
    """Return what accounts for TTL's removals in this process. Raises InvalidSetting."""
    return _account_removals(os.environ)


@cache
def watchdog() -> Watch:
    """Return what the watchdog does in this process. Raises InvalidSetting."""
    return _watchdog(os.environ)


def _cleanup(job: Job, environment: Environment) -> Cleanup:
    log_settings, settings = LogSettings.of(environment), CleanupSettings.of(environment)
    endpoint = log_settings.dynamodb_endpoint
    reading, deleting = reading_client(endpoint), deleting_client(endpoint)
    deleter_of = PartiqlDeleter if settings.deleter is DeleterKind.PARTIQL else ConditionalDeleter
    rows = TableRows(reading, settings.table, job.kind, settings.shards)
    bus = removals_bus(environment)
    deleter: Deleter = deleter_of(deleting, settings.table, job.kind.key, tells_subject=bus is not None)
    if bus is not None:
        from barycenter_jobs.adapters.removal_bus import RemovalBus
        from barycenter_jobs.operations.tell_of_deletes import TellOfDeletes

        deleter = TellOfDeletes(deleter, RemovalBus(bus.name, bus.endpoint), job.kind, _now)
    log, controls = _log(log_settings), _controls(log_settings)
    legs = DynamoDBLegs(
        log_settings.table, retention=log_settings.retention, backoff=_between_writes(), endpoint_url=endpoint
    )
    backoff = Backoff(time.sleep, random.random)
    removals = _take_removals(job, settings, log_settings)
    share_out = _share_out(settings, legs)
    pace = settings.max_write_units_per_second
    segments = Segments(
        rows=rows,
        deleter=deleter,
        stamper=ShardStamper(reading, settings.table, job.kind.key, settings.shards),
        backoff=backoff,
        read_units_per_second=settings.reconcile_read_units_per_second,
        read_budget=_bucket(settings.reconcile_read_units_per_second),
        write_budget=None if pace is None else _bucket(pace),
        max_records=settings.max_records,
    )
    return Cleanup(
        run_job=RunJob(
            job=job,
            rows=rows,
            deleter=deleter,
            log=log,
            clock=_now,
            backoff=backoff,
            write_budget=None if pace is None else _bucket(pace),
            max_records=settings.max_records,
            prices=settings.prices,
            rotation_grace=settings.rotation_grace,
            patience=settings.patience,
            share_out=share_out,
            controls=controls,
            removals=removals,
        ),
        reconcile=Reconcile(
            job=job,
            segments=segments,
            log=log,
            clock=_now,
            prices=settings.prices,
            rotation_grace=settings.rotation_grace,
            patience=settings.patience,
            share_out=share_out,
            controls=controls,
        ),
        drain_part=DrainPart(
            job=job,
            rows=rows,
            deleter=deleter,
            segments=segments,
            log=log,
            legs=legs,
            clock=_now,
            backoff=backoff,
            write_budget=None if pace is None else _bucket(pace / (share_out.at_once if share_out else 1)),
            rotation_grace=settings.rotation_grace,
            patience=settings.patience,
        ),
        close_run=CloseRun(
            job=job,
            rows=rows,
            log=log,
            legs=legs,
            clock=_now,
            prices=settings.prices,
            patience=settings.patience,
            removals=removals,
        ),
    )


def _watchdog(environment: Environment) -> Watch:
    from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
    from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
    from barycenter_jobs.operations.read_health import ReadHealth
    from barycenter_jobs.operations.watch import Watch

    log_settings, settings = LogSettings.of(environment), WatchdogSettings.of(environment)
    log, controls = _log(log_settings), _controls(log_settings)
    return Watch(
        close_dead_runs=CloseDeadRuns(log, _now),
        read_health=ReadHealth(settings.schedules, log, controls, _now),
        controls=controls,
        metrics=EmbeddedMetrics(settings.stack),
        schedules=settings.schedules,
        clock=_now,
        prune_history=_prune_history(log_settings, log),
    )


def _account_removals(environment: Environment) -> AccountRemovals:
    from barycenter_jobs.adapters.poison_queue import PoisonQueue
    from barycenter_jobs.adapters.removal_bus import RemovalBus
    from barycenter_jobs.operations.account_removals import AccountRemovals

    log_settings, settings = LogSettings.of(environment), RemovalSettings.of(environment)
    bus = settings.event_bus
    return AccountRemovals(
        jobs=settings.tables,
        accounts=_removal_accounts(log_settings),
        poisoned=PoisonQueue(settings.queue_url, settings.queue_endpoint),
        clock=_now,
        events=None if bus is None else RemovalBus(bus.name, bus.endpoint),
    )


def _take_removals(job: Job, settings: CleanupSettings, log_settings: LogSettings) -> TakeRemovals | None:
    if settings.mode is Mode.SWEEP:
        return None
    from barycenter_jobs.adapters.iterator_age import IteratorAge
    from barycenter_jobs.operations.take_removals import TakeRemovals

    age = None if settings.stream_reader is None else IteratorAge(settings.stream_reader)
    accounts = _removal_accounts(log_settings)
    return TakeRemovals(job.kind.name, accounts, settings.patience, _now, age)


def _removal_accounts(settings: LogSettings) -> DynamoDBRemovalAccounts:
    from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts

    return DynamoDBRemovalAccounts(
        reading_client(settings.dynamodb_endpoint), settings.table, _between_writes()
    )


def _share_out(settings: CleanupSettings, legs: DynamoDBLegs) -> ShareOut | None:
    shared = settings.share_out
    if shared is None:
        return None
    machine = StepFunctions(shared.state_machine, shared.function, shared.endpoint)
    return ShareOut(machine, legs, shared.threshold, shared.at_once, parts(settings.shards))


def _bucket(units_per_second: float) -> TokenBucket:
    return TokenBucket(units_per_second, time.monotonic, time.sleep)


def _operations(environment: Environment) -> Operations:
    from barycenter_jobs.adapters.lambda_invoker import LambdaInvoker
    from barycenter_jobs.operations.api import Operations
    from barycenter_jobs.operations.cancel_run import CancelRun
    from barycenter_jobs.operations.clear_history import ClearHistory
    from barycenter_jobs.operations.control_job import ControlJob
    from barycenter_jobs.operations.find_executions import FindExecutions
    from barycenter_jobs.operations.list_clearings import ListClearings
    from barycenter_jobs.operations.list_jobs import ListJobs
    from barycenter_jobs.operations.list_quarantine import ListQuarantine
    from barycenter_jobs.operations.read_backlog import ReadBacklog
    from barycenter_jobs.operations.read_health import ReadHealth
    from barycenter_jobs.operations.read_log import ReadLog
    from barycenter_jobs.operations.read_statistics import ReadStatistics
    from barycenter_jobs.operations.trigger_job import TriggerJob

    settings = ApiSettings.of(environment)
    log_settings = LogSettings.of(environment)
    log, controls, history = _log(log_settings), _controls(log_settings), _history(log_settings)

    @cache
    def rows_of(job_name: str) -> TableRows:
        # Made on first use: hardly a request is about rows, and a client costs every cold start.
        client = reading_client(log_settings.dynamodb_endpoint)
        return TableRows(client, settings.tables[job_name], job_named(job_name).kind, settings.shards)

    return Operations(
        list_quarantine=ListQuarantine(rows_of),
        list_jobs=ListJobs(settings.schedules),
        read_log=ReadLog(log, _now),
        find_executions=FindExecutions(ReadLog(log, _now)),
        read_statistics=ReadStatistics(log, log_settings.max_records),
        clear_history=ClearHistory(log, history, _now),
        list_clearings=ListClearings(history),
        read_backlog=ReadBacklog(rows_of, _now, time.monotonic),
        read_health=ReadHealth(settings.schedules, log, controls, _now),
        control_job=ControlJob(controls, _now),
        cancel_run=CancelRun(log, _now),
        trigger_job=TriggerJob(
            functions=settings.functions,
            log=log,
            invoker=LambdaInvoker(settings.lambda_endpoint),
            clock=_now,
            new_id=lambda: str(uuid.uuid4()),
            controls=controls,
        ),
    )


def _log(settings: LogSettings) -> DynamoDBExecutionLog:
    return DynamoDBExecutionLog(
        settings.table,
        retention=settings.retention,
        failure_retention=settings.failure_retention,
        backoff=_between_writes(),
        endpoint_url=settings.dynamodb_endpoint,
        told=_told(settings),
    )


def _told(settings: LogSettings) -> TellOfRuns | None:
    bus = settings.event_bus
    if bus is None:
        return None
    from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
    from barycenter_jobs.adapters.event_bus import EventBus
    from barycenter_jobs.operations.tell_of_runs import TellOfRuns

    events = EventBus(bus.name, settings.table, bus.public_url, bus.endpoint)
    return TellOfRuns(events, EmbeddedMetrics(bus.stack))


def _history(settings: LogSettings) -> DynamoDBHistory:
    from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory

    return DynamoDBHistory(settings.table, backoff=_between_writes(), endpoint_url=settings.dynamodb_endpoint)


def _between_writes() -> Backoff:
    # Writes to the log that meet each other are over in milliseconds.
    return Backoff(time.sleep, random.random, attempts=40, base_seconds=0.01, cap_seconds=0.5)


def _prune_history(settings: LogSettings, log: DynamoDBExecutionLog) -> PruneHistory:
    from barycenter_jobs.operations.prune_history import PruneHistory

    return PruneHistory(
        log=log,
        history=_history(settings),
        clock=_now,
        retention=Retention(settings.retention, settings.failure_retention),
        max_records=settings.max_records,
    )


def _controls(settings: LogSettings) -> DynamoDBJobControls:
    return DynamoDBJobControls(settings.table, endpoint_url=settings.dynamodb_endpoint)


def _now() -> datetime:
    return datetime.now(UTC)
