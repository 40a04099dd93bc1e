"""Bounds at which the counters of durations count exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.statistics import JobStatistics, exact_bound_ms, increment_of

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
DURATIONS = st.integers(0, 400) | st.integers(0, 10**9)


def statistics_of(durations_ms: list[int]) -> JobStatistics:
    statistics = JobStatistics()
    for number, milliseconds in enumerate(durations_ms):
        start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), f"event {number}")
        run = start.recorded(number + 1, 1, NOON)
        ended = run.finished(Status.SUCCESS, NOON + timedelta(milliseconds=milliseconds), counts=Counts())
        statistics = statistics.after(increment_of(ended))
    return statistics


@settings(deadline=None)
@given(st.lists(DURATIONS, max_size=20), st.lists(DURATIONS, max_size=5))
def test_durations_are_counted_exactly_up_to_such_a_bound(durations: list[int], near: list[int]) -> None:
    bounds = [exact_bound_ms(duration) for duration in near]

    counted = statistics_of(durations).durations_up_to(bounds)

    assert counted == [*(sum(each <= bound for each in durations) for bound in bounds), len(durations)]


@given(DURATIONS)
def test_a_bound_is_at_most_2_percent_above_what_was_asked_for(duration: int) -> None:
    bound = exact_bound_ms(duration)

    assert duration <= bound <= duration * 1.021 + 1
    assert exact_bound_ms(bound) == bound
