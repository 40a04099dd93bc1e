"""Give the rows that a table holds already the shard that puts them into its expiry index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.reconciliation import stamped
from barycenter_jobs.core.sweep_report import SweepReport

if TYPE_CHECKING:
    from barycenter_jobs.core.pacing import TokenBucket
    from barycenter_jobs.core.parts import Part
    from barycenter_jobs.core.stores import RowsOutsideIndex, Stamper

# Nothing has expired: a backfill stamps what has as well, so that the next cleanup sees it.
_NOTHING_EXPIRES = Cutoffs(expires_before=-(10**12))


@dataclass(frozen=True, slots=True)
class Progress:
    """What a backfill has done since it last told: rows read, stamped and unreadable, and units consumed."""

    examined: int
    stamped: int
    quarantined: int
    read_units: float
    write_units: float


@dataclass(frozen=True)
class BackfillShards:
    """Stamps the rows of a table, no faster than the budgets allow. Never deletes, never makes a row."""

    rows: RowsOutsideIndex
    stamper: Stamper
    read_budget: TokenBucket | None = None
    write_budget: TokenBucket | None = None

    def __call__(self, segments: Iterable[Part], done: Callable[[Part], None]) -> Iterator[Progress]:
        """Yield the progress after each page, and call `done` after each segment.

        A segment that was interrupted may be done again: rows that have their shard are only read. Raises
        StoreError.
        """
        for segment in segments:
            report = SweepReport()
            pages = self.rows.outside_index(_NOTHING_EXPIRES, segment)
            seen = SweepReport()
            for page in stamped(
                pages,
                self.stamper,
                report,
                time_is_left=lambda: True,
                read_budget=self.read_budget,
                write_budget=self.write_budget,
            ):
                yield Progress(
                    examined=page.examined,
                    stamped=report.counts.stamped - seen.counts.stamped,
                    quarantined=page.unreadable,
                    read_units=page.read_units,
                    write_units=report.write_units - seen.write_units,
                )
                seen.counts.stamped, seen.write_units = report.counts.stamped, report.write_units
            done(segment)
