"""What passes between a table's reader, the sweep and a deleter: candidates and answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that an index or a scan calls expired. Its key is a secret and never printed.

    `expires_at` is None for a row that expires by age.
    """

    key: str = field(repr=False)
    expires_at: Decimal | int | None

    @property
    def name(self) -> str:
        """What this row may be called in a log: a truncated hash, of no use as a credential."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Page:
    """What one reading of a table brought.

    `unreadable` rows have a value that is no epoch second, in the place of their expiry; they stay.
    `unindexed` candidates are those of this page that the expiry index does not hold.
    """

    candidates: Sequence[Candidate] = ()
    unreadable: int = 0
    unindexed: int = 0
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
    """The outcome for one candidate; `code` says why a refusal was one, in the store's terms."""

    outcome: Outcome
    code: str = ""


class Deletion(NamedTuple):
    """The answers to one batch, in its order, and the write capacity units it consumed."""

    answers: Sequence[Answer]
    write_units: float = 0.0
