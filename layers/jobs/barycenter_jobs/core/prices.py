"""What capacity units cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million on-demand request units.

    The defaults are those of us-east-1 on the page "Pricing for on-demand capacity", as of November 2026.
    """

    million_write_units: float = 0.625
    million_read_units: float = 0.125

    def cost(self, read_units: float, write_units: float) -> float:
        """Return what so many units cost, in US dollars."""
        return (read_units * self.million_read_units + write_units * self.million_write_units) / 1_000_000


DOCUMENTED_PRICES = Prices()
