"""When a row has expired, and which shard of the expiry index it belongs to.

The row decides: its own `expires_at` in epoch seconds, never a global lifetime. What cannot be read
as epoch seconds is never taken for expired.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

DEFAULT_SHARDS = 16
MOST_SHARDS = 1024  # each is a query of every run

# 100,000,000,000 seconds are the year 5138; as milliseconds they are March 1973. No writer means the
# first, so a value from here on is milliseconds (or finer) that somebody forgot to divide.
FIRST_IMPLAUSIBLE_SECOND = 100_000_000_000


class Expiry(Enum):
    """What a row's own attributes say about it at the cut-off."""

    EXPIRED = "expired"
    EXPIRED_BY_AGE = "expired by age"
    ROTATED = "rotated"
    LIVE = "live"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An attribute that is present and no number."""


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The instants before which a row may go, in epoch seconds.

    `expires_before` is compared with `expires_at`; `created_before` with `created_at`, only where a
    row has no `expires_at`; `rotated_before` with `rotated_at`. Where one is None, it never applies.
    """

    expires_before: int
    created_before: int | None = None
    rotated_before: int | None = None

    @classmethod
    def at(
        cls,
        now: datetime,
        age_limit: timedelta | None = None,
        rotation_grace: timedelta | None = None,
        patience: timedelta = timedelta(),
    ) -> Cutoffs:
        """Return the cut-offs for a run that starts at `now`.

        Whole seconds, rounded down: a row whose second has come but not gone is still live. What expired less
        than `patience` ago is left to TTL, which knows nothing of age or rotation.
        """
        second = int(now.timestamp())
        own = second - int(patience.total_seconds())
        return cls(own, _earlier(second, age_limit), _earlier(second, rotation_grace))

    def judge(
        self,
        expires_at: Decimal | int | Unreadable | None,
        created_at: Decimal | int | Unreadable | None = None,
        rotated_at: Decimal | int | Unreadable | None = None,
    ) -> Expiry:
        """Return what a row with these attributes is; None stands for an absent attribute.

        Rotation counts only for a row whose own expiry can be read and has not come.
        """
        if expires_at is None:
            return _verdict(created_at, self.created_before, Expiry.EXPIRED_BY_AGE)
        own = _verdict(expires_at, self.expires_before, Expiry.EXPIRED)
        return _verdict(rotated_at, self.rotated_before, Expiry.ROTATED) if own is Expiry.LIVE else own

    def bound(self, reason: Expiry) -> int:
        """Return the second before which a row's own time must lie for `reason` to hold.

        Raises ValueError for what is no reason, or one that does not apply here.
        """
        bounds = {
            Expiry.EXPIRED: self.expires_before,
            Expiry.EXPIRED_BY_AGE: self.created_before,
            Expiry.ROTATED: self.rotated_before,
        }
        bound = bounds.get(reason)
        if bound is None:
            raise ValueError(f"No row goes for being {reason.value}")
        return bound


def _earlier(second: int, by: timedelta | None) -> int | None:
    return None if by is None else second - int(by.total_seconds())


def _verdict(value: Decimal | int | Unreadable | None, before: int | None, reason: Expiry) -> Expiry:
    if before is None or value is None:
        return Expiry.LIVE
    if isinstance(value, Unreadable) or value >= FIRST_IMPLAUSIBLE_SECOND:
        return Expiry.UNREADABLE
    return reason if value < before else Expiry.LIVE


def expiry_shard(key: str, shards: int = DEFAULT_SHARDS) -> int:
    """Return the partition of the expiry index for a row: CRC-32 (IEEE) of the UTF-8 key, modulo `shards`.

    Every writer of a table must use the same number of shards as the stack's `ExpiryShards`.
    """
    return zlib.crc32(key.encode()) % shards
