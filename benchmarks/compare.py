"""The side-by-side measurement: every contender on tables of its own, in rounds, and disturbed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.children import Child, child_of
from benchmarks.contenders import OURS, Contender, Target
from benchmarks.engine import MeteredEngine
from benchmarks.seeding import create_sessions, put_expired, put_live
from benchmarks.trials import NONE, Disturbance, Filling, Trial, play

RACED = Disturbance(renew=3, remove=3)
ANSWER_LOST = Disturbance(lose_answers=1)
DISTANT = Disturbance(latency_ms=5)  # single-digit milliseconds, as DynamoDB has it

Value = Callable[[Trial], float]


@dataclass(frozen=True)
class Sizes:
    """How many rows, and how many rounds."""

    calm: Filling
    distant: Filling
    disturbed: Filling
    rounds: int


@dataclass(frozen=True)
class Result:
    """A contender's trials.

    `calm`: undisturbed, one a round. `distant`: the same with the engine some milliseconds away. `raced`:
    rows were renewed and removed after they had been read.
    `answer_lost`: the first delete was done and its answer lost.
    """

    contender: Contender
    calm: Sequence[Trial]
    distant: Sequence[Trial]
    raced: Trial
    answer_lost: Trial

    @property
    def live_rows_lost(self) -> int:
        """How many rows it deleted that were live, or had been renewed in time."""
        trials = (*self.calm, *self.distant, self.raced, self.answer_lost)
        return sum(trial.recount.live_lost + trial.recount.renewed_lost for trial in trials)

    def median(self, value: Value) -> float:
        """Return the median over the rounds."""
        return median(value(trial) for trial in self.calm)

    def distant_ratio(self, value: Value, reference: Result) -> float:
        """Return the same as `ratio` does, with the engine some milliseconds away."""
        rounds = zip(self.distant, reference.distant, strict=True)
        return median(value(trial) / value(other) for trial, other in rounds)

    def ratio(self, value: Value, reference: Result) -> float:
        """Return the median over the rounds of this contender's value by the reference's in the same round.

        A machine that others use gets slower and faster; within a round it does so least.
        """
        rounds = zip(self.calm, reference.calm, strict=True)
        return median(value(trial) / value(other) for trial, other in rounds)


def compare(
    engine: MeteredEngine, contenders: Sequence[Contender], sizes: Sizes, say: Callable[[str], None]
) -> list[Result]:
    """Measure the contenders. Each round begins with another one, so that none is always first."""
    calm: dict[Contender, list[Trial]] = {contender: [] for contender in contenders}
    distant: dict[Contender, list[Trial]] = {contender: [] for contender in contenders}
    disturbed: dict[Contender, list[Trial]] = {}
    for number in range(1, sizes.rounds + 1):
        first = (number - 1) * len(contenders) // sizes.rounds
        for contender in (*contenders[first:], *contenders[:first]):
            say(f"round {number} of {sizes.rounds}: {contender.title}")
            with child_of(contender) as child:
                calm[contender].append(_trial(engine, child, sizes.calm, NONE))
                distant[contender].append(_trial(engine, child, sizes.distant, DISTANT))
                if number == sizes.rounds:
                    disturbed[contender] = [
                        _trial(engine, child, sizes.disturbed, disturbance)
                        for disturbance in (RACED, ANSWER_LOST)
                    ]
    return [
        Result(contender, calm[contender], distant[contender], *disturbed[contender])
        for contender in contenders
    ]


def ours(results: Sequence[Result]) -> Result:
    """Return the result that the others are put in relation to: our sweep's, else the first."""
    return next((result for result in results if result.contender is OURS), results[0])


def _trial(engine: MeteredEngine, child: Child, filling: Filling, disturbance: Disturbance) -> Trial:
    now = int(time.time())
    target = Target(engine.endpoint, child.contender.name, now)
    create_sessions(engine.dynamodb, target.table)
    put_expired(engine.dynamodb, target.table, filling.expired, now)
    put_live(engine.dynamodb, target.table, filling.live, now)
    trial = play(engine, child, target, filling, disturbance)
    engine.dynamodb.delete_table(TableName=target.table)
    return trial
