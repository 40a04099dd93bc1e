"""One way through executions under a condition that examines no more than a bound, and its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from barycenter_jobs.core.log_reading import Position

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution

MOST_EXAMINED = 10_000


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some executions in their order, and where the next ones come: after `next`, None where there are none.

    `examined` is how many were looked at for it. Where `stopped`, the page has fewer executions than were
    asked for only because the bound was reached: there may be more of them after `next`.
    """

    executions: Sequence[Execution]
    next: Position | None = None
    examined: int = 0
    stopped: bool = False


@dataclass
class BoundedSearch:
    """Yields those of `executions` of which `where` is true, until it has examined `most_examined` of them.

    `stopped` says whether it ended at the bound although there was more to examine. Without `where`, every
    execution is one that it yields.
    """

    executions: Iterable[Execution]
    where: Callable[[Execution], bool] | None = None
    most_examined: int = MOST_EXAMINED
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
            if self.where is None or self.where(execution):
                yield execution

    def page(self, limit: int) -> LogPage:
        """Return the first `limit` executions as a page that knows whether others follow.

        Behind a page that is full comes what follows its last execution; behind one that is short, what was
        not examined. So each page takes the search further, and pages one after the other are the whole.
        """
        found = list(islice(self, limit + 1))
        page, is_full = found[:limit], len(found) >= limit
        if len(found) <= limit and not self.stopped:
            return LogPage(page, None, self.examined)
        last = page[-1] if is_full else self.last
        following = None if last is None else Position.of(last)
        return LogPage(page, following, self.examined, stopped=self.stopped and not is_full)
