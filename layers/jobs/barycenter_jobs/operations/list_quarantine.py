"""List the rows that stay because their expiry is no epoch second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from barycenter_jobs.core.jobs import job_named
from barycenter_jobs.core.log_reading import checked_limit

if TYPE_CHECKING:
    from barycenter_jobs.core.rows import Quarantined
    from barycenter_jobs.core.stores import Quarantine


@dataclass(frozen=True)
class ListQuarantine:
    """Lists quarantined rows; `quarantine_of` tells a job's name that of its table."""

    quarantine_of: Callable[[str], Quarantine]

    def __call__(self, job_name: str, limit: int | None = None) -> list[Quarantined]:
        """Return up to `limit` rows, 100 where nothing is asked.

        Raises UnknownJob, InvalidLimit, and StoreError when the table's index cannot be read.
        """
        limit = checked_limit(limit)
        return list(islice(self.quarantine_of(job_named(job_name).name).quarantined(), limit))
