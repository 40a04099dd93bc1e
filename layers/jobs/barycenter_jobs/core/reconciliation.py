"""Reconciling: what an index does not show is found, and live rows get the shard that puts them into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from barycenter_jobs.core.pacing import TokenBucket
    from barycenter_jobs.core.rows import Page
    from barycenter_jobs.core.stores import Stamper
    from barycenter_jobs.core.sweep_report import SweepReport

_AT_ONCE = 100  # so many rows are stamped before anybody looks at the clock


def stamped(
    pages: Iterable[Page],
    stamper: Stamper,
    report: SweepReport,
    *,
    time_is_left: Callable[[], bool],
    read_budget: TokenBucket | None = None,
    write_budget: TokenBucket | None = None,
) -> Iterator[Page]:
    """Yield `pages`, having stamped the rows that need it, no faster than the budgets allow.

    Ends when time runs out, and says so in `report`, which also counts what was stamped.
    """
    # An earlier scan of this process may have ended in debt.
    if not _may_go_on(read_budget, time_is_left):
        report.stopped_early = True
        return
    for page in pages:
        if read_budget is not None:
            read_budget.consumed(page.read_units)
        for first in range(0, len(page.unstamped), _AT_ONCE):
            if not _may_go_on(write_budget, time_is_left):
                report.stopped_early = True
                return
            _stamp(page.unstamped[first : first + _AT_ONCE], stamper, report, write_budget)
        yield page
        if not _may_go_on(read_budget, time_is_left):
            report.stopped_early = True
            return


def _may_go_on(budget: TokenBucket | None, time_is_left: Callable[[], bool]) -> bool:
    return time_is_left() if budget is None else budget.wait(time_is_left) and time_is_left()


def _stamp(
    keys: Sequence[str], stamper: Stamper, report: SweepReport, write_budget: TokenBucket | None
) -> None:
    stamping = stamper.stamp(keys)
    report.counts.stamped += stamping.stamped
    report.write_units += stamping.write_units
    if write_budget is not None:
        write_budget.consumed(stamping.write_units)
    if stamping.broken_by is not None:
        raise stamping.broken_by
