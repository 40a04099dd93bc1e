"""The account that a run gives of the rows it met."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass
class Counts:
    """An account of a sweep: every candidate is in exactly one of the first five.

    `uncertain` are rows about which an answer was lost, and whose later answer does not tell whether
    this sweep had already deleted them. `quarantined` rows were seen, never tried and stay. `stamped` rows
    live, and got the `expiry_shard` that their writer had left out.
    """

    deleted: int = 0
    became_live: int = 0
    already_gone: int = 0
    failed: int = 0
    uncertain: int = 0
    quarantined: int = 0
    stamped: int = 0

    @property
    def decided(self) -> int:
        """How many candidates this is an account of."""
        return self.deleted + self.became_live + self.already_gone + self.failed + self.uncertain

    def named(self) -> dict[str, int]:
        """Return the counts under the names that the API gives them."""
        return {
            "deleted": self.deleted,
            "becameLive": self.became_live,
            "alreadyGone": self.already_gone,
            "failed": self.failed,
            "uncertain": self.uncertain,
            "quarantined": self.quarantined,
            "stamped": self.stamped,
        }

    def __sub__(self, other: Counts) -> Counts:
        return self + Counts(*(-count for count in astuple(other)))

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.deleted + other.deleted,
            self.became_live + other.became_live,
            self.already_gone + other.already_gone,
            self.failed + other.failed,
            self.uncertain + other.uncertain,
            self.quarantined + other.quarantined,
            self.stamped + other.stamped,
        )
