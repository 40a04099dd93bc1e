"""The schedules of the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidSchedule, InvalidSetting
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.settings.reading import required

if TYPE_CHECKING:
    from barycenter_jobs.core.schedules import Schedule
    from barycenter_jobs.settings.reading import Environment


def schedules(environment: Environment) -> dict[str, Schedule]:
    return {job.name: _schedule(environment, f"{job.name.upper()}_SCHEDULE") for job in JOBS}


def _schedule(environment: Environment, name: str) -> Schedule:
    try:
        return parse(required(environment, name))
    except InvalidSchedule as error:
        raise InvalidSetting(f"{name}: {error}") from None
