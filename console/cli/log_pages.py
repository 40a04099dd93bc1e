"""The log as the API gives it: in pages, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from barycenter_jobs.core.jobs import Job
from console.cli.api import Api, Json
from console.cli.documents import RUNS
from console.cli.times import Moment, iso

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are meant."""

    job: str | None = None
    failures: bool = False
    status: str | None = None
    since: str | None = None
    until: str | None = None


def run_filter(
    job: Job | None,
    *,
    failures: bool,
    status: str | None,
    since: Moment | None,
    until: Moment | None,
    now: datetime,
    utc: bool,
) -> RunFilter:
    """Return what the options mean at this moment. Raises UsageError for a range that holds no time."""
    first = since.at(now, utc=utc) if since else None
    end = until.at(now, utc=utc) if until else None
    if first and end and end <= first:
        raise click.UsageError("--until must be later than --since.")
    return RunFilter(
        job.name if job else None,
        failures,
        status,
        iso(first) if first else None,
        iso(end) if end else None,
    )


def page(
    api: Api, wanted: RunFilter, limit: int, after: str | None = None, *, patient: bool = False
) -> list[Json]:
    """Return a page of runs; one that is `patient` deals with a server that is gone by itself."""
    ask = api.once if patient else api.read
    data = ask(
        RUNS,
        job=wanted.job,
        failures=wanted.failures,
        status=wanted.status,
        since=wanted.since,
        until=wanted.until,
        limit=limit,
        after=after,
    )
    return list(data["jobLogs"])


def pages(
    api: Api, wanted: RunFilter, limit: int | None = None, page_size: int = LARGEST_PAGE
) -> Iterator[list[Json]]:
    """Yield page after page, `limit` runs at the most."""
    after, left = None, limit
    while left is None or left > 0:
        size = page_size if left is None else min(page_size, left)
        found = page(api, wanted, size, after)
        if found:
            yield found
        if len(found) < size:
            return
        after = found[-1]["cursor"]
        left = None if left is None else left - len(found)
