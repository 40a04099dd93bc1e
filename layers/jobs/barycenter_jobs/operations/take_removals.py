"""Close a window: record the end of a run together with what TTL removed since the run before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import AlreadyTaken, StoreError

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution
    from barycenter_jobs.core.removal_stores import RemovalAccounts
    from barycenter_jobs.core.removal_totals import Taking
    from barycenter_jobs.core.stores import ExecutionLog

_TRIES = 5  # of a taking that other runs keep overtaking, which only ever happens where two hold one job


@dataclass(frozen=True)
class TakeRemovals:
    """Takes what is accounted for of one kind into the records of its runs, each removal into one of them.

    After `patience` the sweep removes what TTL has not. `iterator_age` tells how far the stream's reader is
    behind, of which the accounts know nothing while it cannot write them.
    """

    kind: str
    accounts: RemovalAccounts
    patience: timedelta
    clock: Callable[[], datetime]
    iterator_age: Callable[[datetime], timedelta | None] | None = None

    def finish(self, log: ExecutionLog, execution: Execution) -> Execution:
        """Record a run's end and return it as recorded, with its part of what TTL removed.

        What is accounted for later is in a later record. Raises what the log raises. Where the account cannot
        be read, the run is recorded without it, and its next one takes both.
        """
        age = None if self.iterator_age is None else self.iterator_age(self.clock())
        for _ in range(_TRIES):
            try:
                taking = self.accounts.taking(self.kind)
            except StoreError as error:
                return _without(log, execution, str(error))
            behind = taking.behind(age)
            whole = replace(
                execution,
                ttl=taking.part(self.patience, behind),
                warnings=(*execution.warnings, *_warnings(execution, taking, behind)),
            )
            try:
                log.finish(whole, taking)
            except AlreadyTaken:
                continue
            return whole
        return _without(log, execution, str(AlreadyTaken(self.kind)))


def _without(log: ExecutionLog, execution: Execution, why: str) -> Execution:
    warning = f"What TTL removed is not in this record, but will be in a later one: {why}."
    recorded = replace(execution, warnings=(*execution.warnings, warning))
    log.finish(recorded)
    return recorded


def _warnings(execution: Execution, taking: Taking, behind: timedelta | None) -> tuple[str, ...]:
    window, warnings = taking.window, []
    if behind is not None:
        minutes = int(behind.total_seconds() / 60)
        warnings.append(
            f"The table's stream was read {minutes} minutes late: what TTL removed meanwhile will be in a "
            "later record. See docs/ttl.md."
        )
    if window.unreadable:
        warnings.append(
            f"{window.unreadable} removals by TTL could not be read and are not counted. See docs/ttl.md."
        )
    if window.undated:
        warnings.append(f"Of {window.undated} rows that TTL removed nobody knows how late they went.")
    if not window.rows and execution.counts.deleted:
        warnings.append(
            f"TTL removed nothing, and the sweep {execution.counts.deleted} rows that it had left: TTL is "
            "off, or stands still, or its stream is not read. barycenter-jobs doctor says which."
        )
    return tuple(warnings)
