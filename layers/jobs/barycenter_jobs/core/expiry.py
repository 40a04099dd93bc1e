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

# 100,000,000,000 seconds are the year 5138; as milliseconds they are March 1973. No writer means the
# first, so a value from here on is milliseconds (or finer) that somebody forgot to divide.
FIRST_IMPLAUSIBLE_SECOND = 100_000_000_000


class Expiry(Enum):
    """What a row's own attributes say about it at the cut-off."""

    EXPIRED = "expired"
    EXPIRED_BY_AGE = "expired by age"
    LIVE = "live"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An attribute that is present and no number."""


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The instants before which a row has expired, in epoch seconds.

    `expires_before` is compared with `expires_at`; `created_before` with `created_at`, only where a
    row has no `expires_at`, and never where it is None.
    """

    expires_before: int
    created_before: int | None = None

    @classmethod
    def at(cls, now: datetime, age_limit: timedelta | None = None) -> Cutoffs:
        """Return the cut-offs for a run that starts at `now`.

        Whole seconds, rounded down: a row whose second has come but not gone is still live.
        """
        second = int(now.timestamp())
        created_before = None if age_limit is None else second - int(age_limit.total_seconds())
        return cls(second, created_before)

    def judge(
        self,
        expires_at: Decimal | int | Unreadable | None,
        created_at: Decimal | int | Unreadable | None = None,
    ) -> Expiry:
        """Return what a row with these attributes is; None stands for an absent attribute."""
        if isinstance(expires_at, Unreadable):
            return Expiry.UNREADABLE
        if expires_at is not None:
            if expires_at >= FIRST_IMPLAUSIBLE_SECOND:
                return Expiry.UNREADABLE
            return Expiry.EXPIRED if expires_at < self.expires_before else Expiry.LIVE
        if self.created_before is None or created_at is None:
            return Expiry.LIVE
        if isinstance(created_at, Unreadable) or created_at >= FIRST_IMPLAUSIBLE_SECOND:
            return Expiry.UNREADABLE
        return Expiry.EXPIRED_BY_AGE if created_at < self.created_before else Expiry.LIVE


def expiry_shard(key: str, shards: int = DEFAULT_SHARDS) -> int:
    """Return the partition of the expiry index for a row: CRC-32 (IEEE) of the UTF-8 key, modulo `shards`.

    Every writer of a table must use the same number of shards as the stack's `ExpiryShards`.
    """
    return zlib.crc32(key.encode()) % shards
