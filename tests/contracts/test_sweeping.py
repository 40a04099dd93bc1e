"""What a sweep does to a table, whichever store holds it and whichever way it deletes."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Page
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from tests.contracts.stages import Stage

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW, NOW - int(timedelta(minutes=5).total_seconds()))
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)


def run(stage: Stage, pages: Iterable[Page] | None = None) -> SweepReport:
    """Sweep the stage, or what has been read from it before."""
    return sweep(
        stage.rows.pages(CUTOFFS) if pages is None else pages,
        stage.deleter,
        CUTOFFS,
        backoff=BACKOFF,
        time_is_left=lambda: True,
        in_flight=stage.in_flight,
    )


def expired(count: int) -> dict[str, dict[str, int]]:
    return {f"session-{number}": {"expires_at": NOW - 1 - number} for number in range(count)}


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 60])
def test_expired_rows_go_and_are_counted(stage: Stage, count: int) -> None:
    stage.put(expired(count))

    report = run(stage)

    assert report.counts == Counts(deleted=count)
    assert report.broken_by is None
    assert stage.keys() == set()


def test_ten_thousand_expired_rows_go_and_the_live_ones_among_them_stay(large_stage: Stage) -> None:
    live = {f"live-{number}": {"expires_at": NOW + 1 + number} for number in range(100)}
    large_stage.put(expired(10_000) | live)

    report = run(large_stage)

    assert report.counts == Counts(deleted=10_000)
    assert large_stage.keys() == live.keys()


def test_live_rows_and_rows_without_an_expiry_stay(stage: Stage) -> None:
    stage.put({"live": {"expires_at": NOW + 3600}, "for ever": {"user": "u-1"}})

    report = run(stage)

    assert report.counts == Counts()
    assert stage.keys() == {"live", "for ever"}


def test_a_row_stays_until_its_second_is_over(stage: Stage) -> None:
    stage.put(
        {"a second ago": {"expires_at": NOW - 1}, "now": {"expires_at": NOW}, "next": {"expires_at": NOW + 1}}
    )

    report = run(stage)

    assert report.counts == Counts(deleted=1)
    assert stage.keys() == {"now", "next"}


def test_a_fraction_of_a_second_counts(stage: Stage) -> None:
    stage.put(
        {
            "just over": {"expires_at": Decimal(NOW) - Decimal("0.5")},
            "not yet": {"expires_at": Decimal(NOW) + 1},
        }
    )

    report = run(stage)

    assert report.counts == Counts(deleted=1)
    assert stage.keys() == {"not yet"}


def test_milliseconds_stay_and_are_counted(stage: Stage) -> None:
    stage.put(
        {"past in milliseconds": {"expires_at": (NOW - 3600) * 1000}, "expired": {"expires_at": NOW - 3600}}
    )

    report = run(stage)

    assert report.counts == Counts(deleted=1, quarantined=1)
    assert stage.keys() == {"past in milliseconds"}


def test_many_rows_may_expire_in_the_same_second(stage: Stage) -> None:
    stage.put({f"session-{number}": {"expires_at": NOW - 60} for number in range(120)})

    report = run(stage)

    assert report.counts == Counts(deleted=120)
    assert stage.keys() == set()


def test_a_row_that_is_renewed_after_it_was_read_survives_and_is_not_counted(stage: Stage) -> None:
    stage.put(expired(60))
    pages = list(stage.rows.pages(CUTOFFS))
    renewed = {f"session-{number}": {"expires_at": NOW + 3600} for number in (0, 7, 24, 25, 59)}
    stage.put(renewed)

    report = run(stage, pages)

    assert report.counts == Counts(deleted=55, became_live=5)
    assert stage.keys() == renewed.keys()


def test_a_row_whose_expiry_is_taken_away_after_it_was_read_survives(stage: Stage) -> None:
    stage.put(expired(3))
    pages = list(stage.rows.pages(CUTOFFS))
    stage.put({"session-1": {"user": "u-1"}})

    report = run(stage, pages)

    assert report.counts == Counts(deleted=2, became_live=1)
    assert stage.keys() == {"session-1"}


def test_a_row_that_somebody_else_deleted_is_not_counted(stage: Stage) -> None:
    stage.put(expired(60))
    pages = list(stage.rows.pages(CUTOFFS))
    stage.remove(f"session-{number}" for number in range(10, 40))

    report = run(stage, pages)

    assert report.counts == Counts(deleted=30, already_gone=30)
    assert stage.keys() == set()


def test_two_sweeps_at_once_count_every_row_exactly_once(shared_stage: Stage) -> None:
    shared_stage.put(expired(200))
    both_have_read = Barrier(2)

    def read_then_sweep() -> SweepReport:
        pages = list(shared_stage.rows.pages(CUTOFFS))
        both_have_read.wait()
        return run(shared_stage, pages)

    with ThreadPoolExecutor(2) as pool:
        first, second = (future.result() for future in [pool.submit(read_then_sweep) for _ in range(2)])

    assert first.counts.deleted + second.counts.deleted == 200
    assert first.counts.deleted + first.counts.already_gone == 200
    assert second.counts.deleted + second.counts.already_gone == 200
    assert shared_stage.keys() == set()


def test_the_longest_expired_rows_go_first(stage: Stage) -> None:
    stage.put(expired(200))

    read = [candidate.expires_at for page in stage.rows.pages(CUTOFFS) for candidate in page.candidates]

    assert read == sorted(read, key=lambda expires_at: expires_at or 0)
    assert len(read) == 200


def test_a_challenge_without_expiry_goes_five_minutes_after_its_creation(challenges: Stage) -> None:
    challenges.put(
        {
            "old": {"created_at": NOW - 301},
            "at the boundary": {"created_at": NOW - 300},
            "young": {"created_at": NOW - 10},
            "old, but with an expiry of its own": {"created_at": NOW - 3600, "expires_at": NOW + 60},
            "without any time": {"user": "u-1"},
        }
    )

    report = run(challenges)

    assert report.counts == Counts(deleted=1)
    assert challenges.keys() == {
        "at the boundary",
        "young",
        "old, but with an expiry of its own",
        "without any time",
    }


def test_a_challenge_that_gets_an_expiry_after_it_was_read_survives(challenges: Stage) -> None:
    challenges.put({"old": {"created_at": NOW - 301}})
    pages = list(challenges.rows.pages(CUTOFFS))
    challenges.put({"old": {"created_at": NOW - 301, "expires_at": NOW + 60}})

    report = run(challenges, pages)

    assert report.counts == Counts(became_live=1)
    assert challenges.keys() == {"old"}
