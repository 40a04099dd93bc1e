"""What passes between a table's reader, the sweep and a deleter: candidates and answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from barycenter_jobs.core.expiry import Expiry

if TYPE_CHECKING:
    from barycenter_jobs.core.errors import StoreError


def row_name(key: str) -> str:
    """Return what a row may be called in a log: a truncated hash, of no use as a credential."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that an index or a scan calls expired. Its key is a secret and never printed.

    `expires_at` is None where the row has none, or where another `reason` was found first.
    """

    key: str = field(repr=False)
    expires_at: Decimal | int | None = None
    reason: Expiry = Expiry.EXPIRED

    @property
    def name(self) -> str:
        """What this row may be called in a log."""
        return row_name(self.key)


@dataclass(frozen=True, slots=True)
class Page:
    """What one reading of a table brought.

    `unreadable` rows have a value that is no epoch second, in the place of their expiry; they stay.
    `unindexed` candidates are those of this page that the expiry index does not hold. `unstamped` are the
    keys of live rows that it will never hold, because they have an expiry and no shard. `examined` rows were
    read to find all that; it is 0 where nobody counts.
    """

    candidates: Sequence[Candidate] = ()
    unreadable: int = 0
    unindexed: int = 0
    unstamped: Sequence[str] = field(default=(), repr=False)
    examined: int = 0
    read_units: float = 0.0


class Outcome(Enum):
    """What a guarded delete did to one row."""

    DELETED = "deleted"
    BECAME_LIVE = "became live"
    ALREADY_GONE = "already gone"
    THROTTLED = "throttled, nothing done"
    UNKNOWN = "answer lost, may be deleted"
    REFUSED = "refused"


class Answer(NamedTuple):
    """The outcome for one candidate; `code` says why a refusal was one, in the store's terms.

    `subject` is whose the deleted row was, where a deleter tells that.
    """

    outcome: Outcome
    code: str = ""
    subject: str | None = None


class Deletion(NamedTuple):
    """The answers to one batch, in its order, and the write capacity units it consumed."""

    answers: Sequence[Answer]
    write_units: float = 0.0


class Stamping(NamedTuple):
    """How many rows got their shard, the write capacity units that it took, and the error that ended it."""

    stamped: int
    write_units: float = 0.0
    broken_by: StoreError | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that stays because the `value` of an `attribute` is no epoch second. `name` is a hash."""

    name: str
    attribute: str
    value: str
