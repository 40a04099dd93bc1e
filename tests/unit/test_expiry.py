"""When a row has expired, and its shard of the expiry index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.expiry import DEFAULT_SHARDS, Cutoffs, Expiry, Unreadable, expiry_shard
from barycenter_jobs.core.jobs import CHALLENGES

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
SECOND = 1_771_070_400
AT_NOON = Cutoffs.at(NOON)
CHALLENGES_AT_NOON = Cutoffs.at(NOON, CHALLENGES.kind.age_limit)

NUMBERS = st.integers(-(10**15), 10**15) | st.decimals(allow_nan=False, allow_infinity=False)


# ---- The cut-off


def test_the_cut_off_is_the_second_in_which_a_run_starts() -> None:
    assert Cutoffs(expires_before=SECOND) == AT_NOON
    assert Cutoffs.at(NOON + timedelta(microseconds=999_999)) == AT_NOON
    assert Cutoffs.at(NOON.astimezone(timezone(timedelta(hours=9)))) == AT_NOON


def test_a_kind_with_an_age_limit_has_a_second_cut_off() -> None:
    assert Cutoffs(expires_before=SECOND, created_before=SECOND - 300) == CHALLENGES_AT_NOON


# ---- Rows with an expiry of their own


@pytest.mark.parametrize(
    ("expires_at", "expiry"),
    [
        (SECOND - 1, Expiry.EXPIRED),
        (SECOND, Expiry.LIVE),
        (SECOND + 1, Expiry.LIVE),
        (Decimal(SECOND) - Decimal("0.001"), Expiry.EXPIRED),
        (Decimal(SECOND) + Decimal("0.001"), Expiry.LIVE),
        (0, Expiry.EXPIRED),
        (-1, Expiry.EXPIRED),
        (Decimal("-0.5"), Expiry.EXPIRED),
        (99_999_999_999, Expiry.LIVE),
        (100_000_000_000, Expiry.UNREADABLE),
        ((SECOND - 3600) * 1000, Expiry.UNREADABLE),
        ((SECOND - 3600) * 1_000_000, Expiry.UNREADABLE),
        (Decimal(SECOND - 3600) * 1000, Expiry.UNREADABLE),
        (Unreadable(), Expiry.UNREADABLE),
        (None, Expiry.LIVE),
    ],
)
def test_a_row_is_what_its_own_expiry_says(
    expires_at: Decimal | int | Unreadable | None, expiry: Expiry
) -> None:
    assert AT_NOON.judge(expires_at) is expiry


def test_a_row_is_live_until_the_second_of_its_expiry_is_over() -> None:
    row = SECOND

    assert Cutoffs.at(NOON).judge(row) is Expiry.LIVE
    assert Cutoffs.at(NOON + timedelta(microseconds=999_999)).judge(row) is Expiry.LIVE
    assert Cutoffs.at(NOON + timedelta(seconds=1)).judge(row) is Expiry.EXPIRED


@settings(deadline=None)
@given(NUMBERS, st.integers(0, 4_000_000_000))
def test_what_has_expired_stays_expired_and_what_is_live_was_never_expired(
    expires_at: Decimal | int, second: int
) -> None:
    before, later = Cutoffs(second).judge(expires_at), Cutoffs(second + 1).judge(expires_at)

    assert (before, later) in {
        (Expiry.LIVE, Expiry.LIVE),
        (Expiry.LIVE, Expiry.EXPIRED),
        (Expiry.EXPIRED, Expiry.EXPIRED),
        (Expiry.UNREADABLE, Expiry.UNREADABLE),
    }
    assert (later is Expiry.EXPIRED) == (expires_at < second + 1)


# ---- Rows that expire by age


@pytest.mark.parametrize(
    ("created_at", "expiry"),
    [
        (SECOND - 301, Expiry.EXPIRED_BY_AGE),
        (SECOND - 300, Expiry.LIVE),
        (Decimal(SECOND - 300) - Decimal("0.5"), Expiry.EXPIRED_BY_AGE),
        (SECOND, Expiry.LIVE),
        (-1, Expiry.EXPIRED_BY_AGE),
        ((SECOND - 3600) * 1000, Expiry.UNREADABLE),
        (Unreadable(), Expiry.UNREADABLE),
        (None, Expiry.LIVE),
    ],
)
def test_a_challenge_without_an_expiry_lives_for_five_minutes(
    created_at: Decimal | int | Unreadable | None, expiry: Expiry
) -> None:
    assert CHALLENGES_AT_NOON.judge(None, created_at) is expiry


@pytest.mark.parametrize("created_at", [SECOND - 3600, Unreadable(), (SECOND - 3600) * 1000, None])
def test_a_challenge_with_an_expiry_goes_by_that_alone(created_at: int | Unreadable | None) -> None:
    assert CHALLENGES_AT_NOON.judge(SECOND + 60, created_at) is Expiry.LIVE
    assert CHALLENGES_AT_NOON.judge(SECOND - 60, created_at) is Expiry.EXPIRED
    assert CHALLENGES_AT_NOON.judge(Unreadable(), created_at) is Expiry.UNREADABLE


@pytest.mark.parametrize("created_at", [0, SECOND - 10**9, Unreadable()])
def test_the_age_of_a_row_means_nothing_where_its_kind_has_no_age_limit(created_at: int | Unreadable) -> None:
    assert AT_NOON.judge(None, created_at) is Expiry.LIVE


# ---- Rows that were rotated

ROTATING_AT_NOON = Cutoffs.at(NOON, rotation_grace=timedelta(hours=24))
A_DAY = 86_400


def test_a_grace_for_rotated_rows_has_a_cut_off_of_its_own() -> None:
    assert Cutoffs(expires_before=SECOND, rotated_before=SECOND - A_DAY) == ROTATING_AT_NOON
    assert Cutoffs.at(NOON, rotation_grace=timedelta(0)).rotated_before == SECOND
    assert AT_NOON.rotated_before is None


@pytest.mark.parametrize(
    ("rotated_at", "expiry"),
    [
        (SECOND - A_DAY - 1, Expiry.ROTATED),
        (SECOND - A_DAY, Expiry.LIVE),
        (SECOND - A_DAY + 1, Expiry.LIVE),
        (Decimal(SECOND - A_DAY) - Decimal("0.001"), Expiry.ROTATED),
        (Decimal(SECOND - A_DAY) + Decimal("0.001"), Expiry.LIVE),
        (SECOND + 60, Expiry.LIVE),
        (0, Expiry.ROTATED),
        (-1, Expiry.ROTATED),
        (99_999_999_999, Expiry.LIVE),
        (100_000_000_000, Expiry.UNREADABLE),
        ((SECOND - 2 * A_DAY) * 1000, Expiry.UNREADABLE),
        (Unreadable(), Expiry.UNREADABLE),
        (None, Expiry.LIVE),
    ],
)
def test_a_live_row_goes_a_grace_after_it_was_rotated(
    rotated_at: Decimal | int | Unreadable | None, expiry: Expiry
) -> None:
    assert ROTATING_AT_NOON.judge(SECOND + 60, None, rotated_at) is expiry
    assert ROTATING_AT_NOON.judge(SECOND, None, rotated_at) is expiry


LONG_AGO = SECOND - 2 * A_DAY
EVERY_ROTATION = [LONG_AGO, SECOND, LONG_AGO * 1000, Unreadable(), None]


@pytest.mark.parametrize("rotated_at", EVERY_ROTATION)
def test_a_rotated_row_that_has_expired_as_well_goes_for_its_expiry(
    rotated_at: int | Unreadable | None,
) -> None:
    assert ROTATING_AT_NOON.judge(SECOND - 1, None, rotated_at) is Expiry.EXPIRED


@pytest.mark.parametrize("rotated_at", EVERY_ROTATION)
@pytest.mark.parametrize("expires_at", [SECOND * 1000, Unreadable()])
def test_a_rotated_row_whose_expiry_cannot_be_read_stays(
    expires_at: int | Unreadable, rotated_at: int | Unreadable | None
) -> None:
    assert ROTATING_AT_NOON.judge(expires_at, None, rotated_at) is Expiry.UNREADABLE


@pytest.mark.parametrize("rotated_at", EVERY_ROTATION)
def test_a_rotated_row_without_an_expiry_stays(rotated_at: int | Unreadable | None) -> None:
    assert ROTATING_AT_NOON.judge(None, LONG_AGO, rotated_at) is Expiry.LIVE


@pytest.mark.parametrize("rotated_at", EVERY_ROTATION)
def test_rotation_means_nothing_where_there_is_no_grace(rotated_at: int | Unreadable | None) -> None:
    assert AT_NOON.judge(SECOND + 60, None, rotated_at) is Expiry.LIVE
    assert AT_NOON.judge(SECOND - 60, None, rotated_at) is Expiry.EXPIRED
    assert CHALLENGES_AT_NOON.judge(None, SECOND - 301, rotated_at) is Expiry.EXPIRED_BY_AGE


@settings(deadline=None)
@given(NUMBERS | st.none(), NUMBERS | st.none(), NUMBERS | st.none(), st.integers(0, 10**7))
def test_a_row_goes_for_a_reason_only_where_its_own_time_lies_before_that_reasons_bound(
    expires_at: Decimal | int | None,
    created_at: Decimal | int | None,
    rotated_at: Decimal | int | None,
    grace: int,
) -> None:
    cutoffs = Cutoffs(SECOND, SECOND - 300, SECOND - grace)

    reason = cutoffs.judge(expires_at, created_at, rotated_at)

    if reason in (Expiry.LIVE, Expiry.UNREADABLE):
        return
    times = {
        Expiry.EXPIRED: expires_at,
        Expiry.EXPIRED_BY_AGE: created_at,
        Expiry.ROTATED: rotated_at,
    }
    time = times[reason]
    assert time is not None
    assert time < cutoffs.bound(reason)
    assert (reason is Expiry.EXPIRED_BY_AGE) == (expires_at is None)


# ---- The bound of a reason


def test_each_reason_has_its_bound() -> None:
    cutoffs = Cutoffs(SECOND, SECOND - 300, SECOND - A_DAY)

    assert cutoffs.bound(Expiry.EXPIRED) == SECOND
    assert cutoffs.bound(Expiry.EXPIRED_BY_AGE) == SECOND - 300
    assert cutoffs.bound(Expiry.ROTATED) == SECOND - A_DAY


def test_a_bound_at_the_beginning_of_time_is_a_bound() -> None:
    assert Cutoffs(0).bound(Expiry.EXPIRED) == 0
    assert Cutoffs(SECOND, rotated_before=0).bound(Expiry.ROTATED) == 0


@pytest.mark.parametrize("reason", [Expiry.LIVE, Expiry.UNREADABLE, Expiry.EXPIRED_BY_AGE, Expiry.ROTATED])
def test_what_is_no_reason_to_go_has_no_bound(reason: Expiry) -> None:
    with pytest.raises(ValueError, match=f"^No row goes for being {reason.value}$"):
        AT_NOON.bound(reason)


# ---- Shards


def crc_32(data: bytes) -> int:
    """CRC-32 as IEEE 802.3 defines it: bit by bit, so that it owes nothing to any library."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_the_checksum_of_these_tests_has_the_published_check_value() -> None:
    assert crc_32(b"123456789") == 0xCBF43926


@pytest.mark.parametrize(
    ("key", "of_16", "of_10"),
    [
        ("", 0, 0),
        ("123456789", 6, 2),
        ("session-1", 14, 8),
        ("a", 3, 7),
        ("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS", 2, 6),
        ("smörgåsbord", 4, 8),
        ("🔑", 10, 6),
    ],
)
def test_a_key_belongs_to_the_shard_that_writers_in_any_language_compute(
    key: str, of_16: int, of_10: int
) -> None:
    assert expiry_shard(key) == expiry_shard(key, 16) == of_16
    assert expiry_shard(key, 10) == of_10
    assert expiry_shard(key, 1) == 0


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 1024))
def test_a_shard_is_the_checksum_of_the_key_modulo_the_number_of_shards(key: str, shards: int) -> None:
    assert expiry_shard(key, shards) == crc_32(key.encode()) % shards


def test_there_are_sixteen_shards_unless_told_otherwise() -> None:
    assert DEFAULT_SHARDS == 16
    assert {expiry_shard(f"session-{number}") for number in range(1000)} == set(range(16))
