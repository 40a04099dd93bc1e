"""What the newest runs of a job tell of how it is going: what no single record says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from barycenter_jobs.core.executions import FAILURES, Execution, Method, Status

# Lambda makes two more attempts at an event that failed, a minute after the first and two after the second
# (Lambda developer guide, "Error handling for asynchronous invocations").
ATTEMPTS = 3
REPEATED_WITHIN = timedelta(minutes=4)  # the longer of the two, and as much again for a busy queue


def failures_in_a_row(newest_first: Iterable[Execution], now: datetime | None = None) -> int:
    """Return how many events were the last to fail, one after the other, whatever else happened in between.

    Looks at no more executions than it takes to know.

    Attempts at one event are one: the latest of them says how it went. Runs that did not take place, were
    cancelled or are still going tell nothing; given `now`, neither does one that Lambda may still repeat.
    """
    failures = 0
    judged: set[str] = set()
    for execution in cleanups(newest_first):
        if execution.delivery_id in judged:
            continue
        judged.add(execution.delivery_id)
        if execution.status is Status.SUCCESS:
            break
        if execution.status in FAILURES:
            failures += now is None or _is_final(execution, now)
    return failures


def cleanups(executions: Iterable[Execution]) -> Iterator[Execution]:
    """Yield the runs that were to delete what has expired: no dry runs and no reconciling scans."""
    return (each for each in executions if each.method is Method.RUN_JOB and not each.dry_run)


def breaker_tripped(newest_first: Sequence[Execution]) -> bool:
    """Return whether the latest cleanup that did anything stopped at the most that a run may delete."""
    latest = _latest(newest_first)
    return latest is not None and latest.breaker_tripped


def quarantined_rows(newest_first: Sequence[Execution]) -> int:
    """Return how many rows were quarantined at last.

    A reconciling scan sees rows that a cleanup does not, and takes place once a day: the latest success of
    each counts, and the one that saw more.
    """
    latest: dict[Method, int] = {}
    for execution in newest_first:
        if execution.status is Status.SUCCESS and not execution.dry_run:
            latest.setdefault(execution.method, execution.counts.quarantined)
    return max(latest.values(), default=0)


def backlog_rows(newest_first: Sequence[Execution]) -> int | None:
    """Return how many expired rows the latest cleanup left, None where no run knows."""
    return next(_backlogs(newest_first), None)


def backlog_grew(newest_first: Sequence[Execution]) -> int:
    """Return how many cleanups in a row, the latest last, each left more than the one before it."""
    backlogs = list(_backlogs(newest_first))
    grew = 0
    for later, earlier in pairwise(backlogs):
        if later <= earlier:
            break
        grew += 1
    return grew


def _backlogs(newest_first: Sequence[Execution]) -> Iterator[int]:
    return (each.backlog.remaining for each in cleanups(newest_first) if each.backlog is not None)


def _latest(newest_first: Sequence[Execution]) -> Execution | None:
    over = (Status.SUCCESS, *FAILURES)
    return next((each for each in cleanups(newest_first) if each.status in over), None)


def _is_final(failed: Execution, now: datetime) -> bool:
    """Return whether Lambda will not repeat what failed."""
    ended_at = failed.completed_at or failed.started_at
    return failed.attempt_number >= ATTEMPTS or now - ended_at >= REPEATED_WITHIN
