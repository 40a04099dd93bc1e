"""Times as operators write and read them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cli.times import Moment, MomentType, distance, duration, instant, iso

NOW = datetime(2026, 2, 14, 12, 10, tzinfo=UTC)


def read(text: str) -> Moment:
    return MomentType().convert(text, None, None)


@pytest.fixture
def _in_kathmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kathmandu")  # 5 hours and 45 minutes ahead of UTC, all year
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45s", NOW - timedelta(seconds=45)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2h ago", NOW - timedelta(hours=2)),
        ("now", NOW),
        ("today", NOW.replace(hour=0, minute=0)),
        ("yesterday", datetime(2026, 2, 13, tzinfo=UTC)),
        ("2026-02-14", datetime(2026, 2, 14, tzinfo=UTC)),
        ("2026-02-14T11:30", datetime(2026, 2, 14, 11, 30, tzinfo=UTC)),
        ("2026-02-14 11:30:05", datetime(2026, 2, 14, 11, 30, 5, tzinfo=UTC)),
        ("2026-02-14T11:30:00Z", datetime(2026, 2, 14, 11, 30, tzinfo=UTC)),
        ("2026-02-14T11:30:00+02:00", datetime(2026, 2, 14, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(text: str, expected: datetime) -> None:
    assert read(text).at(NOW, utc=True) == expected


@pytest.mark.usefixtures("_in_kathmandu")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-14T11:30", datetime(2026, 2, 14, 5, 45, tzinfo=UTC)),
        ("2026-02-14", datetime(2026, 2, 13, 18, 15, tzinfo=UTC)),
        ("today", datetime(2026, 2, 13, 18, 15, tzinfo=UTC)),
        ("2026-02-14T11:30Z", datetime(2026, 2, 14, 11, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_local(text: str, expected: datetime) -> None:
    assert read(text).at(NOW, utc=False) == expected


@pytest.mark.parametrize(
    "text", ["", "2", "h", "-2h", "2.5h", "2 years", "2026", "2026-13-01", "14.02.2026", "٢h ago now"]
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time"):
        read(text)


@pytest.mark.parametrize("text", ["999999w", "0001-01-01T00:00+14:00"])
def test_a_time_that_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="too far away"):
        read(text).at(NOW, utc=True)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds have no zone
def test_what_is_sent_is_what_is_read_again(at: datetime) -> None:
    assert instant(iso(at)) == at
    assert read(iso(at)).at(NOW, utc=False) == at


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (524, "524 ms"),
        (2500, "2.5 s"),
        (59_940, "59.9 s"),
        (300_000, "5 min 0 s"),
        (4_320_000, "1 h 12 min"),
    ],
)
def test_a_duration_is_read_at_a_glance(milliseconds: float | None, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "now"),
        (49, "in 49 s"),
        (-49, "49 s ago"),
        (3600, "in 60 min"),
        (-7200, "2 h ago"),
        (200_000, "in 2 d"),
    ],
)
def test_a_distance_has_one_unit(seconds: float, text: str) -> None:
    assert distance(NOW + timedelta(seconds=seconds), NOW) == text
