"""Say how the jobs have fared, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.jobs import JOBS, job_named
from barycenter_jobs.core.statistics import JobStatistics, merged

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import ExecutionLog


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of several jobs, by their names, and together.

    `by_job` and `total` are of the records that are there, the lifetimes of all that there ever were.
    `buffer_utilization` is the share of the records that the log may hold which it does, from 0 to 1, over
    all jobs; None where nothing limits them.
    """

    by_job: Mapping[str, JobStatistics]
    lifetime_by_job: Mapping[str, JobStatistics]
    buffer_utilization: float | None = None

    @property
    def lifetime(self) -> JobStatistics:
        """The figures of all that these jobs ever did."""
        return merged(self.lifetime_by_job.values())

    @property
    def total(self) -> JobStatistics:
        """The figures of these jobs together."""
        return merged(self.by_job.values())

    @property
    def records_kept(self) -> int:
        """How many finished executions have a record."""
        return self.total.total


@dataclass(frozen=True)
class ReadStatistics:
    """Reads the figures of one job or of all. `max_records` is how many records the log may hold."""

    log: ExecutionLog
    max_records: int | None = None

    def __call__(self, job_name: str | None = None) -> Statistics:
        """Return the figures. Raises UnknownJob and StoreError."""
        every = [job.name for job in JOBS]
        asked = every if job_name is None else [job_named(job_name).name]
        kept = {name: self.log.statistics(name) for name in (asked if self.max_records is None else every)}
        return Statistics(
            by_job={name: kept[name] for name in asked},
            lifetime_by_job={name: self.log.lifetime(name) for name in asked},
            buffer_utilization=self._buffer_utilization(kept),
        )

    def _buffer_utilization(self, kept: Mapping[str, JobStatistics]) -> float | None:
        if self.max_records is None:
            return None
        # Between two prunings there may be more records than there should.
        return min(1.0, round(merged(kept.values()).total / self.max_records, 4))
