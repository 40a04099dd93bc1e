"""Times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.timestamps import iso, parsed, sortable

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001


def test_a_time_is_shown_in_utc_with_a_z() -> None:
    at = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)

    assert iso(at) == "2026-02-14T12:00:00Z"
    assert iso(at.astimezone(timezone(timedelta(hours=5, minutes=30)))) == "2026-02-14T12:00:00Z"


def test_a_fraction_of_a_second_is_shown_where_there_is_one() -> None:
    assert iso(datetime(2026, 2, 14, 12, 0, 0, 250_000, tzinfo=UTC)) == "2026-02-14T12:00:00.250000Z"


def test_a_sortable_time_always_has_its_fraction() -> None:
    assert sortable(datetime(2026, 2, 14, 12, 0, tzinfo=UTC)) == "2026-02-14T12:00:00.000000Z"


@settings(deadline=None)
@given(INSTANTS)
def test_a_time_written_either_way_reads_as_the_same_instant(at: datetime) -> None:
    assert parsed(iso(at)) == at
    assert parsed(sortable(at)) == at


@settings(deadline=None)
@given(INSTANTS, INSTANTS)
def test_sortable_times_are_in_the_order_of_the_alphabet(one: datetime, other: datetime) -> None:
    assert (sortable(one) < sortable(other)) == (one < other)
