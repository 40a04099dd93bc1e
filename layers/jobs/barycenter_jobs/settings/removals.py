"""What the account of TTL's removals needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.settings.log import removals_bus
from barycenter_jobs.settings.reading import required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.settings.log import EventBusSettings
    from barycenter_jobs.settings.reading import Environment


@dataclass(frozen=True, slots=True)
class RemovalSettings:
    """What the account of TTL's removals needs to know: each table's job, and who is told of what."""

    tables: Mapping[str, Job]
    queue_url: str
    queue_endpoint: str | None
    event_bus: EventBusSettings | None

    @classmethod
    def of(cls, environment: Environment) -> RemovalSettings:
        """Read the settings.

        <JOB>_TABLE of each job, UNREADABLE_REMOVALS_QUEUE_URL, SQS_ENDPOINT_URL, EMIT_REMOVALS and those of
        `EventBusSettings`. Raises InvalidSetting.
        """
        return cls(
            tables={required(environment, f"{job.name.upper()}_TABLE"): job for job in JOBS},
            queue_url=environment.get("UNREADABLE_REMOVALS_QUEUE_URL") or "",
            queue_endpoint=environment.get("SQS_ENDPOINT_URL") or None,
            event_bus=removals_bus(environment),
        )
