"""Times as text: ISO 8601 in UTC, with a `Z`."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(at: datetime) -> str:
    """Return an instant as the API shows it, `2026-02-14T12:00:00Z`, with a fraction where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sortable(at: datetime) -> str:
    """Return an instant in a form of one width, whose alphabetical order is the order in time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parsed(text: str) -> datetime:
    """Return the instant that `iso` or `sortable` wrote."""
    return datetime.fromisoformat(text)
