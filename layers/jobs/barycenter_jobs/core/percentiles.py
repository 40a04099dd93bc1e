"""Which of many values is a percentile of theirs."""

from __future__ import annotations


def rank_of(percent: int, number: int) -> int:
    """Return the rank, from 0 on and in ascending order, of the first value that reaches a percentile.

    It is the smallest that so many `percent` of a `number` of values do not exceed: the nearest rank. -1
    where there are no values.
    """
    return -(-percent * number // 100) - 1
