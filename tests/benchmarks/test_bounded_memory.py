"""A sweep's memory does not grow with the backlog."""

from __future__ import annotations

import pytest

from benchmarks.contenders import OURS
from benchmarks.memory import memory_for_backlogs

BOUND = 40_000_000


@pytest.mark.scale
def test_two_hundred_thousand_rows_take_at_most_forty_megabytes_more_than_five_thousand() -> None:
    small, large = memory_for_backlogs([OURS], [5_000, 200_000], lambda _step: None)

    assert (small.recount.deleted, large.recount.deleted) == (5_000, 200_000)
    assert small.exact
    assert large.exact
    assert large.measure.peak_bytes - small.measure.peak_bytes <= BOUND
