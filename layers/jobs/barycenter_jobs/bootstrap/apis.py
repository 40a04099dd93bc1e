"""What the functions of the ways in are made of."""

from __future__ import annotations

import os
import time
import uuid
from functools import cache, cached_property
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.bootstrap.log import execution_log, history, now
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.settings import apis as settings_of
from barycenter_jobs.settings.apis import ApiSettings
from barycenter_jobs.settings.log import LogSettings

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
    from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory
    from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
    from barycenter_jobs.core.sign_in import SignIn
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
    return _OnFirstUse(_Shared(environment))


class _Shared:
    """What operations have in common."""

    def __init__(self, environment: Environment) -> None:
        self.settings, self.log_settings = ApiSettings.of(environment), LogSettings.of(environment)
        self.sdk = Sdk()
        self.dynamodb = DynamoDB(self.log_settings.dynamodb_endpoint, self.sdk)
        self.log = execution_log(self.log_settings, self.dynamodb)
        self.rows_of = cache(self._rows_of)

    @cached_property
    def controls(self) -> DynamoDBJobControls:
        from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls

        return DynamoDBJobControls(self.log_settings.table, self.dynamodb)

    @cached_property
    def history(self) -> DynamoDBHistory:
        return history(self.log_settings, self.dynamodb)

    def _rows_of(self, job_name: str) -> TableRows:
        from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
        from barycenter_jobs.core.jobs import job_named

        table, kind = self.settings.tables[job_name], job_named(job_name).kind
        return TableRows(self.dynamodb.reading, table, kind, self.settings.shards)


class _OnFirstUse(Operations):
    """Makes each operation when it is asked for: a request is for one or two of them."""

    _shared: _Shared

    def __init__(self, shared: _Shared) -> None:
        vars(self).update(_shared=shared, clock=now)  # the others are properties

    @cached_property
    def list_jobs(self) -> ListJobs:
        from barycenter_jobs.operations.list_jobs import ListJobs

        return ListJobs(self._shared.settings.schedules)

    @cached_property
    def read_log(self) -> ReadLog:
        from barycenter_jobs.operations.read_log import ReadLog

        return ReadLog(self._shared.log, now)

    @cached_property
    def find_executions(self) -> FindExecutions:
        from barycenter_jobs.operations.find_executions import FindExecutions

        return FindExecutions(self.read_log)

    @cached_property
    def read_statistics(self) -> ReadStatistics:
        from barycenter_jobs.operations.read_statistics import ReadStatistics

        return ReadStatistics(self._shared.log, self._shared.log_settings.max_records)

    @cached_property
    def read_health(self) -> ReadHealth:
        from barycenter_jobs.operations.read_health import ReadHealth

        shared = self._shared
        return ReadHealth(shared.settings.schedules, shared.log, shared.controls, now)

    @cached_property
    def read_backlog(self) -> ReadBacklog:
        from barycenter_jobs.operations.read_backlog import ReadBacklog

        return ReadBacklog(self._shared.rows_of, now, time.monotonic)

    @cached_property
    def list_quarantine(self) -> ListQuarantine:
        from barycenter_jobs.operations.list_quarantine import ListQuarantine

        return ListQuarantine(self._shared.rows_of)

    @cached_property
    def list_clearings(self) -> ListClearings:
        from barycenter_jobs.operations.list_clearings import ListClearings

        return ListClearings(self._shared.history)

    @cached_property
    def clear_history(self) -> ClearHistory:
        from barycenter_jobs.operations.clear_history import ClearHistory

        return ClearHistory(self._shared.log, self._shared.history, now)

    @cached_property
    def control_job(self) -> ControlJob:
        from barycenter_jobs.operations.control_job import ControlJob

        return ControlJob(self._shared.controls, now)

    @cached_property
    def cancel_run(self) -> CancelRun:
        from barycenter_jobs.operations.cancel_run import CancelRun

        return CancelRun(self._shared.log, now)

    @cached_property
    def trigger_job(self) -> TriggerJob:
        from barycenter_jobs.adapters.lambda_invoker import LambdaInvoker
        from barycenter_jobs.operations.trigger_job import TriggerJob

        shared = self._shared
        return TriggerJob(
            functions=shared.settings.functions,
            log=shared.log,
            invoker=LambdaInvoker(shared.settings.lambda_endpoint, shared.sdk),
            clock=now,
            new_id=lambda: str(uuid.uuid4()),
            controls=shared.controls,
        )
