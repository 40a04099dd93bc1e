"""Who cleared the history stays known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.errors import InvalidLimit
from barycenter_jobs.core.executions import Request
from barycenter_jobs.operations.clear_history import ClearHistory
from barycenter_jobs.operations.list_clearings import ListClearings

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)


def test_clearings_come_the_latest_first_and_outlive_another_clearing() -> None:
    log = MemoryExecutionLog()
    for minute in range(3):
        clear = ClearHistory(log, log, lambda at=NOON + timedelta(minutes=minute): at)  # type: ignore[misc]
        clear(None, f"operator {minute}", "test data")

    found = ListClearings(log)(2)

    assert [each.request for each in found] == [
        Request(NOON + timedelta(minutes=2), "operator 2", "test data"),
        Request(NOON + timedelta(minutes=1), "operator 1", "test data"),
    ]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_outside_1_to_1000_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimit):
        ListClearings(MemoryExecutionLog())(limit)
