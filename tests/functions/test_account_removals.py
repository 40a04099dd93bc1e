"""The function that accounts for what TTL removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.functions.conftest import Load, Stack
from tests.functions.loading import Json, sample
from tests.removals.stream import removed_by_ttl


def test_the_sample_batch_counts_the_two_rows_that_ttl_removed(function: Load, stack: Stack) -> None:
    account = function("account_removals")
    event = sample("dynamodb_stream_ttl_removals")

    assert account(event) == {"batchItemFailures": []}
    assert account(event) == {"batchItemFailures": []}

    totals = stack.removals.totals("sessions")
    assert (totals.rows, totals.undated, totals.unreadable) == (2, 0, 0)
    assert totals.lateness_percentile(50) == pytest.approx(3606, rel=0.01)


def test_nothing_of_a_row_is_logged(function: Load, stack: Stack, logged: Callable[[], list[Json]]) -> None:
    poison = removed_by_ttl("very-secret-2", 2)
    poison["dynamodb"]["Keys"] = {"other": {"S": "very-secret-2"}}

    function("account_removals")({"Records": [removed_by_ttl("very-secret-1", 1, subject="alice"), poison]})

    told = str(logged())
    assert stack.removals.totals("sessions").rows == 1
    assert "batch accounted for" in told
    assert "secret" not in told
    assert "alice" not in told


def test_what_is_no_batch_fails_loudly(function: Load, stack: Stack) -> None:
    with pytest.raises(Exception, match="list of Records"):
        function("account_removals")({"detail": {}})
    assert stack.removals.totals("sessions").rows == 0
