"""Metrics for Prometheus: `/metrics`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from barycenter_jobs.core.errors import StoreError
from barycenter_jobs.http_messages import HttpResponse
from barycenter_jobs.rest.clearing import NO_STORE
from barycenter_jobs.rest.negotiation import chosen

if TYPE_CHECKING:
    from prometheus_client import Metric

    from barycenter_jobs.core.backlog import JobBacklog
    from barycenter_jobs.core.health import JobHealth
    from barycenter_jobs.operations.api import Operations
    from barycenter_jobs.operations.read_statistics import Statistics
    from barycenter_jobs.rest.asked import Asked

T = TypeVar("T")

OPENMETRICS = "application/openmetrics-text"
PLAIN = "text/plain"
# A counter must not seem to fall when one process answers a scrape with what it read before another answered
# the last one: nothing is kept for as long as scrapes lie apart.
COUNTERS_KEPT = timedelta(seconds=5)
# A large backlog takes seconds to count.
BACKLOG_KEPT = timedelta(seconds=60)

logger = logging.getLogger(__name__)


@dataclass
class _Kept(Generic[T]):
    """What was read last, for as long as it counts as fresh."""

    read: Callable[[], T]
    fresh: timedelta
    last: tuple[datetime, T] | None = None

    def at(self, now: datetime) -> T:
        if self.last is None or not self.last[0] <= now < self.last[0] + self.fresh:
            self.last = now, self.read()
        return self.last[1]


@dataclass
class Metrics:
    """Shows the state of all jobs. `clock` tells the time in UTC."""

    operations: Operations
    clock: Callable[[], datetime]
    _state: _Kept[tuple[Statistics, Sequence[JobHealth]]] = field(init=False)
    _backlog: _Kept[Sequence[JobBacklog]] = field(init=False)

    def __post_init__(self) -> None:
        operations = self.operations
        self._state = _Kept(lambda: (operations.read_statistics(), operations.read_health()), COUNTERS_KEPT)
        self._backlog = _Kept(lambda: operations.read_backlog(None), BACKLOG_KEPT)

    def __call__(self, asked: Asked) -> HttpResponse:
        """Answer a scrape. Raises Refused, and StoreError where the log cannot be read.

        A table whose backlog cannot be read does not hide the rest: `barycenter_jobs_backlog_readable` is 0.
        """
        # It brings a whole HTTP server with it, which would cost every cold start.
        from prometheus_client import exposition  # noqa: PLC0415
        from prometheus_client.openmetrics import exposition as openmetrics  # noqa: PLC0415

        media_type = chosen(asked.request, [PLAIN, OPENMETRICS])
        if media_type == OPENMETRICS:
            text, version = openmetrics.generate_latest(self), "1.0.0"
        else:
            text, version = exposition.generate_latest(self), "0.0.4"
        content_type = f"{media_type}; version={version}; charset=utf-8"
        headers = {"content-type": content_type, "cache-control": NO_STORE, "vary": "accept"}
        return HttpResponse(200, text.decode(), headers)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric. Raises StoreError."""
        from barycenter_jobs.rest.metric_families import backlog_families, families  # noqa: PLC0415

        now = self.clock()
        statistics, health = self._state.at(now)
        yield from families(statistics.lifetime_by_job, health)
        try:
            backlog: Sequence[JobBacklog] | None = self._backlog.at(now)
        except StoreError as error:
            logger.warning("backlog unreadable", extra={"error": type(error).__name__, "reason": str(error)})
            backlog = None
        yield from backlog_families(backlog, now)
