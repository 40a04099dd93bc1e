"""What the watchdog's function is made of."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
from barycenter_jobs.bootstrap.log import execution_log, history, now
from barycenter_jobs.core.retention import Retention
from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
from barycenter_jobs.operations.prune_history import PruneHistory
from barycenter_jobs.operations.read_health import ReadHealth
from barycenter_jobs.operations.watch import Watch
from barycenter_jobs.settings.log import LogSettings
from barycenter_jobs.settings.watchdog import WatchdogSettings

if TYPE_CHECKING:
    from barycenter_jobs.settings.reading import Environment


@cache
def watch() -> Watch:
    """Return what the watchdog does in this process. Raises InvalidSetting."""
    return made(os.environ)


def made(environment: Environment) -> Watch:
    """Return what a watchdog with this environment does. Raises InvalidSetting."""
    log_settings, settings = LogSettings.of(environment), WatchdogSettings.of(environment)
    dynamodb = DynamoDB(log_settings.dynamodb_endpoint)
    log, controls = execution_log(log_settings, dynamodb), DynamoDBJobControls(log_settings.table, dynamodb)
    return Watch(
        close_dead_runs=CloseDeadRuns(log, now),
        read_health=ReadHealth(settings.schedules, log, controls, now),
        controls=controls,
        metrics=EmbeddedMetrics(settings.stack),
        schedules=settings.schedules,
        clock=now,
        prune_history=PruneHistory(
            log=log,
            history=history(log_settings, dynamodb),
            clock=now,
            retention=Retention(log_settings.retention, log_settings.failure_retention),
            max_records=log_settings.max_records,
        ),
    )
