"""How long to wait before asking again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.pacing import Backoff


def waits(count: int, *, random: float, base_seconds: float = 0.05, cap_seconds: float = 5.0) -> list[float]:
    """What a backoff sleeps for, attempt after attempt."""
    slept: list[float] = []
    backoff = Backoff(slept.append, lambda: random, base_seconds=base_seconds, cap_seconds=cap_seconds)
    for attempt in range(count):
        backoff.wait(attempt)
    return slept


def test_the_longest_wait_doubles_from_attempt_to_attempt_up_to_a_cap() -> None:
    assert waits(9, random=1, base_seconds=0.05, cap_seconds=5) == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]


def test_a_wait_is_anything_between_nothing_and_the_longest() -> None:
    assert waits(3, random=0) == [0, 0, 0]
    assert waits(3, random=0.5) == [0.025, 0.05, 0.1]


@settings(deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True), st.floats(0.001, 1), st.floats(0.001, 60))
def test_no_wait_is_ever_longer_than_the_cap(attempt: int, random: float, base: float, cap: float) -> None:
    slept: list[float] = []

    Backoff(slept.append, lambda: random, base_seconds=base, cap_seconds=cap).wait(attempt)

    assert 0 <= slept[0] <= cap
