"""Keep a job from running by itself, and let it again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import UnknownJob
from barycenter_jobs.core.executions import Request
from barycenter_jobs.core.jobs import job_named
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.timestamps import iso

if TYPE_CHECKING:
    from barycenter_jobs.core.stores import JobControls

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Controlled:
    """What came of it. `success` says that the job is now as asked; `pause` is the one that stands."""

    success: bool
    message: str
    job_name: str
    pause: Pause | None = None


@dataclass(frozen=True)
class ControlJob:
    """Pauses and resumes jobs; `clock` tells the time in UTC.

    An unknown name is answered with `success` false. Both raise StoreError when the change cannot be made.
    """

    controls: JobControls
    clock: Callable[[], datetime]

    def pause(self, job_name: str, by: str | None, reason: str | None = None) -> Controlled:
        """Keep the job from running by itself. What is running goes on; a manual trigger still runs it.

        A job that is paused already stays paused as it was.
        """
        try:
            job = job_named(job_name)
        except UnknownJob as error:
            return Controlled(success=False, message=str(error), job_name=job_name)
        asked = Pause(by, self.clock(), reason)
        standing = self.controls.pause(job, asked)
        since = "" if standing == asked else f" already, since {iso(standing.paused_at)}"
        if standing == asked:
            logger.info("job paused", extra={"jobName": job.name, "by": by, "reason": reason})
        return Controlled(
            success=True,
            message=f"Job {job.name} is paused{since} by {standing}",
            job_name=job.name,
            pause=standing,
        )

    def resume(self, job_name: str, by: str | None, reason: str | None = None) -> Controlled:
        """Let the job run by itself again, from the next time that it is due."""
        try:
            job = job_named(job_name)
        except UnknownJob as error:
            return Controlled(success=False, message=str(error), job_name=job_name)
        now = self.clock()
        ended = self.controls.resume(job, now)
        if ended is None:
            return Controlled(success=True, message=f"Job {job.name} is not paused", job_name=job.name)
        logger.info("job resumed", extra={"jobName": job.name, "by": by, "reason": reason})
        resumed = f"Job {job.name} is resumed by {Request(now, by, reason)}"
        was = f"it had been paused since {iso(ended.paused_at)} by {ended}"
        return Controlled(success=True, message=f"{resumed}; {was}", job_name=job.name)
