"""Capacity units and what they cost, as a person reads them."""

from __future__ import annotations

from barycenter_jobs.core.prices import DOCUMENTED_PRICES


def dollars(read_units: float, write_units: float = 0.0) -> str:
    """Return what so many on-demand units cost in us-east-1."""
    return f"${DOCUMENTED_PRICES.cost(read_units, write_units):,.4f}"


def number(count: float) -> str:
    """Return a count with its thousands apart, and a fraction only where there is one."""
    return f"{count:,.1f}".removesuffix(".0")


def counted(count: int, noun: str) -> str:
    """Return a count and what was counted: 1 row, 2 rows."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
