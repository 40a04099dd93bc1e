"""Find executions by any condition, in any order, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from barycenter_jobs.core.errors import SearchTooBroad
from barycenter_jobs.core.execution_query import AfterCursor, Everything, ExecutionQuery, Slice
from barycenter_jobs.core.executions import Execution
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.log_keys import Keys, keys_of
from barycenter_jobs.core.log_reading import MAX_LIMIT, LogFilter, Order, Position
from barycenter_jobs.core.sorted_executions import after_cursor, cursor_of, sorted_executions
from barycenter_jobs.operations.read_log import ReadLog

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Found:
    """Executions with a cursor each, whether there are others before and after them, and where to go on.

    `next_cursor` is that of the last one, or of the last that was examined, where the search stopped before
    it had found as many as were asked for. `total` says how many the condition lets through, on any page;
    None where nobody can count them within the bound.
    """

    executions: list[Execution]
    cursors: list[str]
    has_previous: bool
    has_next: bool
    next_cursor: str | None
    examined: int
    total: Callable[[], int | None]


@dataclass
class _Search:
    """One way through the log under a condition, in its order, up to a bound."""

    executions: Iterator[Execution]
    where: Callable[[Execution], bool]
    most_examined: int
    examined: int = 0
    stopped: bool = False
    last: Execution | None = None

    def __iter__(self) -> Iterator[Execution]:
        for execution in self.executions:
            if self.examined == self.most_examined:
                self.stopped = True
                return
            self.examined += 1
            self.last = execution
            if self.where(execution):
                yield execution


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
        search = self._search(query, keys, order, asked.limit + 1, after)
        found = list(islice(search, asked.limit + 1))
        page = found[: asked.limit]
        # Behind a page that is full, what follows it is next; behind one that is not, what was not examined.
        is_full = len(page) == asked.limit
        last = search.last if search.stopped and not is_full else next(reversed(page), None)
        return Found(
            page,
            [Position.of(each).cursor for each in page],
            has_previous=after is not None,
            has_next=search.stopped or len(found) > asked.limit,
            next_cursor=None if last is None else Position.of(last).cursor,
            examined=search.examined,
            total=self._total(
                query, keys, None if after or search.stopped or len(found) > asked.limit else len(found)
            ),
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
    ) -> _Search:
        """Return a search for `most` executions, for all of them where it is None."""
        if keys.ids is not None:
            named = (self.read_log.one(each) for each in sorted(keys.ids))
            known = (each for each in named if each is not None)
            return _Search(known, query.where.holds, self.read_log.most_examined)
        filters = keys.filters()
        first = (
            _AT_ONCE if most is None or not keys.exact else most // len(filters or [1]) + (len(filters) > 1)
        )
        streams = [self._stream(each, order, first, after) for each in filters]
        newest_first = order is Order.NEWEST_FIRST
        merged = (
            streams[0] if len(streams) == 1 else heapq.merge(*streams, key=Position.of, reverse=newest_first)
        )
        return _Search(_each_once(merged), query.where.holds, self.read_log.most_examined)

    def _stream(
        self, log_filter: LogFilter, order: Order, first: int, after: Position | None
    ) -> Iterator[Execution]:
        """Read what a filter lets through, `first` of it at first, and as little as possible after them."""
        left = first
        while True:
            at_once = min(left if left > 0 else _AT_ONCE, MAX_LIMIT)
            batch = self.read_log(log_filter, at_once, order=order, after=after)
            yield from batch
            if len(batch) < at_once:
                return
            left -= len(batch)
            after = Position.of(batch[-1])

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


def _each_once(executions: Iterator[Execution]) -> Iterator[Execution]:
    """Yield each execution once: one that ends while it is read may come from two states."""
    seen: set[int] = set()
    for execution in executions:
        if execution.id not in seen:
            seen.add(execution.id)
            yield execution


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
