"""The rows that a stack starts with."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from barycenter_jobs.core.expiry import expiry_shard
from console.local_stack.demo_data import demo_rows

NOW = 1_771_070_400
KEYS = ["session_id", "token", "challenge", "device_code"]


def states(key: str) -> Counter[str]:
    return Counter(row[key].split("-", 2)[2].rpartition("-")[0] for row in demo_rows(key, NOW, 16))


@pytest.mark.parametrize("key", KEYS)
def test_the_same_rows_are_made_every_time(key: str) -> None:
    assert list(demo_rows(key, NOW, 16)) == list(demo_rows(key, NOW, 16))


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_unique_and_say_that_they_are_made_up(key: str) -> None:
    keys = [row[key] for row in demo_rows(key, NOW, 16)]

    assert len(keys) == len(set(keys)) > 100
    assert all(value.startswith("demo-") for value in keys)


@pytest.mark.parametrize("key", KEYS)
def test_expired_expiring_and_live_rows_are_what_they_say(key: str) -> None:
    rows = list(demo_rows(key, NOW, 16))

    def expiries(state: str) -> list[int]:
        return [row["expires_at"] for row in rows if f"-{state}-0" in row[key]]

    assert max(expiries("expired")) < NOW
    assert NOW < min(expiries("expiring")) < max(expiries("expiring")) <= NOW + 3600
    assert min(expiries("live")) >= NOW + 86400


@pytest.mark.parametrize("key", KEYS)
def test_rows_are_stamped_with_their_shard_but_for_the_odd_ones(key: str) -> None:
    rows = list(demo_rows(key, NOW, 16))
    stamped = [row for row in rows if "expiry_shard" in row]

    assert all(row["expiry_shard"] == expiry_shard(row[key], 16) for row in stamped)
    assert len(rows) - len(stamped) == 3


@pytest.mark.parametrize("key", KEYS)
def test_there_are_odd_rows_of_every_kind(key: str) -> None:
    odd = [row for row in demo_rows(key, NOW, 16) if "expires_at" not in row or row["expires_at"] > 10**11]

    without_expiry = [row for row in odd if "expires_at" not in row]
    assert len(odd) - len(without_expiry) == 3
    assert min(row["created_at"] for row in without_expiry) < NOW - 300 < NOW - 60
    assert max(row["created_at"] for row in without_expiry) > NOW - 300


def test_numbers_are_whole_and_no_attribute_is_empty() -> None:
    def plain(row: dict[str, Any]) -> bool:
        return all(isinstance(value, int) or (isinstance(value, str) and value) for value in row.values())

    assert all(plain(row) for key in KEYS for row in demo_rows(key, NOW, 16))


def test_a_table_of_another_kind_gets_no_rows() -> None:
    assert list(demo_rows("log", NOW, 16)) == []
