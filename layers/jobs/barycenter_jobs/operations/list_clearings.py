"""Tell who cleared the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.log_reading import checked_limit

if TYPE_CHECKING:
    from barycenter_jobs.core.clearings import Clearing
    from barycenter_jobs.core.stores import History


@dataclass(frozen=True)
class ListClearings:
    """Lists the times that somebody cleared the history. No clearing removes them."""

    history: History

    def __call__(self, limit: int | None = None) -> list[Clearing]:
        """Return the latest clearings, the latest first, 100 where no limit is given.

        Raises InvalidLimit for a limit outside 1 to 1000, and StoreError.
        """
        return self.history.clearings(checked_limit(limit))
