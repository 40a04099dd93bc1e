"""Statistics of executions, kept as whole numbers that every finished run adds to.

A job's statistics are counters and nothing else, so that DynamoDB's `ADD` can change them in the very
transaction that finishes a run, and so that what one record added can be taken away when it is cleared.
Any order of adding and taking away comes to the same numbers.

Percentiles come from counters too. They are a sketch after DDSketch (Masson, Rim and Lee, "DDSketch: a fast
and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019): buckets of durations that
grow by 101/99, so that any duration in a bucket lies within 1 % of the one that stands for all of them.
Unlike the paper's, their bounds are whole milliseconds, found without a logarithm: two machines that round
one differently would take a duration out of another bucket than it was put into.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from barycenter_jobs.core.executions import FAILURES, Execution, Status
from barycenter_jobs.core.percentiles import rank_of

FINAL_STATUSES = tuple(status for status in Status if status is not Status.RUNNING)
# Quarantined rows stay, and every run that looks meets the same ones again: their sum would mean nothing.
COUNTED_ROWS = ("deleted", "became_live", "already_gone", "failed", "uncertain", "stamped")

# Every name holds an underscore, so that none is among DynamoDB's reserved words, and is short: a write pays
# for its whole item.
_STATUS = "status_"
_ROWS = "rows_"
_REMOVED_BY_TTL = "ttl_rows"
_BUCKET = "bucket_"
_DURATION_MS_SUM = "duration_ms_sum"

# How many buckets share an item with the other counters of the runs that fell into them: as many as keep the
# item below 1 KB, for which DynamoDB charges one write unit.
_BUCKETS_TOGETHER = 32

# The longest that Step Functions lets an execution last is a year. What is longer counts as this.
_LONGEST_MS = 366 * 86_400_000


def _represented(floor: int) -> int:
    """Return the longest duration that is within 1 % of the shortest in its bucket, `floor`."""
    return floor + floor // 100


def _floors() -> tuple[int, ...]:
    floors = [0]
    while floors[-1] <= _LONGEST_MS:
        longest = _represented(floors[-1]) * 100 // 99
        floors.append(longest + 1)
    return tuple(floors)


_FLOORS = _floors()  # bucket n holds durations from floor n up to, and without, floor n + 1


@dataclass(frozen=True, slots=True)
class Increment:
    """What is added to the counters of a job, by their names; counters that do not change are left out."""

    changes: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", _summed([self.changes]))

    def __add__(self, other: Increment) -> Increment:
        return Increment(_summed([self.changes, other.changes]))

    def __neg__(self) -> Increment:
        return Increment({name: -change for name, change in self.changes.items()})


def increment_of(execution: Execution) -> Increment:
    """Return what an execution adds to its job's counters. One that is running adds nothing.

    A skipped one did not run, so its duration is nobody's.
    """
    if execution.status is Status.RUNNING:
        return Increment()
    changes = {_STATUS + execution.status: 1}
    for name in COUNTED_ROWS:
        changes[_ROWS + name] = getattr(execution.counts, name)
    if execution.ttl is not None:
        changes[_REMOVED_BY_TTL] = execution.ttl.rows
    if execution.duration_ms is not None and execution.status is not Status.SKIPPED:
        duration_ms = min(max(execution.duration_ms, 0), _LONGEST_MS)
        changes[_DURATION_MS_SUM] = duration_ms
        changes[f"{_BUCKET}{bisect_right(_FLOORS, duration_ms) - 1}"] = 1
    return Increment(changes)


def portion_of(execution: Execution) -> int:
    """Return which portion of its job's counters an execution adds to.

    Each portion has every counter, for the executions whose durations are near to each other; all portions
    `merged` are the job's statistics. A store that keeps an item for each changes one small item for a run.
    """
    buckets = [
        int(name.removeprefix(_BUCKET))
        for name in increment_of(execution).changes
        if name.startswith(_BUCKET)
    ]
    return buckets[0] // _BUCKETS_TOGETHER if buckets else 0


@dataclass(frozen=True, slots=True)
class JobStatistics:
    """What the counters of a job say of its finished executions. A counter that is missing is 0.

    Of nothing, every count, the success rate and the average are 0 and the percentiles are None.
    """

    counters: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counters", _summed([self.counters]))

    @property
    def total(self) -> int:
        """How many executions have finished, in whatever way."""
        return sum(self.by_status.values())

    @property
    def by_status(self) -> dict[Status, int]:
        """How many executions finished in each of the final states."""
        return {status: self.counters.get(_STATUS + status, 0) for status in FINAL_STATUSES}

    @property
    def success_count(self) -> int:
        """How many executions succeeded."""
        return self.by_status[Status.SUCCESS]

    @property
    def error_count(self) -> int:
        """How many executions failed, timeouts among them."""
        return sum(self.by_status[status] for status in FAILURES)

    @property
    def success_rate(self) -> float:
        """How many percent of those that succeeded or failed succeeded, with two decimals.

        Skipped and cancelled executions did neither. 0.0 where there are none: the documented clients format
        the rate at once (`:.2f`, `.toFixed(2)`) and would stumble over a null.
        """
        tried = self.success_count + self.error_count
        return round(100 * self.success_count / tried, 2) if tried else 0.0

    @property
    def average_duration_ms(self) -> float:
        """How long an execution that was not skipped took on average, with one decimal; 0.0 of none."""
        durations = sum(count for _, count in self._buckets())
        return round(self.duration_ms_sum / durations, 1) if durations else 0.0

    @property
    def p50_ms(self) -> int | None:
        """The median duration, within 1 %."""
        return self._percentile_ms(50)

    @property
    def p95_ms(self) -> int | None:
        """The duration that 95 % of the executions do not exceed, within 1 %."""
        return self._percentile_ms(95)

    @property
    def p99_ms(self) -> int | None:
        """The duration that 99 % of the executions do not exceed, within 1 %."""
        return self._percentile_ms(99)

    @property
    def duration_ms_sum(self) -> int:
        """How long all executions that were not skipped took together."""
        return self.counters.get(_DURATION_MS_SUM, 0)

    def durations_up_to(self, bounds_ms: Sequence[int]) -> list[int]:
        """Return, for each bound, how many durations it is not exceeded by; last, how many there are at all.

        Exact for the bounds that `exact_bound_ms` returns.
        """
        buckets = self._buckets()
        counts = [sum(count for floor, count in buckets if floor <= bound) for bound in bounds_ms]
        return [*counts, sum(count for _, count in buckets)]

    @property
    def rows(self) -> dict[str, int]:
        """How many rows came to which end, by the names of COUNTED_ROWS."""
        return {name: self.counters.get(_ROWS + name, 0) for name in COUNTED_ROWS}

    @property
    def records_processed(self) -> int:
        """How many rows are known to have been deleted, by runs and by TTL."""
        return self.rows["deleted"] + self.removed_by_ttl

    @property
    def removed_by_ttl(self) -> int:
        """How many rows TTL removed, as far as the executions tell."""
        return self.counters.get(_REMOVED_BY_TTL, 0)

    def after(self, increment: Increment) -> JobStatistics:
        """Return the statistics once `increment` has been added."""
        return JobStatistics(_summed([self.counters, increment.changes]))

    def _percentile_ms(self, percent: int) -> int | None:
        """Return a duration within 1 % of the shortest that so many percent of the durations do not exceed.

        The paper's own quantile ranks a little lower, and leaves the slowest of ten runs out of their p99.
        """
        buckets = self._buckets()
        rank = rank_of(percent, sum(count for _, count in buckets))
        for floor, count in buckets:
            if rank < count:
                return _represented(floor)
            rank -= count
        return None

    def _buckets(self) -> list[tuple[int, int]]:
        """Return the shortest duration of each bucket that holds some, and how many, in ascending order."""
        return sorted(
            (_FLOORS[int(name.removeprefix(_BUCKET))], count)
            for name, count in self.counters.items()
            if name.startswith(_BUCKET) and count > 0
        )


def exact_bound_ms(duration_ms: int) -> int:
    """Return the shortest duration, not below this one, which the counters can tell longer ones from."""
    return _FLOORS[bisect_left(_FLOORS, duration_ms + 1)] - 1


def merged(several: Iterable[JobStatistics]) -> JobStatistics:
    """Return the statistics of several jobs together, as exact as those of each."""
    return JobStatistics(_summed(statistics.counters for statistics in several))


def _summed(several: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for counters in several:
        for name, number in counters.items():
            sums[name] = sums.get(name, 0) + number
    return {name: number for name, number in sums.items() if number}
