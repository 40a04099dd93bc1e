"""Statistics of executions: counters that add up, and what is read from them."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Execution, Status, Trigger, TriggerKind
from barycenter_jobs.core.statistics import (
    COUNTED_ROWS,
    FINAL_STATUSES,
    Increment,
    JobStatistics,
    increment_of,
    merged,
    portion_of,
)

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
A_YEAR_MS = 366 * 86_400_000
FIFTEEN_DELETED = Counts(deleted=15)
RUNNING = Execution(
    id=42,
    job_name="cleanup_expired_sessions",
    handler_id="cleanup_sessions",
    started_at=NOON,
    trigger=Trigger(TriggerKind.SCHEDULE),
    delivery_id="53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
)


def finished(
    duration_ms: int, status: Status = Status.SUCCESS, counts: Counts = FIFTEEN_DELETED
) -> Execution:
    return RUNNING.finished(status, NOON + timedelta(milliseconds=duration_ms), counts=counts)


def statistics_of(executions: list[Execution]) -> JobStatistics:
    return JobStatistics(sum(map(increment_of, executions), Increment()).changes)


DURATIONS = st.integers(0, 2_000) | st.integers(0, 900_000) | st.integers(0, A_YEAR_MS)
EXECUTIONS = st.builds(
    finished,
    DURATIONS,
    st.sampled_from(FINAL_STATUSES),
    st.builds(Counts, *[st.integers(0, 10**6)] * len(fields(Counts))),
)
SEVERAL = st.lists(EXECUTIONS, max_size=12)


# ---- What an execution adds


def test_a_run_that_is_under_way_adds_nothing() -> None:
    assert increment_of(RUNNING) == Increment({})


def test_a_finished_run_adds_its_status_its_rows_and_its_duration() -> None:
    counts = Counts(deleted=15, became_live=2, already_gone=3, failed=4, uncertain=5, stamped=7)

    assert increment_of(finished(1_234, counts=counts)).changes == {
        "status_success": 1,
        "rows_deleted": 15,
        "rows_became_live": 2,
        "rows_already_gone": 3,
        "rows_failed": 4,
        "rows_uncertain": 5,
        "rows_stamped": 7,
        "duration_ms_sum": 1_234,
        "bucket_222": 1,
    }


def test_rows_that_are_quarantined_are_not_added_up_since_every_run_meets_them_again() -> None:
    assert increment_of(finished(0, counts=Counts(quarantined=6))).changes == {
        "status_success": 1,
        "bucket_0": 1,
    }
    assert {*COUNTED_ROWS, "quarantined"} == {count.name for count in fields(Counts)}


def test_a_skipped_run_has_no_duration() -> None:
    assert increment_of(finished(5, Status.SKIPPED, Counts())).changes == {"status_skipped": 1}


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.ERROR, Status.TIMEOUT, Status.CANCELLED])
def test_any_other_run_has_one(status: Status) -> None:
    assert increment_of(finished(5, status, Counts())).changes == {
        f"status_{status}": 1,
        "duration_ms_sum": 5,
        "bucket_5": 1,
    }


@settings(deadline=None)
@given(EXECUTIONS)
def test_a_name_can_stand_in_an_update_expression_as_it_is(execution: Execution) -> None:
    for name in increment_of(execution).changes:
        assert re.fullmatch("[a-z]+_[a-z0-9_]+", name)  # no reserved word of DynamoDB's holds an underscore


@pytest.mark.parametrize(
    ("duration_ms", "bucket"),
    [
        (0, 0),
        (1, 1),
        (98, 98),
        (99, 99),
        (100, 99),
        (101, 100),
        (1_000, 212),
        (60_000, 417),
        (900_000, 552),
        (86_400_000, 780),
        (A_YEAR_MS, 1_075),
    ],
)
def test_a_duration_stays_in_the_bucket_that_stored_counters_know_it_by(
    duration_ms: int, bucket: int
) -> None:
    assert increment_of(finished(duration_ms)).changes[f"bucket_{bucket}"] == 1


def test_what_lasted_longer_than_a_year_counts_as_a_year() -> None:
    assert increment_of(finished(10 * A_YEAR_MS)) == increment_of(finished(A_YEAR_MS))


def test_a_record_that_ends_before_it_starts_lasted_no_time() -> None:
    backwards = replace(finished(0), completed_at=NOON - timedelta(seconds=3))

    assert increment_of(backwards) == increment_of(finished(0))


# ---- Adding and taking away


def test_clearing_a_record_takes_away_what_it_added() -> None:
    increment = increment_of(finished(1_234))

    assert (-increment).changes == {
        "status_success": -1,
        "rows_deleted": -15,
        "duration_ms_sum": -1_234,
        "bucket_222": -1,
    }
    assert increment + -increment == Increment()


@settings(deadline=None)
@given(SEVERAL, SEVERAL, st.randoms(use_true_random=False))
def test_any_order_of_adding_and_taking_away_comes_to_the_same_counters(
    kept: list[Execution], cleared: list[Execution], random: Random
) -> None:
    increments = [increment_of(execution) for execution in kept + cleared]
    increments += [-increment_of(execution) for execution in cleared]
    random.shuffle(increments)

    statistics = JobStatistics()
    for increment in increments:
        statistics = statistics.after(increment)

    assert statistics == statistics_of(kept)


@settings(deadline=None)
@given(st.lists(st.lists(EXECUTIONS, max_size=5), max_size=4))
def test_jobs_merged_say_what_all_of_their_executions_say(jobs: list[list[Execution]]) -> None:
    assert merged(map(statistics_of, jobs)) == statistics_of([one for job in jobs for one in job])


# ---- What is read from counters


def test_of_nothing_the_rate_and_the_average_are_0_as_documented_clients_expect_numbers() -> None:
    nothing = JobStatistics()

    assert nothing.total == nothing.success_count == nothing.error_count == nothing.records_processed == 0
    assert nothing.by_status == dict.fromkeys(FINAL_STATUSES, 0)
    assert f"{nothing.success_rate:.2f} {nothing.average_duration_ms:.0f}" == "0.00 0"
    assert nothing.p50_ms is nothing.p95_ms is nothing.p99_ms is None


def test_the_documented_example_comes_out_as_documented() -> None:
    dingdong = JobStatistics({"status_success": 823})
    discord_bot = JobStatistics({"status_success": 666, "status_error": 34})
    together = merged([dingdong, discord_bot])

    assert (together.total, together.success_count, together.error_count) == (1523, 1489, 34)
    assert (together.success_rate, dingdong.success_rate, discord_bot.success_rate) == (97.77, 100.0, 95.14)


def test_every_status_is_told_apart_and_only_successes_and_failures_make_the_rate() -> None:
    statuses = [Status.SUCCESS] * 5 + [Status.ERROR] * 2 + [Status.TIMEOUT] + [Status.SKIPPED] * 3
    statistics = statistics_of([finished(7, status) for status in [*statuses, Status.CANCELLED]])

    assert statistics.total == 12
    assert statistics.by_status == {
        Status.SUCCESS: 5,
        Status.ERROR: 2,
        Status.TIMEOUT: 1,
        Status.SKIPPED: 3,
        Status.CANCELLED: 1,
    }
    assert (statistics.success_count, statistics.error_count) == (5, 3)
    assert statistics.success_rate == 62.5


def test_rows_are_told_by_what_became_of_them() -> None:
    statistics = statistics_of(
        [
            finished(7, counts=Counts(deleted=15, failed=1)),
            finished(7, Status.ERROR, Counts(deleted=3, uncertain=2, quarantined=9)),
        ]
    )

    assert statistics.records_processed == 18
    assert statistics.rows == {
        "deleted": 18,
        "became_live": 0,
        "already_gone": 0,
        "failed": 1,
        "uncertain": 2,
        "stamped": 0,
    }


def test_the_average_is_exact_and_leaves_skipped_runs_out() -> None:
    runs = [finished(100), finished(201), finished(435, Status.ERROR), finished(9_999, Status.SKIPPED)]

    assert statistics_of(runs).average_duration_ms == 245.3


def test_percentiles_of_short_runs_are_exact() -> None:
    statistics = statistics_of([finished(duration_ms) for duration_ms in range(1, 100)])

    assert (statistics.p50_ms, statistics.p95_ms, statistics.p99_ms) == (50, 95, 99)


def test_the_slowest_of_a_few_runs_is_in_their_upper_percentiles() -> None:
    slow_once = statistics_of([*(finished(20) for _ in range(9)), finished(90)])
    two = statistics_of([finished(7), finished(8)])

    assert (slow_once.p50_ms, slow_once.p95_ms, slow_once.p99_ms) == (20, 90, 90)
    assert (two.p50_ms, two.p95_ms, two.p99_ms) == (7, 8, 8)


def test_buckets_that_were_emptied_do_not_count() -> None:
    statistics = JobStatistics({"bucket_7": 0, "bucket_8": -1, "bucket_9": 1, "duration_ms_sum": 9})

    assert statistics.p50_ms == statistics.p99_ms == 9
    assert statistics.average_duration_ms == 9.0


def test_counters_of_other_names_are_of_no_account() -> None:
    assert JobStatistics({"schema_version": 3, "status_success": 1}).total == 1


def test_no_duration_is_further_than_1_percent_from_what_stands_for_it() -> None:
    for duration_ms in [*range(3_000), 60_000, 900_000, 86_400_000, A_YEAR_MS]:
        shown = statistics_of([finished(duration_ms)]).p50_ms

        assert shown is not None
        assert 100 * abs(shown - duration_ms) <= duration_ms


@settings(deadline=None)
@given(st.lists(DURATIONS, min_size=1, max_size=200))
def test_percentiles_are_within_1_percent_of_those_of_the_sorted_durations(durations: list[int]) -> None:
    statistics = statistics_of([finished(duration_ms) for duration_ms in durations])
    ascending = sorted(durations)

    for percent, shown in [(50, statistics.p50_ms), (95, statistics.p95_ms), (99, statistics.p99_ms)]:
        exact = ascending[ceil(percent * len(durations) / 100) - 1]
        assert shown is not None
        assert 100 * abs(shown - exact) <= exact


# ---- Portions


def test_a_portion_holds_32_neighbouring_buckets_at_the_most() -> None:
    buckets: dict[int, set[str]] = {}
    for step in range(1200):
        run = finished(int(1.0199**step))
        names = {name for name in increment_of(run).changes if name.startswith("bucket_")}
        buckets.setdefault(portion_of(run), set()).update(names)

    assert max(map(len, buckets.values())) == 32
    assert list(buckets) == sorted(buckets)


def test_a_skipped_run_falls_into_the_first_portion() -> None:
    assert portion_of(finished(600_000, Status.SKIPPED)) == 0
