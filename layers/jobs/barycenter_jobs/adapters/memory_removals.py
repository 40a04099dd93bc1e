"""The account of what TTL removed, and those who hear of it, for as long as the process lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from barycenter_jobs.core.removal_totals import Progress, RemovalTotals, Taking, totals_of
from barycenter_jobs.core.removals import Poison, Removal

if TYPE_CHECKING:
    from barycenter_jobs.core.removal_events import RemovedRow
    from barycenter_jobs.core.removal_stores import Told


class MemoryRemovalAccounts:
    """Keeps the accounts in dictionaries."""

    def __init__(self) -> None:
        self._seen: dict[str, set[tuple[int, bytes]]] = {}
        self._totals: dict[str, RemovalTotals] = {}
        self._progress: dict[str, Progress] = {}
        self._taken: dict[str, tuple[int, RemovalTotals]] = {}
        self._lock = Lock()

    def unaccounted(self, kind: str, told: Sequence[Told]) -> list[Told]:
        """Return what has not been accounted for. See `RemovalAccounts`."""
        with self._lock:
            return self._fresh(kind, told)

    def account(self, kind: str, told: Sequence[Told], now: datetime) -> list[Told]:
        """Account for what has not been accounted for. See `RemovalAccounts`."""
        with self._lock:
            fresh = self._fresh(kind, told)
            if fresh:
                self._seen.setdefault(kind, set()).update((each.slice, each.identity) for each in fresh)
                self._totals[kind] = self._totals.get(kind, RemovalTotals()) + totals_of(fresh)
                self._progress[kind] = Progress(_newest(fresh, now), now)
            return fresh

    def totals(self, kind: str) -> RemovalTotals:
        """Return what was ever accounted for. See `RemovalAccounts`."""
        with self._lock:
            return self._totals.get(kind, RemovalTotals())

    def progress(self, kind: str) -> Progress | None:
        """Return how far the accounts have come. See `RemovalAccounts`."""
        with self._lock:
            return self._progress.get(kind)

    def taking(self, kind: str) -> Taking:
        """Return what no run has taken yet. See `RemovalAccounts`."""
        with self._lock:
            version, taken = self._taken.get(kind, (0, RemovalTotals()))
            totals = self._totals.get(kind, RemovalTotals())
            return Taking(kind, version, totals, totals - taken, self._progress.get(kind))

    def take(self, taking: Taking) -> bool:
        """Remember what a run took; False where another has taken since."""
        with self._lock:
            version, _ = self._taken.get(taking.kind, (0, RemovalTotals()))
            if version != taking.version:
                return False
            self._taken[taking.kind] = (version + 1, taking.totals)
            return True

    def _fresh(self, kind: str, told: Sequence[Told]) -> list[Told]:
        once = {(each.slice, each.identity): each for each in reversed(told)}
        seen = self._seen.get(kind, set())
        return [
            each
            for each in told
            if once[each.slice, each.identity] is each and (each.slice, each.identity) not in seen
        ]


def _newest(told: Sequence[Told], now: datetime) -> datetime:
    made = [each.removed_at for each in told if isinstance(each, Removal) and each.removed_at is not None]
    return max(made, default=now).astimezone(UTC)


class MemoryPoisonedRecords:
    """Remembers the records that nobody could account for."""

    def __init__(self) -> None:
        self.kept: list[tuple[Poison, str]] = []

    def keep(self, poisoned: Sequence[Poison], stream: str) -> None:
        """Remember the records. See `PoisonedRecords`."""
        self.kept += [(each, stream) for each in poisoned]


class MemoryRemovalEvents:
    """Remembers of which rows it was to tell."""

    def __init__(self) -> None:
        self.told: list[RemovedRow] = []

    def tell(self, removed: Sequence[RemovedRow]) -> None:
        """Remember the rows. See `RemovalEvents`."""
        self.told += removed
