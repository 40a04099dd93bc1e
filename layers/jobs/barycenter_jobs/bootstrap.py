"""The composition root: reads the environment once and puts the parts together."""

from __future__ import annotations

import os
import random
import time
import uuid
from datetime import UTC, datetime
from functools import cache

from barycenter_jobs.adapters.dynamodb.client import sweeping_client
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.lambda_invoker import LambdaInvoker
from barycenter_jobs.core.jobs import Job
from barycenter_jobs.core.pacing import Backoff, TokenBucket
from barycenter_jobs.graphql.resolvers import Operations
from barycenter_jobs.operations.list_jobs import ListJobs
from barycenter_jobs.operations.read_log import ReadLog
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.operations.trigger_job import TriggerJob
from barycenter_jobs.settings import ApiSettings, CleanupSettings, DeleterKind, Environment, LogSettings


@cache
def cleanup(job: Job) -> RunJob:
    """Return what runs this job in this process. Raises InvalidSetting."""
    return _cleanup(job, os.environ)


@cache
def operations() -> Operations:
    """Return what the ways in may do in this process. Raises InvalidSetting."""
    return _operations(os.environ)


def _cleanup(job: Job, environment: Environment) -> RunJob:
    log_settings, settings = LogSettings.of(environment), CleanupSettings.of(environment)
    client = sweeping_client(log_settings.dynamodb_endpoint)
    pace = settings.max_write_units_per_second
    deleter = PartiqlDeleter if settings.deleter is DeleterKind.PARTIQL else ConditionalDeleter
    return RunJob(
        job=job,
        rows=TableRows(client, settings.table, job.kind, settings.shards),
        deleter=deleter(client, settings.table, job.kind.key),
        log=_log(log_settings),
        clock=_now,
        backoff=Backoff(time.sleep, random.random),
        write_budget=None if pace is None else TokenBucket(pace, time.monotonic, time.sleep),
        max_records=settings.max_records,
    )


def _operations(environment: Environment) -> Operations:
    settings = ApiSettings.of(environment)
    log = _log(LogSettings.of(environment))
    return Operations(
        list_jobs=ListJobs(settings.schedules),
        read_log=ReadLog(log),
        trigger_job=TriggerJob(
            functions=settings.functions,
            log=log,
            invoker=LambdaInvoker(settings.lambda_endpoint),
            clock=_now,
            new_id=lambda: str(uuid.uuid4()),
        ),
    )


def _log(settings: LogSettings) -> DynamoDBExecutionLog:
    return DynamoDBExecutionLog(
        settings.table,
        retention=settings.retention,
        backoff=Backoff(time.sleep, random.random, attempts=40, base_seconds=0.01, cap_seconds=0.5),
        endpoint_url=settings.dynamodb_endpoint,
    )


def _now() -> datetime:
    return datetime.now(UTC)
