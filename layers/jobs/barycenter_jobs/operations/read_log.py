"""Read the execution log."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from barycenter_jobs.core.bounded_search import MOST_EXAMINED, BoundedSearch, LogPage
from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.log_reading import MAX_LIMIT, LogFilter, Order, Position, checked_limit

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExecutionLog

_AT_ONCE = 500


@dataclass(frozen=True)
class ReadLog:
    """Reads the log; `clock` tells the time in UTC.

    A run that has died is shown as the timeout that it is, although nobody has closed its record yet.
    """

    log: ExecutionLog
    clock: Callable[[], datetime]
    most_examined: int = MOST_EXAMINED

    def __call__(
        self,
        log_filter: LogFilter,
        limit: int | None = None,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
    ) -> list[Execution]:
        """Return the first executions that the filter lets through, 100 where no limit is given.

        Only those after the position `after`, where it is given. Reads as many records as it returns. Raises
        InvalidLimit for a limit outside 1 to 1000, and StoreError.
        """
        limit = checked_limit(limit)
        executions = self.stream(log_filter, order=order, after=after, at_first=limit)
        return list(islice(executions, limit))

    def page(
        self,
        log_filter: LogFilter,
        limit: int | None = None,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
        where: Callable[[Execution], bool] | None = None,
    ) -> LogPage:
        """Return the same as a page that knows of the next one, of what `where` accepts if it is given.

        What the filter lets through is read by its keys; what `where` refuses is read in vain, and no more
        than `most_examined` executions are. Raises InvalidLimit and StoreError.
        """
        limit = checked_limit(limit)
        at_first = limit + 1 if where is None else _AT_ONCE
        executions = self.stream(log_filter, order=order, after=after, at_first=at_first)
        return BoundedSearch(executions, where, self.most_examined).page(limit)

    def one(self, execution_id: int) -> Execution | None:
        """Return the execution with this id, None where there is none. Raises StoreError."""
        execution = self.log.get(execution_id)
        return None if execution is None else execution.as_of(self.clock())

    def stream(
        self,
        log_filter: LogFilter,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
        at_first: int = _AT_ONCE,
    ) -> Iterator[Execution]:
        """Yield everything that the filter lets through, in order, as it is when the first one is asked for.

        Reads `at_first` records at first, and more of them only as they are asked for. Raises StoreError.
        """
        if not log_filter.can_find:
            return
        now = self.clock()
        recorded = (each.as_of(now) for each in self._recorded(log_filter, order, after, at_first))
        dead = sorted(self._dead(log_filter, order, after, now), key=Position.of, reverse=_reverse(order))
        streams = [recorded, iter(dead)] if dead else [recorded]
        # One that has died is no longer running; one that is closed meanwhile comes twice.
        yield from merged([filter(log_filter.lets_through, each) for each in streams], order)

    def _recorded(
        self, log_filter: LogFilter, order: Order, after: Position | None, at_first: int
    ) -> Iterator[Execution]:
        left = at_first
        while True:
            at_once = min(left if left > 0 else _AT_ONCE, MAX_LIMIT + 1)
            batch = self.log.read(log_filter, at_once, order=order, after=after)
            yield from batch
            if len(batch) < at_once:
                return
            left -= len(batch)
            after = Position.of(batch[-1])

    def _dead(
        self, log_filter: LogFilter, order: Order, after: Position | None, now: datetime
    ) -> Iterator[Execution]:
        # Only the index of what is running holds them: those of failures get to know a run when it is closed.
        if not log_filter.only_failures and log_filter.status is not Status.TIMEOUT:
            return
        for execution in self.log.running():
            position = Position.of(execution)
            is_before = after is not None and (
                position >= after if order is Order.NEWEST_FIRST else position <= after
            )
            if execution.is_dead(now) and not is_before:
                yield execution.as_of(now)


def merged(streams: Sequence[Iterator[Execution]], order: Order) -> Iterator[Execution]:
    """Yield what several streams yield in this order, in the same order and each execution once."""
    if len(streams) == 1:
        yield from streams[0]
        return
    seen: set[int] = set()
    for execution in heapq.merge(*streams, key=Position.of, reverse=_reverse(order)):
        if execution.id not in seen:
            seen.add(execution.id)
            yield execution


def _reverse(order: Order) -> bool:
    return order is Order.NEWEST_FIRST
