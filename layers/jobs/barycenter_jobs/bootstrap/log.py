"""The execution log, which every function has to do with."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.core.pacing import Backoff

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.client import DynamoDB
    from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory
    from barycenter_jobs.operations.tell_of_runs import TellOfRuns
    from barycenter_jobs.settings.log import LogSettings


def execution_log(settings: LogSettings, dynamodb: DynamoDB) -> DynamoDBExecutionLog:
    """Return the log that the settings name."""
    return DynamoDBExecutionLog(
        settings.table,
        dynamodb,
        retention=settings.retention,
        failure_retention=settings.failure_retention,
        backoff=between_writes(),
        told=_told(settings, dynamodb),
    )


def history(settings: LogSettings, dynamodb: DynamoDB) -> DynamoDBHistory:
    """Return what removes records of the log."""
    from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory

    return DynamoDBHistory(settings.table, dynamodb, backoff=between_writes())


def between_writes() -> Backoff:
    """Return how writes to the log that meet each other are spaced: they are over in milliseconds."""
    return Backoff(time.sleep, random.random, attempts=40, base_seconds=0.01, cap_seconds=0.5)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def _told(settings: LogSettings, dynamodb: DynamoDB) -> TellOfRuns | None:
    bus = settings.event_bus
    if bus is None:
        return None
    from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
    from barycenter_jobs.adapters.event_bus import EventBus
    from barycenter_jobs.operations.tell_of_runs import TellOfRuns

    events = EventBus(bus.name, settings.table, bus.public_url, bus.endpoint, dynamodb.sdk)
    return TellOfRuns(events, EmbeddedMetrics(bus.stack))
