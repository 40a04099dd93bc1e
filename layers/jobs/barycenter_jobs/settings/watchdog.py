"""What the watchdog needs to know beside the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.settings.schedules import schedules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barycenter_jobs.core.schedules import Schedule
    from barycenter_jobs.settings.reading import Environment


@dataclass(frozen=True, slots=True)
class WatchdogSettings:
    """What the watchdog needs to know beside the log: schedules by the jobs' names, and the stack's name."""

    schedules: Mapping[str, Schedule]
    stack: str = "local"

    @classmethod
    def of(cls, environment: Environment) -> WatchdogSettings:
        """Read <JOB>_SCHEDULE of each job, and STACK_NAME. Raises InvalidSetting."""
        return cls(schedules=schedules(environment), stack=environment.get("STACK_NAME") or "local")
