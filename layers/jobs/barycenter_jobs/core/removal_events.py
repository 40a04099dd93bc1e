"""What is told of a removed row: version 1 of the event, which docs/ttl.md describes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from barycenter_jobs.core.timestamps import iso

SOURCE = "barycenter-jobs"
DETAIL_TYPE = "Row Removed"
VERSION = "1"


class Remover(StrEnum):
    """Who removed a row."""

    TTL = "ttl"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class RemovedRow:
    """A row that is gone. `row_hash` is the SHA-256 of its key, in hexadecimal digits.

    The whole hash: who keeps the keys, or their hashes, finds the row's among them, and two rows never
    share one. Who has the hash alone has nothing: keys of sessions and tokens are random and long.
    """

    kind: str
    row_hash: str
    removed_by: Remover
    expires_at: int | None = None
    removed_at: datetime | None = None
    subject: str | None = None


def row_hash(key: str) -> str:
    """Return the hash under which events tell of a row."""
    return hashlib.sha256(key.encode()).hexdigest()


def detail_of(row: RemovedRow) -> dict[str, object]:
    """Return the event's detail."""
    expired = None if row.expires_at is None else iso(datetime.fromtimestamp(row.expires_at, UTC))
    return {
        "version": VERSION,
        "kind": row.kind,
        "subject": row.subject,
        "rowHash": row.row_hash,
        "expiredAt": expired,
        "removedAt": None if row.removed_at is None else iso(row.removed_at),
        "removedBy": row.removed_by.value,
    }
