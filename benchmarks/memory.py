"""How much memory a cleaning takes for a small backlog and for a large one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks.children import child_of
from benchmarks.contenders import Contender, Target
from benchmarks.engine import MeteredEngine
from benchmarks.seeding import create_sessions, put_expired
from benchmarks.trials import Filling, Trial, play_large


def memory_for_backlogs(
    engine: MeteredEngine,
    contenders: Sequence[Contender],
    backlogs: Sequence[int],
    say: Callable[[str], None],
) -> list[Trial]:
    """Let each contender clean a table of its own for each number of expired rows, on the embedded engine."""
    trials = []
    for expired in backlogs:
        for contender in contenders:
            table, now = f"backlog-{expired}-{contender.name}", int(time.time())
            say(f"filling a table with {expired:,} expired rows")
            create_sessions(engine.dynamodb, table)
            put_expired(engine.dynamodb, table, expired, now)
            say(f"a backlog of {expired:,} rows: {contender.title}")
            with child_of(contender) as child:
                trials.append(
                    play_large(engine, child, Target(engine.endpoint, table, now), Filling(expired, live=0))
                )
            engine.dynamodb.delete_table(TableName=table)
    return trials
