"""What a table and its index take in a second, as DynamoDB documents it: docs/scale.md names the pages.

A delete of a row of up to 1 KB takes a unit of the table and one of the index, which has a throughput of its
own. A table's keys are spread evenly over its partitions, so only its sum counts; all entries of a shard are
together in one partition of the index.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PARTITION_UNITS = 1_000.0  # a second
NEW_TABLE_UNITS = 4_000.0  # a second, on demand
TABLE_QUOTA = 40_000.0  # a second, until AWS raises it
GROWTH_SECONDS = 1_800.0  # on demand takes twice its peak that much later

# DynamoDB does not say how finely it measures a second. Twenty windows a second let a burst of three requests
# through, and hold in every second.
WINDOW_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """Write units a second. Shards are dealt out evenly to the index's partitions."""

    table: float = NEW_TABLE_UNITS
    partition: float = PARTITION_UNITS
    partitions: int = int(NEW_TABLE_UNITS / PARTITION_UNITS)

    @classmethod
    def of_table_for(cls, units: float) -> Limits:
        """Return the limits of an on-demand table that takes so many units a second, and its index too."""
        return cls(table=units, partitions=math.ceil(units / PARTITION_UNITS))

    def of_one_partition(self) -> Limits:
        """Return the limits of those rows whose entries are together in one partition of the index."""
        return Limits(self.partition, self.partition, 1)

    def grown(self, peak: float) -> Limits:
        """Return the limits after a time with that peak."""
        doubled = min(2 * peak, TABLE_QUOTA)
        return Limits.of_table_for(doubled) if doubled > self.table else self


class Ration:
    """Units for each window of time. What a window leaves over is lost: burst capacity is not promised."""

    def __init__(self, per_second: float) -> None:
        self._units = per_second * WINDOW_SECONDS
        self._window = -1
        self._left = 0.0

    def holds(self, window: int) -> bool:
        """Return whether there is a unit left in that window."""
        if window != self._window:
            self._window, self._left = window, self._units
        return self._left >= 1

    def take(self) -> None:
        """Take the unit that the ration holds."""
        self._left -= 1


class Table:
    """Takes deletes as its limits allow, and counts what it refused on whose account."""

    def __init__(self, limits: Limits) -> None:
        self._table = Ration(limits.table)
        self._partitions = [Ration(limits.partition) for _ in range(limits.partitions)]
        self.refused_by_table = 0
        self.refused_by_index = 0

    def delete(self, shards: Sequence[int], at: float) -> list[int]:
        """Delete rows, which are named by their shards, and return those that were refused.

        An index that has no unit left refuses for its table.
        """
        window = int(at / WINDOW_SECONDS)
        refused = []
        for shard in shards:
            partition = self._partitions[shard % len(self._partitions)]
            if not partition.holds(window):
                self.refused_by_index += 1
                refused.append(shard)
            elif not self._table.holds(window):
                self.refused_by_table += 1
                refused.append(shard)
            else:
                partition.take()
                self._table.take()
        return refused
