"""One trial: a contender cleans a table, and its claim is held against what really became of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.capacity import delete_units, read_units
from benchmarks.child import Measure
from benchmarks.children import Child
from benchmarks.contenders import Target
from benchmarks.engine import MeteredEngine
from benchmarks.meter import Orders, Record
from benchmarks.seeding import KEY, ROW_BYTES, entry_bytes, keys_in, keys_of, rows_in

_DAY = 86400


@dataclass(frozen=True)
class Filling:
    """How many rows a table holds when a trial begins."""

    expired: int
    live: int


@dataclass(frozen=True)
class Recount:
    """What became of the rows, by the table itself. `deleted` are those that the contender removed."""

    deleted: int
    live_lost: int
    renewed_lost: int


@dataclass(frozen=True)
class Units:
    """Capacity units that a trial consumed."""

    read: float
    write: float


@dataclass(frozen=True)
class Trial:
    """A trial's account. `documented` units follow DynamoDB's documentation, `reported` ones the engine."""

    engine: str
    contender: str
    filling: Filling
    measure: Measure
    recount: Recount
    requests: Mapping[str, int]
    renewed: int
    removed: int
    answers_lost: int
    reported: Units
    documented: Units

    @property
    def exact(self) -> bool:
        """Whether the contender's count is what it removed."""
        return self.measure.claim.deleted == self.recount.deleted

    @property
    def uncertain(self) -> int:
        """How many rows the contender says it cannot tell about."""
        return self.measure.claim.others.get("uncertain", 0)

    @property
    def rows_per_second(self) -> float:
        """How many rows were removed a second, on the wall's clock."""
        return self.recount.deleted / self.measure.seconds

    @property
    def cpu_microseconds_per_row(self) -> float:
        """What the contender's own process computed for each row that it removed."""
        return 1e6 * self.measure.cpu_seconds / max(1, self.recount.deleted)


@dataclass(frozen=True)
class _Outcome:
    """What a contender measured and what the meter recorded, on which engine."""

    engine: str
    measure: Measure
    record: Record


@dataclass(frozen=True)
class Disturbance:
    """What happens behind a contender's back. See `Orders`."""

    renew: int = 0
    remove: int = 0
    lose_answers: int = 0
    latency_ms: int = 0


NONE = Disturbance()


def play(
    engine: MeteredEngine, child: Child, target: Target, filling: Filling, disturbance: Disturbance = NONE
) -> Trial:
    """Let the contender clean a table so filled, and recount it key by key."""
    outcome = _run(engine, child, target, disturbance)
    left = keys_in(engine.dynamodb, target.table)
    recount = Recount(
        deleted=filling.expired + filling.live - len(left) - len(outcome.record.removed),
        live_lost=len(keys_of("live", filling.live) - left),
        renewed_lost=len(set(outcome.record.renewed) - left),
    )
    return _trial(outcome, child, filling, recount)


def play_large(engine: MeteredEngine, child: Child, target: Target, filling: Filling) -> Trial:
    """Let the contender clean a table too large to read: only its rows are counted, before and after."""
    outcome = _run(engine, child, target, NONE)
    left = rows_in(engine.dynamodb, target.table)
    recount = Recount(
        deleted=filling.expired + filling.live - left, live_lost=max(0, filling.live - left), renewed_lost=0
    )
    return _trial(outcome, child, filling, recount)


def _run(engine: MeteredEngine, child: Child, target: Target, disturbance: Disturbance) -> _Outcome:
    child.prepare(target)
    engine.measure(
        Orders(
            table=target.table,
            key=KEY,
            row_bytes=ROW_BYTES,
            renew=disturbance.renew,
            renew_until=target.now + _DAY,
            remove=disturbance.remove,
            lose_answers=disturbance.lose_answers,
            latency_ms=disturbance.latency_ms,
        )
    )
    return _Outcome(engine.name, child.clean(), engine.record())


def _trial(outcome: _Outcome, child: Child, filling: Filling, recount: Recount) -> Trial:
    record = outcome.record
    sizes = {"row_bytes": ROW_BYTES, "entry_bytes": entry_bytes()}
    return Trial(
        engine=outcome.engine,
        contender=child.contender.name,
        filling=filling,
        measure=outcome.measure,
        recount=recount,
        requests=record.requests,
        renewed=len(record.renewed),
        removed=len(record.removed),
        answers_lost=record.answers_lost,
        reported=Units(record.read_units, record.write_units),
        documented=Units(
            read_units(record.reads, **sizes),
            delete_units(record.deletes_tried, recount.deleted, **sizes),
        ),
    )
