"""What cleanups and tools need to know about TTL's part."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.core.modes import Mode
from barycenter_jobs.settings.reading import count

if TYPE_CHECKING:
    from barycenter_jobs.settings.reading import Environment

# "Typically within two days of expiration" (UpdateTimeToLive in DynamoDB's API reference).
DEFAULT_PATIENCE = timedelta(days=2)
MOST_PATIENCE_SECONDS = 30 * 86_400


def cleanup_mode(environment: Environment, name: str) -> Mode:
    """Read a kind's mode, sweep or ttl-first; sweep where it is not set. Raises InvalidSetting."""
    mode = environment.get(name) or Mode.SWEEP.value
    if mode not in list(Mode):
        raise InvalidSetting(f"{name} must be {' or '.join(each.value for each in Mode)}, not {mode!r}")
    return Mode(mode)


def ttl_patience(environment: Environment) -> timedelta:
    """Read TTL_PATIENCE_SECONDS, how long TTL may take; two days if it is not set. Raises InvalidSetting."""
    seconds = int(DEFAULT_PATIENCE.total_seconds())
    return timedelta(seconds=count(environment, "TTL_PATIENCE_SECONDS", seconds, MOST_PATIENCE_SECONDS))
