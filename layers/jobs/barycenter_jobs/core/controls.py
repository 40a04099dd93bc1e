"""What is known about a job beside its runs: whether it is paused, and since when its schedule is watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from barycenter_jobs.core.pauses import Pause


@dataclass(frozen=True, slots=True)
class Control:
    """What is known about one job.

    `watched_since` is when `expression`, the schedule as it is deployed, was first seen. At
    `last_scheduled_start` the latest run that its schedule started was recorded, be it one that was skipped
    because another was under way. Everything is None for a job of which nobody has said anything yet.
    """

    pause: Pause | None = None
    resumed_at: datetime | None = None
    expression: str | None = None
    watched_since: datetime | None = None
    last_scheduled_start: datetime | None = None

    def watched(self, expression: str, now: datetime) -> datetime:
        """Return since when a schedule is watched: since `now`, if it is not the one that was seen before."""
        if self.watched_since is None or self.expression != expression:
            return now
        return self.watched_since
