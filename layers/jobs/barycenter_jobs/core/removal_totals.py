"""What TTL removed, added up as whole numbers, so that DynamoDB's `ADD` can do it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from barycenter_jobs.core.percentiles import rank_of
from barycenter_jobs.core.removals import Poison, Removal
from barycenter_jobs.core.ttl_part import TtlPart

# Every name holds an underscore, so that none is among DynamoDB's reserved words.
_ROWS = "ttl_rows"
_BYTES = "ttl_bytes"
_UNITS = "ttl_units"
_UNDATED = "ttl_undated"
_UNREADABLE = "ttl_unreadable"
_LATE = "late_"

_LATEST_SECONDS = 10 * 366 * 86_400  # TTL leaves alone what expired more than five years ago

# A stream that is read in time is some seconds behind, and up to a batching window more.
BEHIND = timedelta(minutes=15)


def _floors() -> tuple[int, ...]:
    """Return where the buckets of lateness begin: as those of core.statistics, in seconds."""
    floors = [0]
    while floors[-1] <= _LATEST_SECONDS:
        floors.append((floors[-1] + floors[-1] // 100) * 100 // 99 + 1)
    return tuple(floors)


_FLOORS = _floors()


@dataclass(frozen=True, slots=True)
class RemovalTotals:
    """Counters of removals, by their names; one that is missing is 0. Sums and differences are exact."""

    counters: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counters", {name: n for name, n in self.counters.items() if n})

    def __add__(self, other: RemovalTotals) -> RemovalTotals:
        return summed([self, other])

    def __sub__(self, other: RemovalTotals) -> RemovalTotals:
        return summed([self, RemovalTotals({name: -n for name, n in other.counters.items()})])

    @property
    def rows(self) -> int:
        """How many rows TTL removed."""
        return self.counters.get(_ROWS, 0)

    @property
    def size_bytes(self) -> int:
        """How large they were together."""
        return self.counters.get(_BYTES, 0)

    @property
    def write_units(self) -> int:
        """What deleting them would have cost."""
        return self.counters.get(_UNITS, 0)

    @property
    def undated(self) -> int:
        """How many of the rows had no expiry, or no time of removal, that could be read."""
        return self.counters.get(_UNDATED, 0)

    @property
    def unreadable(self) -> int:
        """How many records told of a removal and not of which row. They are not among the rows."""
        return self.counters.get(_UNREADABLE, 0)

    @property
    def latest_seconds(self) -> int | None:
        """The greatest lateness, never less than it was and at most 2 % more."""
        buckets = self._buckets()
        return None if not buckets else _FLOORS[buckets[-1][0] + 1] - 1

    def lateness_percentile(self, percent: int) -> int | None:
        """Return a lateness within 1 % of the least that so many percent of the rows do not exceed."""
        buckets = self._buckets()
        rank = rank_of(percent, sum(count for _, count in buckets))
        for bucket, count in buckets:
            if rank < count:
                return _FLOORS[bucket] + _FLOORS[bucket] // 100
            rank -= count
        return None

    def _buckets(self) -> list[tuple[int, int]]:
        return sorted(
            (int(name.removeprefix(_LATE)), count)
            for name, count in self.counters.items()
            if name.startswith(_LATE) and count > 0
        )


def totals_of(told: Iterable[Removal | Poison]) -> RemovalTotals:
    """Return what these records add to the totals of their kind."""
    counters: dict[str, int] = {}
    for each in told:
        for name, number in _counters_of(each).items():
            counters[name] = counters.get(name, 0) + number
    return RemovalTotals(counters)


def summed(several: Iterable[RemovalTotals]) -> RemovalTotals:
    """Return the totals of several together."""
    sums: dict[str, int] = {}
    for totals in several:
        for name, number in totals.counters.items():
            sums[name] = sums.get(name, 0) + number
    return RemovalTotals(sums)


def _counters_of(told: Removal | Poison) -> dict[str, int]:
    if isinstance(told, Poison):
        return {_UNREADABLE: 1}
    counters = {_ROWS: 1, _BYTES: told.size_bytes, _UNITS: told.write_units}
    lateness = told.lateness_seconds
    if lateness is None:
        return counters | {_UNDATED: 1}
    bucket = bisect_right(_FLOORS, min(lateness, _LATEST_SECONDS)) - 1
    return counters | {f"{_LATE}{bucket}": 1}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the accounts of a kind have come: the latest batch, when it was made and when accounted for."""

    newest_at: datetime
    accounted_at: datetime

    @property
    def behind(self) -> timedelta | None:
        """By how much the stream was behind when it was last read, None where it was not."""
        lag = self.accounted_at - self.newest_at
        return lag if lag > BEHIND else None


@dataclass(frozen=True, slots=True)
class Taking:
    """What a run takes into its record: all that was accounted for since the latest run that took some.

    `totals` are all there are, `version` says how many runs have taken some before. Whoever records the run
    remembers both in the same write, under the condition that nobody else has taken since.
    """

    kind: str
    version: int
    totals: RemovalTotals
    window: RemovalTotals
    progress: Progress | None = None

    def behind(self, iterator_age: timedelta | None) -> timedelta | None:
        """Return by how much the stream is behind, None where it is not. Its reader may tell an age."""
        told = None if self.progress is None else self.progress.behind
        lag = max(iterator_age or timedelta(), told or timedelta())
        return lag if lag > BEHIND else None

    def part(self, patience: timedelta, behind: timedelta | None = None) -> TtlPart:
        """Return what the run's record tells of what it takes."""
        window = self.window
        return TtlPart(
            rows=window.rows,
            size_bytes=window.size_bytes,
            lateness_p50_seconds=window.lateness_percentile(50),
            lateness_p95_seconds=window.lateness_percentile(95),
            lateness_max_seconds=window.latest_seconds,
            write_units_saved=window.write_units,
            undated=window.undated,
            unreadable=window.unreadable,
            patience_seconds=int(patience.total_seconds()),
            behind_seconds=0 if behind is None else int(behind.total_seconds()),
        )
