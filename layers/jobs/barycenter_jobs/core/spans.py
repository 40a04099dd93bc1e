"""Spans of time by the second, and how many rows expire in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Epoch seconds from `start` up to, and without, `end`. Without a start, all that come before."""

    end: int
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are; at least so many where not `exact`."""

    rows: int = 0
    exact: bool = True


NO_ROWS = Count()


def total(counts: Sequence[Count]) -> Count:
    """Return several counts as one, exact if all of them are."""
    return Count(sum(each.rows for each in counts), all(each.exact for each in counts))
