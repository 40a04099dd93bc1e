"""Read the execution log."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.log_reading import LogFilter, Order, Position, checked_limit
from barycenter_jobs.core.stores import ExecutionLog

MOST_EXAMINED = 10_000
_EXAMINED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some executions in their order, and where the next ones come: after `next`, None where there are none.

    `examined` is how many were read for it. Where `stopped`, the page has fewer executions than were asked
    for only because `MOST_EXAMINED` had been read: there may be more of them after `next`.
    """

    executions: Sequence[Execution]
    next: Position | None = None
    examined: int = 0
    stopped: bool = False


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
        return list(islice(self._executions(log_filter, order, after, limit), limit))

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
        at_once = limit + 1 if where is None else _EXAMINED_AT_ONCE
        found: list[Execution] = []
        examined, last = 0, after
        for execution in self._executions(log_filter, order, after, at_once):
            is_full = len(found) == limit
            if examined >= self.most_examined:
                return LogPage(found, last, examined, stopped=not is_full)
            examined += 1
            if where is None or where(execution):
                if is_full:
                    return LogPage(found, last, examined)
                found.append(execution)
            last = Position.of(execution)
        return LogPage(found, None, examined)

    def one(self, execution_id: int) -> Execution | None:
        """Return the execution with this id, None where there is none. Raises StoreError."""
        execution = self.log.get(execution_id)
        return None if execution is None else execution.as_of(self.clock())

    def _executions(
        self, log_filter: LogFilter, order: Order, after: Position | None, at_once: int
    ) -> Iterator[Execution]:
        if not log_filter.can_find:
            return
        now = self.clock()
        recorded = (each.as_of(now) for each in self._recorded(log_filter, order, after, at_once))
        dead = sorted(self._dead(log_filter, order, after, now), key=Position.of, reverse=_reverse(order))
        seen: set[int] = set()
        for execution in heapq.merge(recorded, dead, key=Position.of, reverse=_reverse(order)):
            # One that is closed meanwhile comes twice, one that has died is no longer running.
            if execution.id not in seen and log_filter.lets_through(execution):
                if dead:
                    seen.add(execution.id)
                yield execution

    def _recorded(
        self, log_filter: LogFilter, order: Order, after: Position | None, at_once: int
    ) -> Iterator[Execution]:
        while True:
            batch = self.log.read(log_filter, at_once, order=order, after=after)
            yield from batch
            if len(batch) < at_once:
                return
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


def _reverse(order: Order) -> bool:
    return order is Order.NEWEST_FIRST
