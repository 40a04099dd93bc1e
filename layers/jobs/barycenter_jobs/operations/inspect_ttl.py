"""See whether TTL does its part for a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.ttl_findings import ConsumerFacts, TableFacts, TtlFinding, findings


class TtlFacts(Protocol):
    """Where facts about a table, its TTL and the reading of its stream come from."""

    def table(self, now: datetime) -> TableFacts:
        """Return what DynamoDB tells of the table. Raises StoreError."""

    def consumer(self, now: datetime) -> ConsumerFacts:
        """Return what is known of the reading of its stream. Raises StoreError."""


@dataclass(frozen=True)
class InspectTtl:
    """Looks at one kind's table."""

    facts: TtlFacts
    mode: Mode
    patience: timedelta
    clock: Callable[[], datetime]

    def __call__(self) -> list[TtlFinding]:
        """Return what keeps TTL from its part; nothing for a kind that is swept. Raises StoreError."""
        if self.mode is Mode.SWEEP:
            return []
        now = self.clock()
        return findings(self.facts.table(now), self.facts.consumer(now), self.mode, self.patience, now)
