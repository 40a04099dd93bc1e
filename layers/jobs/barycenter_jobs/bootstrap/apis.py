"""What the functions of the ways in are made of."""

from __future__ import annotations

import os
import time
import uuid
from functools import cache
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
from barycenter_jobs.adapters.lambda_invoker import LambdaInvoker
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.bootstrap.log import execution_log, history, now
from barycenter_jobs.core.jobs import job_named
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
from barycenter_jobs.settings import apis as settings_of
from barycenter_jobs.settings.apis import ApiSettings
from barycenter_jobs.settings.log import LogSettings

if TYPE_CHECKING:
    from barycenter_jobs.core.sign_in import SignIn
    from barycenter_jobs.settings.reading import Environment


@cache
def operations() -> Operations:
    """Return what the ways in may do in this process. Raises InvalidSetting."""
    return made(os.environ)


@cache
def introspection() -> bool:
    """Return whether GraphQL over HTTP tells about its schema. Raises InvalidSetting."""
    return settings_of.introspection_allowed(os.environ)


@cache
def page_sign_in() -> SignIn | None:
    """Return where the page's users sign in, None where they do not. Raises InvalidSetting."""
    return settings_of.sign_in(os.environ)


@cache
def token_scope_prefix() -> str:
    """Return what tokens have before the names of our scopes. Raises InvalidSetting."""
    return settings_of.scope_prefix(os.environ)


def made(environment: Environment) -> Operations:
    """Return what ways in with this environment may do. Raises InvalidSetting."""
    settings = ApiSettings.of(environment)
    log_settings = LogSettings.of(environment)
    sdk = Sdk()
    dynamodb = DynamoDB(log_settings.dynamodb_endpoint, sdk)
    log, controls = execution_log(log_settings, dynamodb), DynamoDBJobControls(log_settings.table, dynamodb)
    records, read_log = history(log_settings, dynamodb), ReadLog(log, now)

    @cache
    def rows_of(job_name: str) -> TableRows:
        kind = job_named(job_name).kind
        return TableRows(dynamodb.reading, settings.tables[job_name], kind, settings.shards)

    return Operations(
        clock=now,
        list_quarantine=ListQuarantine(rows_of),
        list_jobs=ListJobs(settings.schedules),
        read_log=read_log,
        find_executions=FindExecutions(read_log),
        read_statistics=ReadStatistics(log, log_settings.max_records),
        clear_history=ClearHistory(log, records, now),
        list_clearings=ListClearings(records),
        read_backlog=ReadBacklog(rows_of, now, time.monotonic),
        read_health=ReadHealth(settings.schedules, log, controls, now),
        control_job=ControlJob(controls, now),
        cancel_run=CancelRun(log, now),
        trigger_job=TriggerJob(
            functions=settings.functions,
            log=log,
            invoker=LambdaInvoker(settings.lambda_endpoint, sdk),
            clock=now,
            new_id=lambda: str(uuid.uuid4()),
            controls=controls,
        ),
    )
