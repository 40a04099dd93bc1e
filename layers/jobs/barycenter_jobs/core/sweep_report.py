"""The account of a sweep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from barycenter_jobs.core.counts import Counts

if TYPE_CHECKING:
    from barycenter_jobs.core.errors import StoreError


@dataclass
class SweepReport:
    """What a sweep did. `refusals` counts failed rows by the store's error code.

    `unindexed` rows may go and were not in the expiry index. `stopped_early` says that time ran out first,
    `limit_reached` that there was more to delete than a run may. `broken_by` is the error that ended the
    sweep, None for one that ended by itself; the counts hold in every case.
    """

    counts: Counts = field(default_factory=Counts)
    unindexed: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    refusals: Counter[str] = field(default_factory=Counter)
    stopped_early: bool = False
    limit_reached: bool = False
    broken_by: StoreError | None = None

    @property
    def may_have_deleted(self) -> int:
        """How many rows this sweep deleted at the most."""
        return self.counts.deleted + self.counts.uncertain

    def add(self, other: SweepReport) -> None:
        """Take another account into this one."""
        self.counts += other.counts
        self.unindexed += other.unindexed
        self.read_units += other.read_units
        self.write_units += other.write_units
        self.refusals += other.refusals
        self.stopped_early |= other.stopped_early
        self.limit_reached |= other.limit_reached
        self.broken_by = self.broken_by or other.broken_by
