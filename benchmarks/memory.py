"""How much memory a cleaning takes for a small backlog and for a large one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks.children import child_of
from benchmarks.contenders import Contender, Target
from benchmarks.engine import metered_engine
from benchmarks.seeding import create_sessions
from benchmarks.trials import Filling, Trial, play_large


def memory_for_backlogs(
    contenders: Sequence[Contender], backlogs: Sequence[int], say: Callable[[str], None]
) -> list[Trial]:
    """Let each contender clean a table of its own for each number of expired rows.

    Ours does so on the stand-in, which plays with no other contender.
    """
    trials = []
    for contender in contenders:
        with metered_engine(stand_in=contender.on_stand_in) as engine:
            for expired in backlogs:
                table, now = f"backlog-{expired}", int(time.time())
                say(f"a backlog of {expired:,} rows: {contender.title}, on {engine.name}")
                create_sessions(engine.dynamodb, table)
                engine.fill(table, "expired", expired, now)
                target = Target(engine.endpoint, table, now)
                with child_of(contender) as child:
                    trials.append(play_large(engine, child, target, Filling(expired, live=0)))
                engine.dynamodb.delete_table(TableName=table)
    return trials
