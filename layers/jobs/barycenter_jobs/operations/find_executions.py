"""Find executions by any condition, in any order, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from barycenter_jobs.core.bounded_search import BoundedSearch
from barycenter_jobs.core.errors import SearchTooBroad
from barycenter_jobs.core.execution_query import AfterCursor, Everything, ExecutionQuery, Slice
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.log_keys import Keys, keys_of
from barycenter_jobs.core.log_reading import MAX_LIMIT, Order, Position
from barycenter_jobs.core.sorted_executions import after_cursor, cursor_of, sorted_executions
from barycenter_jobs.operations.read_log import ReadLog, merged

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution


@dataclass(frozen=True, slots=True)
class Found:
    """Executions with a cursor each, whether there are others before and after them, and where to go on.

    `next_cursor` is that of the last one, or of the last that was examined, where the search stopped before
    it had found as many as were asked for. `total` says how many the condition lets through, on any page;
    None where nobody can count them within the bound.
    """

    executions: Sequence[Execution]
    cursors: Sequence[str]
    has_previous: bool
    has_next: bool
    next_cursor: str | None
    examined: int
    total: Callable[[], int | None]


@dataclass(frozen=True)
class FindExecutions:
    """Searches the log that `read_log` reads, and examines no more of it than that allows.

    What a condition says about ids, jobs, states and the time of the start is looked up by keys; the rest is
    examined, one execution after the other.
    """

    read_log: ReadLog

    def __call__(self, query: ExecutionQuery) -> Found:
        """Return what is found, on the page that is asked for.

        Raises InvalidCursor, StoreError, and SearchTooBroad where it had to stop before it could answer, and
        where nobody asked for a page and more than 1000 executions are found. In the order of the log, a page
        by cursor is never too much: it is shorter then, and its cursor goes on from there.
        """
        keys = keys_of(query.where)
        order = query.ordering.of_the_log
        if order is None or keys.ids is not None:
            return self._collected(query, keys)
        if isinstance(query.pagination, AfterCursor):
            return self._from_cursor(query, keys, order, query.pagination)
        return self._from_start(query, keys, order)

    def one(self, query: ExecutionQuery) -> Execution | None:
        """Return the first that is found, None where there is none. Raises StoreError and SearchTooBroad."""
        first = ExecutionQuery(query.where, query.ordering, Slice(1))
        return next(iter(self(first).executions), None)

    def _from_cursor(self, query: ExecutionQuery, keys: Keys, order: Order, asked: AfterCursor) -> Found:
        after = None if asked.cursor is None else Position.at_cursor(asked.cursor)
        page = self._search(query, keys, order, asked.limit + 1, after).page(asked.limit)
        cursors = [Position.of(each).cursor for each in page.executions]
        is_all = after is None and page.next is None
        return Found(
            page.executions,
            cursors,
            has_previous=after is not None,
            has_next=page.next is not None,
            next_cursor=next(reversed(cursors), None) if page.next is None else page.next.cursor,
            examined=page.examined,
            total=self._total(query, keys, len(page.executions) if is_all else None),
        )

    def _from_start(self, query: ExecutionQuery, keys: Keys, order: Order) -> Found:
        wanted = _wanted(query)
        search = self._search(query, keys, order, wanted.offset + wanted.limit + 1)
        found = list(islice(search, wanted.offset + wanted.limit + 1))
        page = found[wanted.offset : wanted.offset + wanted.limit]
        if search.stopped and len(page) < wanted.limit:
            raise _stopped(search.examined, "or page by cursor, which goes on from there")
        _check_that_all_are_shown(query, len(found))
        has_next = search.stopped or len(found) > wanted.offset + wanted.limit
        cursors = [Position.of(each).cursor for each in page]
        return Found(
            page,
            cursors,
            has_previous=wanted.offset > 0,
            has_next=has_next,
            next_cursor=next(reversed(cursors), None),
            examined=search.examined,
            total=self._total(query, keys, None if has_next else len(found)),
        )

    def _collected(self, query: ExecutionQuery, keys: Keys) -> Found:
        """Answer from everything that the condition lets through, in whatever order."""
        search = self._search(query, keys, Order.NEWEST_FIRST, None)
        every = sorted_executions(search, query.ordering)
        if search.stopped:
            raise _stopped(
                search.examined, f"or order by startedAt alone: {query.ordering} needs all of them"
            )
        wanted = _wanted(query)
        rest, asked = every, query.pagination
        if isinstance(asked, AfterCursor) and asked.cursor is not None:
            rest = after_cursor(every, query.ordering, asked.cursor)
        page = rest[wanted.offset : wanted.offset + wanted.limit]
        _check_that_all_are_shown(query, len(every))
        cursors = [cursor_of(each, query.ordering) for each in page]
        return Found(
            page,
            cursors,
            has_previous=wanted.offset > 0 or len(rest) < len(every),
            has_next=len(rest) > wanted.offset + len(page),
            next_cursor=next(reversed(cursors), None),
            examined=search.examined,
            total=lambda: len(every),
        )

    def _search(
        self, query: ExecutionQuery, keys: Keys, order: Order, most: int | None, after: Position | None = None
    ) -> BoundedSearch:
        """Return a search for `most` executions, for all of them where it is None."""
        return BoundedSearch(
            self._with_keys(keys, order, most, after), query.where.holds, self.read_log.most_examined
        )

    def _with_keys(
        self, keys: Keys, order: Order, most: int | None, after: Position | None
    ) -> Iterator[Execution]:
        if keys.ids is not None:
            named = (self.read_log.one(each) for each in sorted(keys.ids))
            return (each for each in named if each is not None)
        filters = keys.filters()
        stream = partial(self.read_log.stream, order=order, after=after)
        if most is not None and keys.exact:
            stream = partial(stream, at_first=most // len(filters or [1]) + (len(filters) > 1))
        return merged([stream(each) for each in filters], order)

    def _total(self, query: ExecutionQuery, keys: Keys, known: int | None) -> Callable[[], int | None]:
        if known is not None:
            return lambda: known
        return lambda: self._counted(keys) if keys.are_counted else self._examined(query, keys)

    def _examined(self, query: ExecutionQuery, keys: Keys) -> int | None:
        search = self._search(query, keys, Order.NEWEST_FIRST, None)
        total = sum(1 for _ in search)
        return None if search.stopped else total

    def _counted(self, keys: Keys) -> int:
        """Return how many have these keys by the statistics of what has finished, and by what has not."""
        log, now = self.read_log.log, self.read_log.clock()
        known = {job.name for job in JOBS}
        jobs = known if keys.jobs is None else known & keys.jobs
        running = [each.as_of(now) for each in log.running()]
        finished = sum(
            count
            for job in jobs
            for status, count in log.statistics(job).by_status.items()
            if status in keys.statuses
        )
        return finished + sum(each.job_name in jobs and each.status in keys.statuses for each in running)


def _wanted(query: ExecutionQuery) -> Slice:
    match query.pagination:
        case Everything():
            return Slice(MAX_LIMIT)
        case AfterCursor(limit):
            return Slice(limit)
        case asked:
            return asked


def _check_that_all_are_shown(query: ExecutionQuery, found: int) -> None:
    if isinstance(query.pagination, Everything) and found > MAX_LIMIT:
        raise SearchTooBroad(
            f"More than {MAX_LIMIT} executions are found: ask for a page of them, by pagination, "
            "or narrow the filter"
        )


def _stopped(examined: int, otherwise: str) -> SearchTooBroad:
    return SearchTooBroad(
        f"The search stopped when it had examined {examined} executions and cannot answer: narrow the filter "
        f"by jobName, status, success or startedAt, {otherwise}"
    )
