"""What a deleted row costs beside few live rows and beside many."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.children import child_of
from benchmarks.contenders import Contender, Target
from benchmarks.engine import metered_engine
from benchmarks.seeding import create_sessions
from benchmarks.trials import Filling, Trial, play_large

# Each page of a scan makes the embedded engine sort the whole table: far beyond this a scan takes it hours.
MOST_ROWS_TO_SCAN = 100_000


@dataclass(frozen=True)
class Cost:
    """A contender's trial beside so many live rows, None where the engine could not play it."""

    contender: Contender
    live: int
    trial: Trial | None


def cost_beside_live_rows(
    contenders: Sequence[Contender], expired: int, live_rows: Sequence[int], say: Callable[[str], None]
) -> list[Cost]:
    """Let each contender clean `expired` rows out of a table of its own for each number of live rows.

    Ours does so on the stand-in, which plays with no other contender.
    """
    costs = []
    for contender in contenders:
        with metered_engine(stand_in=contender.on_stand_in) as engine:
            for live in live_rows:
                if contender.scans and live > MOST_ROWS_TO_SCAN:
                    costs.append(Cost(contender, live, None))
                    continue
                table, now = f"beside-{live}", int(time.time())
                say(f"beside {live:,} live rows: {contender.title}, on {engine.name}")
                create_sessions(engine.dynamodb, table)
                engine.fill(table, "live", live, now)
                engine.fill(table, "expired", expired, now)
                target = Target(engine.endpoint, table, now)
                with child_of(contender) as child:
                    trial = play_large(engine, child, target, Filling(expired, live))
                costs.append(Cost(contender, live, trial))
                engine.dynamodb.delete_table(TableName=table)
    return costs
