"""Times as text: ISO 8601 in UTC, with a `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from barycenter_jobs.core.errors import InvalidInput

_ISO_8601 = r"[0-9W-]+([Tt ][0-9:.,]+([Zz]|[+-][0-9:]+)?)?"
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


def instant_given(text: str, name: str) -> datetime:
    """Return the instant that a caller means by a text in ISO 8601, in UTC.

    A date is its midnight, and a time without a zone is UTC. Raises InvalidInput, which calls it `name`.
    """
    try:
        # What Python reads more freely is none of ISO 8601, such as any character between date and time.
        at = datetime.fromisoformat(text.upper() if re.fullmatch(_ISO_8601, text) else "")
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second for a zone that leads out of the years 1 to 9999
        raise InvalidInput(
            f"{name} must be a time in ISO 8601, such as 2026-02-14T12:00:00Z, not {text[:40]!r}"
        ) from None
