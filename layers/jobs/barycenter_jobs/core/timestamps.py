"""Times as text: ISO 8601 in UTC, with a `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

_FIRST_SECOND = -62_135_596_800  # the year 1
_LAST_SECOND = 253_402_300_799  # the end of the year 9999


def iso(at: datetime) -> str:
    """Return an instant as the API shows it, `2026-02-14T12:00:00Z`, with a fraction where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sortable(at: datetime) -> str:
    """Return an instant in a form of one width, whose alphabetical order is the order in time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(epoch_seconds: Decimal | int) -> datetime:
    """Return the instant of an epoch second, or the nearest that a datetime can hold."""
    return datetime.fromtimestamp(int(min(max(epoch_seconds, _FIRST_SECOND), _LAST_SECOND)), UTC)


def parsed(text: str) -> datetime:
    """Return the instant that `iso` or `sortable` wrote."""
    return datetime.fromisoformat(text)
