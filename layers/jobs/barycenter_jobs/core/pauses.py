"""Jobs that somebody has stopped from running by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from barycenter_jobs.core.executions import Request


@dataclass(frozen=True, slots=True)
class Pause:
    """Who stopped a job from running by itself, when, and why; a caller without a name is None."""

    by: str | None
    paused_at: datetime
    reason: str | None = None

    def __str__(self) -> str:
        return str(Request(self.paused_at, self.by, self.reason))
