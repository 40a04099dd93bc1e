"""How far a search looks, and what its pages say of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from barycenter_jobs.core.bounded_search import MOST_EXAMINED, BoundedSearch, LogPage
from barycenter_jobs.core.executions import Execution, Start, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.log_reading import Position

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)


def newest_first(runs: int) -> list[Execution]:
    """Runs of which each two started together, with ids down to 1."""
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event")
    return [start.recorded(number, 1, NOON + timedelta(minutes=number // 2)) for number in range(runs, 0, -1)]


def those(*ids: int) -> Callable[[Execution], bool]:
    return lambda execution: execution.id in ids


def ids(page: LogPage) -> list[int]:
    return [each.id for each in page.executions]


def following(executions: Sequence[Execution], after: Position | None) -> list[Execution]:
    return [each for each in executions if after is None or Position.of(each) < after]


def test_what_needs_examining_is_examined_as_far_as_it_takes() -> None:
    page = BoundedSearch(newest_first(100), those(99, 95, 91, 87)).page(2)

    assert ids(page) == [99, 95]
    assert (page.examined, page.stopped) == (10, False)
    assert page.next is not None


def test_it_says_so_when_it_stopped_before_the_page_was_full_and_goes_on_from_there() -> None:
    runs = newest_first(100)

    first = BoundedSearch(runs, those(90, 1), 30).page(2)
    second = BoundedSearch(following(runs, first.next), those(90, 1), 30).page(2)

    assert (ids(first), first.examined, first.stopped) == ([90], 30, True)
    assert first.next == Position.of(runs[29])
    assert (ids(second), second.examined, second.stopped) == ([], 30, True)
    assert second.next == Position.of(runs[59])


def test_a_page_that_is_full_did_not_stop_too_early_and_what_follows_its_last_run_is_next() -> None:
    runs = newest_first(100)

    at_the_bound = BoundedSearch(runs, those(90), 30).page(1)
    before_it = BoundedSearch(runs, those(90, 80), 30).page(1)

    assert at_the_bound == LogPage([runs[10]], Position.of(runs[10]), examined=30, stopped=False)
    assert before_it == LogPage([runs[10]], Position.of(runs[10]), examined=21, stopped=False)


def test_a_full_page_has_no_next_one_where_nothing_follows() -> None:
    runs = newest_first(30)

    assert BoundedSearch(runs, those(7, 3), 30).page(2).next is None
    assert BoundedSearch(runs, None, 30).page(30) == LogPage(runs, None, examined=30)


def test_nothing_found_and_nothing_left_is_a_page_without_a_next_one() -> None:
    assert BoundedSearch(newest_first(10), those()).page(5) == LogPage([], None, examined=10)
    assert BoundedSearch([]).page(5) == LogPage([])


def test_ten_thousand_are_examined_unless_told_otherwise() -> None:
    search = BoundedSearch(newest_first(MOST_EXAMINED + 1), those())

    assert (list(search), search.examined, search.stopped) == ([], 10_000, True)


@given(
    runs=st.integers(0, 40),
    wanted=st.sets(st.integers(1, 40)) | st.none(),
    limit=st.integers(1, 10),
    bound=st.integers(1, 50),
)
def test_pages_one_after_the_other_are_the_whole_and_each_tells_of_the_rest(
    runs: int, wanted: set[int] | None, limit: int, bound: int
) -> None:
    executions = newest_first(runs)
    expected = [each for each in executions if wanted is None or each.id in wanted]
    found: list[Execution] = []
    after = None
    for _ in range(runs + 2):
        left = following(executions, after)
        page = BoundedSearch(left, None if wanted is None else those(*wanted), bound).page(limit)
        found += page.executions
        is_full = len(page.executions) == limit
        assert len(page.executions) <= limit
        assert page.examined <= bound
        assert page.stopped == (page.next is not None and not is_full)
        if page.next is None:
            break
        # Nothing that an exhaustive look shows to be the last page claims that there is another.
        assert page.examined == bound or len(found) < len(expected)
        if is_full:
            assert page.next == Position.of(page.executions[-1])
        assert after is None or page.next < after
        after = page.next

    assert found == expected
