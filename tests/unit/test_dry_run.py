"""A dry run, and what a run says of what it leaves behind."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Backlog, Execution, Start, Status, Trigger, TriggerKind, Usage
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate
from barycenter_jobs.operations.run_job import RunJob

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
SECOND = int(NOON.timestamp())


def expired(count: int) -> MemoryTable:
    """A table of that many expired sessions, the last one the longest, and odd ones that stay."""
    rows: dict[str, dict[str, object]] = {
        f"session-{n}": {"expires_at": SECOND - 60 - n} for n in range(count)
    }
    return MemoryTable({**rows, "live": {"expires_at": SECOND + 60}, "odd": {"expires_at": "soon"}})


def ran(
    table: MemoryTable,
    *,
    dry_run: bool = False,
    max_records: int | None = None,
    remaining: Callable[[], timedelta] = lambda: timedelta(minutes=5),
) -> Execution:
    job = RunJob(
        job=SESSIONS,
        rows=table,
        deleter=table,
        log=MemoryExecutionLog(),
        clock=lambda: NOON,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        max_records=max_records,
    )
    return job(Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1", dry_run=dry_run), None, remaining)


def test_a_dry_run_deletes_nothing_and_tells_what_a_run_would_delete() -> None:
    table = expired(30)

    execution = ran(table, dry_run=True)

    assert len(table.rows) == 32
    assert execution.dry_run
    assert execution.status is Status.SUCCESS
    assert execution.records_processed == 0
    assert execution.counts == Counts(quarantined=1)
    assert execution.backlog == Backlog(30, NOON - timedelta(seconds=60 + 29))
    assert execution.usage == Usage(write_units=60, cost_usd=60 * 0.625 / 1_000_000)


def test_the_samples_of_a_dry_run_are_five_hashes_of_the_longest_expired() -> None:
    execution = ran(expired(30), dry_run=True)

    assert execution.samples == tuple(Candidate(f"session-{n}", 0).name for n in range(29, 24, -1))
    assert all(len(sample) == 12 and "session" not in sample for sample in execution.samples)


def test_a_dry_run_of_a_clean_table_finds_nothing() -> None:
    execution = ran(expired(0), dry_run=True)

    assert execution.backlog == Backlog(0, None)
    assert execution.samples == ()
    assert execution.usage == Usage()


def test_a_dry_run_that_runs_out_of_time_says_that_there_may_be_more() -> None:
    ticks = iter([timedelta(minutes=5), timedelta(0)])

    execution = ran(expired(300), dry_run=True, remaining=lambda: next(ticks))

    assert execution.backlog is not None
    assert (execution.backlog.remaining, execution.backlog.exact) == (100, False)


def test_a_run_that_did_everything_leaves_no_backlog() -> None:
    assert ran(expired(30)).backlog == Backlog(0, None)


def test_a_run_that_ran_out_of_time_tells_what_is_left_and_since_when() -> None:
    table = expired(1000)
    looks = itertools.count()

    execution = ran(table, remaining=lambda: timedelta(minutes=5 if next(looks) < 20 else 0))

    left = 1000 - execution.counts.deleted
    assert execution.status is Status.SUCCESS
    assert 500 <= left < 1000
    oldest = max(int(key.removeprefix("session-")) for key in table.rows if key.startswith("session"))
    assert execution.backlog == Backlog(left, NOON - timedelta(seconds=60 + oldest))
    assert execution.warnings == ("Time ran out before the backlog did; the next run goes on from there.",)


def test_the_next_run_goes_on_from_there() -> None:
    table = expired(1000)
    runs = 0
    while table.rows.keys() - {"live", "odd"}:
        looks = itertools.count()
        execution = ran(table, remaining=lambda looks=looks: timedelta(minutes=5 if next(looks) < 20 else 0))  # type: ignore[misc]
        assert execution.status is Status.SUCCESS
        runs += 1

    assert 2 <= runs <= 10
