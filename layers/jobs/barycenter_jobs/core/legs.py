"""The account of one invocation that works for a run beside others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.sweep_report import SweepReport

if TYPE_CHECKING:
    from barycenter_jobs.core.parts import Part

FIRST = "first"


@dataclass(frozen=True, slots=True)
class Leg:
    """What one invocation did for a run. `id` is the invocation's own.

    Of the one that began the run the id is FIRST, and `part` None. One that has not `ended` tells nothing.
    """

    id: str
    part: Part | None = None
    ended: bool = False
    counts: Counts = field(default_factory=Counts)
    read_units: float = 0.0
    write_units: float = 0.0
    unindexed: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    problem: str | None = None
    warnings: tuple[str, ...] = ()

    def after(self, report: SweepReport, problem: str | None, warnings: tuple[str, ...] = ()) -> Leg:
        """Return this leg, ended as a sweep reports it."""
        return replace(
            self,
            ended=True,
            counts=report.counts,
            read_units=report.read_units,
            write_units=report.write_units,
            unindexed=report.unindexed,
            refusals=report.refusals,
            problem=problem,
            warnings=warnings,
        )


def total(legs: Iterable[Leg]) -> SweepReport:
    """Return the account of all legs together."""
    report = SweepReport()
    for leg in legs:
        report.counts += leg.counts
        report.read_units += leg.read_units
        report.write_units += leg.write_units
        report.unindexed += leg.unindexed
        report.refusals += leg.refusals
    return report


@dataclass(frozen=True, slots=True)
class Drained:
    """What one invocation did for a part. `stopped_early` says that the part needs another one."""

    execution_id: int
    part: Part
    counts: Counts = field(default_factory=Counts)
    stopped_early: bool = False
