"""What the function is made of that accounts for the rows that TTL removes."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts
from barycenter_jobs.adapters.poison_queue import PoisonQueue
from barycenter_jobs.adapters.removal_bus import RemovalBus
from barycenter_jobs.adapters.sdk import Sdk
from barycenter_jobs.bootstrap.log import between_writes, now
from barycenter_jobs.operations.account_removals import AccountRemovals
from barycenter_jobs.settings.log import LogSettings
from barycenter_jobs.settings.removals import RemovalSettings

if TYPE_CHECKING:
    from barycenter_jobs.settings.reading import Environment


@cache
def account_removals() -> AccountRemovals:
    """Return what accounts for TTL's removals in this process. Raises InvalidSetting."""
    return made(os.environ)


def made(environment: Environment) -> AccountRemovals:
    """Return what accounts for removals with this environment. Raises InvalidSetting."""
    log_settings, settings = LogSettings.of(environment), RemovalSettings.of(environment)
    sdk, bus = Sdk(), settings.event_bus
    dynamodb = DynamoDB(log_settings.dynamodb_endpoint, sdk)
    return AccountRemovals(
        jobs=settings.tables,
        accounts=DynamoDBRemovalAccounts(dynamodb.reading, log_settings.table, between_writes()),
        poisoned=PoisonQueue(settings.queue_url, settings.queue_endpoint, sdk),
        clock=now,
        events=None if bus is None else RemovalBus(bus.name, bus.endpoint, sdk),
    )
