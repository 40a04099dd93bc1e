"""Listing the rows that stay because their expiry is no epoch second."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from barycenter_jobs.adapters.memory import MemoryTable
from barycenter_jobs.core.errors import InvalidLimit, UnknownJob
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.rows import Quarantined, row_name
from barycenter_jobs.core.stores import Quarantine
from barycenter_jobs.operations.list_quarantine import ListQuarantine

SECOND = 1_800_000_000
SESSIONS = "cleanup_expired_sessions"


def milliseconds(count: int) -> MemoryTable:
    return MemoryTable(
        {f"session-{number}": {"expires_at": SECOND * 1000 + number} for number in range(count)}
    )


def listing(table: Quarantine) -> ListQuarantine:
    """A listing in which only the sessions have rows to show."""
    tables = {job.name: table if job.name == SESSIONS else MemoryTable() for job in JOBS}
    return ListQuarantine(tables.__getitem__)


def test_a_row_that_cannot_be_read_is_named_by_a_hash_with_what_it_holds() -> None:
    table = MemoryTable(
        {
            "s3cr3t-milliseconds": {"expires_at": SECOND * 1000},
            "s3cr3t-fraction": {"expires_at": Decimal("100000000000.5")},
            "s3cr3t-text": {"expires_at": "soon"},
            "expired": {"expires_at": SECOND},
            "in the last readable second": {"expires_at": 99_999_999_999},
            "negative": {"expires_at": -1},
            "for ever": {"user": "u-1"},
        }
    )

    rows = listing(table)(SESSIONS)

    assert set(rows) == {
        Quarantined(row_name("s3cr3t-milliseconds"), "expires_at", "1800000000000"),
        Quarantined(row_name("s3cr3t-fraction"), "expires_at", "100000000000.5"),
        Quarantined(row_name("s3cr3t-text"), "expires_at", "soon"),
    }
    assert "s3cr3t" not in repr(rows)


def test_the_other_jobs_tables_are_their_own() -> None:
    assert listing(milliseconds(3))("cleanup_expired_refresh_tokens") == []


def test_a_clean_table_has_nothing_in_quarantine() -> None:
    assert listing(MemoryTable({"expired": {"expires_at": SECOND}}))(SESSIONS) == []


@pytest.mark.parametrize(("limit", "listed"), [(None, 100), (1, 1), (119, 119), (120, 120), (1000, 120)])
def test_as_many_rows_are_listed_as_were_asked_for(limit: int | None, listed: int) -> None:
    rows = listing(milliseconds(120))(SESSIONS, limit)

    assert len(rows) == len(set(rows)) == listed


def test_no_more_of_the_table_is_read_than_is_listed() -> None:
    read = []

    class Endless:
        def quarantined(self) -> Iterator[Quarantined]:
            while True:
                read.append(1)
                yield Quarantined(str(len(read)), "expires_at", "soon")

    assert len(listing(Endless())(SESSIONS, 5)) == len(read) == 5


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_outside_one_to_a_thousand_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimit):
        listing(milliseconds(1))(SESSIONS, limit)


def test_a_job_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(UnknownJob, match=r"^Unknown job: cleanup_everything$"):
        listing(milliseconds(1))("cleanup_everything")
