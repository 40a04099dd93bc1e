"""What TTL did for a run, as its record tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TtlPart:
    """What DynamoDB's TTL removed and no earlier run had taken into its record.

    Lateness is the time from a row's expiry to its removal, in whole seconds: within 1 %, the greatest never
    less than it was and at most 2 % more; None where no row tells. `write_units_saved` is what a sweep would
    have consumed. `undated` rows do not tell their lateness; `unreadable` removals are not among the rows.
    After `patience_seconds` the sweep removes what TTL has not. `behind_seconds` is by how much the reading
    of the stream was behind: what is missing here will be in a later record.
    """

    rows: int = 0
    size_bytes: int = 0
    lateness_p50_seconds: int | None = None
    lateness_p95_seconds: int | None = None
    lateness_max_seconds: int | None = None
    write_units_saved: int = 0
    undated: int = 0
    unreadable: int = 0
    patience_seconds: int = 0
    behind_seconds: int = 0

    def named(self) -> dict[str, int | None]:
        """Return it under the names that the API gives."""
        return {
            "rows": self.rows,
            "sizeBytes": self.size_bytes,
            "latenessP50Seconds": self.lateness_p50_seconds,
            "latenessP95Seconds": self.lateness_p95_seconds,
            "latenessMaxSeconds": self.lateness_max_seconds,
            "writeUnitsSaved": self.write_units_saved,
            "undated": self.undated,
            "unreadable": self.unreadable,
            "patienceSeconds": self.patience_seconds,
            "behindSeconds": self.behind_seconds,
        }
