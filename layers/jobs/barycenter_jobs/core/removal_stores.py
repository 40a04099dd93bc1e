"""What the accounts of TTL's removals, and those who hear of them, owe to the operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from barycenter_jobs.core.removals import Poison, Removal

if TYPE_CHECKING:
    from barycenter_jobs.core.removal_events import RemovedRow
    from barycenter_jobs.core.removal_totals import Progress, RemovalTotals, Taking

Told = Removal | Poison


class RemovalAccounts(Protocol):
    """The account of what TTL removed, by kind of row. Each record counts once, however often it is told."""

    def unaccounted(self, kind: str, told: Sequence[Told]) -> list[Told]:
        """Return those that have not been accounted for, each once, in their order. Raises StoreError."""

    def account(self, kind: str, told: Sequence[Told], now: datetime) -> list[Told]:
        """Account for those that have not been, and return them. Raises StoreError.

        Where it raises, some of them may be accounted for: asked again, it goes on with the rest.
        """

    def totals(self, kind: str) -> RemovalTotals:
        """Return what was ever accounted for. Raises StoreError."""

    def progress(self, kind: str) -> Progress | None:
        """Return how far the accounts have come, None where there are none. Raises StoreError."""

    def taking(self, kind: str) -> Taking:
        """Return what no run has taken into its record yet. Raises StoreError."""


class PoisonedRecords(Protocol):
    """Where records go that nobody can account for."""

    def keep(self, poisoned: Sequence[Poison], stream: str) -> None:
        """Keep what may be told of these records. Raises NotKept."""


class RemovalEvents(Protocol):
    """Where others hear of removed rows."""

    def tell(self, removed: Sequence[RemovedRow]) -> None:
        """Tell of each. Raises RemovalsNotTold where one or more may not have been told of."""
