"""The attributes of a provider's rows, and their values as the rules of expiry want them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from barycenter_jobs.core.expiry import Unreadable

EXPIRES_AT = "expires_at"
CREATED_AT = "created_at"
ROTATED_AT = "rotated_at"
SHARD = "expiry_shard"
SUBJECT = "subject"

AttributeValue = Mapping[str, Any]


def subject_of(row: Mapping[str, AttributeValue]) -> str | None:
    """Return whose a row is, None where it does not tell."""
    text = row.get(SUBJECT, {}).get("S")
    return text if isinstance(text, str) and text else None


def epoch_seconds(value: AttributeValue | None) -> Decimal | int | Unreadable | None:
    """Return a Number attribute as a number, None for an absent one, Unreadable for any other type."""
    if value is None:
        return None
    text = value.get("N")
    if text is None:
        return Unreadable()
    return int(text) if text.isdecimal() else Decimal(text)
