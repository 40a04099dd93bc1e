"""A log in memory that tells how much was read of it."""

from __future__ import annotations

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.executions import Execution
from barycenter_jobs.core.log_reading import LogFilter, Order, Position


class CountedLog(MemoryExecutionLog):
    """A log that notes how many records each reading asked for, and how many it was handed."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []
        self.handed_out: list[int] = []

    @property
    def records(self) -> int:
        """How many records were handed out so far."""
        return sum(self.handed_out)

    def read(
        self,
        log_filter: LogFilter,
        limit: int,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
    ) -> list[Execution]:
        found = super().read(log_filter, limit, order=order, after=after)
        self.limits.append(limit)
        self.handed_out.append(len(found))
        return found

    def get(self, execution_id: int) -> Execution | None:
        self.handed_out.append(1)
        return super().get(execution_id)
