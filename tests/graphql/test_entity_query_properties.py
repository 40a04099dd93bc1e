"""Whatever is asked for, the entity query finds what looking at every execution finds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.errors import InvalidInput, SearchTooBroad
from barycenter_jobs.core.execution_query import Slice
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.graphql.entity_query import query_of
from barycenter_jobs.operations.find_executions import FindExecutions, Found
from barycenter_jobs.operations.read_log import ReadLog
from tests.graphql.entity_queries import (
    ALL,
    FILTERS,
    KEYED,
    KEYED_FILTERS,
    ORDERS,
    START,
    Json,
    every_comparison,
    log_of_every_kind,
    logs,
    naive,
)

NOW = START + timedelta(minutes=10)


def searching(log: MemoryExecutionLog, most_examined: int = 10_000) -> FindExecutions:
    return FindExecutions(ReadLog(log, lambda: NOW, most_examined))


def ids(found: Found) -> list[int]:
    return [each.id for each in found.executions]


@pytest.mark.parametrize("name", ALL)
def test_every_operator_on_every_field_finds_what_looking_at_each_execution_finds(name: str) -> None:
    log = log_of_every_kind()
    search = searching(log)
    numbers = set()

    for comparison in every_comparison(name):
        asked = {name: comparison}
        expected = naive(log, NOW, asked, None)
        assert ids(search(query_of({"filter": asked}))) == expected, asked
        assert search(query_of({"filter": asked, "pagination": {"cursor": {"limit": 1}}})).total() == len(
            expected
        )
        numbers.add(len(expected))

    assert len(numbers) > 2


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("name", ALL)
def test_by_every_field_executions_are_in_order_on_pages_by_cursor_too(name: str, direction: str) -> None:
    log = log_of_every_kind()
    order = {name: direction}

    every = naive(log, NOW, None, order)

    assert ids(searching(log)(query_of({"orderBy": order}))) == every
    assert followed(searching(log), {}, order, 7) == every


def test_keys_of_two_conditions_are_those_of_both_or_of_either() -> None:
    log = log_of_every_kind()
    search = searching(log)
    keyed = [{name: each} for name in KEYED for each in every_comparison(name)]
    pairs = list(zip(keyed[::3], keyed[1::3] + keyed[2::3], strict=False)) + list(
        zip(keyed, keyed[17:], strict=False)
    )

    for one, other in pairs:
        for way in ("and", "or"):
            asked = {way: [one, other]}
            assert ids(search(query_of({"filter": asked}))) == naive(log, NOW, asked, None), asked


@settings(deadline=None, max_examples=120)
@given(logs(), FILTERS | KEYED_FILTERS, ORDERS)
def test_it_finds_what_looking_at_each_execution_finds_in_the_same_order(
    log: MemoryExecutionLog, asked: Json, order: Json | None
) -> None:
    found = searching(log)(query_of({"filter": asked, "orderBy": order}))

    assert ids(found) == naive(log, NOW, asked, order)
    assert found.total() == len(found.executions)
    assert (found.has_previous, found.has_next) == (False, False)


@settings(deadline=None, max_examples=60)
@given(logs(), FILTERS | KEYED_FILTERS, ORDERS, st.integers(1, 8), st.integers(0, 30))
def test_a_slice_is_that_part_of_it_and_knows_of_the_rest(
    log: MemoryExecutionLog, asked: Json, order: Json | None, limit: int, offset: int
) -> None:
    every = naive(log, NOW, asked, order)

    found = searching(log)(
        query_of(
            {"filter": asked, "orderBy": order, "pagination": {"offset": {"limit": limit, "offset": offset}}}
        )
    )

    assert ids(found) == every[offset : offset + limit]
    assert found.has_next is (offset + limit < len(every))
    assert found.has_previous is (offset > 0)
    assert found.total() == len(every)


@settings(deadline=None, max_examples=60)
@given(logs(), FILTERS | KEYED_FILTERS, ORDERS, st.integers(1, 8))
def test_following_cursors_gives_each_execution_exactly_once(
    log: MemoryExecutionLog, asked: Json, order: Json | None, limit: int
) -> None:
    every = naive(log, NOW, asked, order)

    seen = followed(searching(log), asked, order, limit)

    assert seen == every


@settings(deadline=None, max_examples=60)
@given(logs(), FILTERS, st.sampled_from([None, {"startedAt": "ASC"}]), st.integers(1, 8), st.integers(1, 9))
def test_a_search_that_stops_every_few_executions_still_gives_each_exactly_once(
    log: MemoryExecutionLog, asked: Json, order: Json | None, limit: int, most_examined: int
) -> None:
    seen = followed(searching(log, most_examined), asked, order, limit)

    assert seen == naive(log, NOW, asked, order)


@settings(deadline=None, max_examples=60)
@given(logs(), FILTERS, ORDERS, st.builds(Slice, st.integers(1, 8), st.integers(0, 5)), st.integers(1, 9))
def test_a_slice_of_a_bounded_search_is_right_or_an_error(
    log: MemoryExecutionLog, asked: Json, order: Json | None, part: Slice, most_examined: int
) -> None:
    every = naive(log, NOW, asked, order)
    query = replace(query_of({"filter": asked, "orderBy": order}), pagination=part)

    found = None
    with suppress(SearchTooBroad):
        found = searching(log, most_examined)(query)

    if found is None:
        assert len(log.running()) + len(log.read(LogFilter(), 100)) > most_examined
    else:
        assert ids(found) == every[part.offset : part.offset + part.limit]
        assert found.has_next or part.offset + part.limit >= len(every)
        assert found.total() in (len(every), None)


@settings(deadline=None, max_examples=60)
@given(logs(), FILTERS | KEYED_FILTERS, ORDERS)
def test_one_is_the_first_of_all(log: MemoryExecutionLog, asked: Json, order: Json | None) -> None:
    one = searching(log).one(query_of({"filter": asked, "orderBy": order}))

    assert ([] if one is None else [one.id]) == naive(log, NOW, asked, order)[:1]


def followed(find: FindExecutions, asked: Json, order: Json | None, limit: int) -> list[int]:
    """The ids on all pages, one after the other."""
    seen: list[int] = []
    cursor: str | None = None
    for _ in range(100):
        pagination = {"cursor": {"limit": limit, "cursor": cursor}}
        found = find(query_of({"filter": asked, "orderBy": order, "pagination": pagination}))
        assert len(found.executions) <= limit
        seen += ids(found)
        if not found.has_next:
            return seen
        cursor = found.next_cursor
    raise AssertionError("the pages never end")


VOCABULARY = """
    filter orderBy pagination and or jobName startedAt id success costUsd eq is_in between is_null page offset
    cursor limit ASC
"""
WORDS = st.sampled_from(VOCABULARY.split())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=400)
@given(st.dictionaries(WORDS, ANYTHING, max_size=4))
def test_whatever_arguments_an_event_has_they_are_a_search_or_refused(arguments: Json) -> None:
    with suppress(InvalidInput):
        searching(log_of_every_kind())(query_of(arguments))
