"""Everything that the ways in may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from barycenter_jobs.operations.cancel_run import CancelRun
    from barycenter_jobs.operations.clear_history import ClearHistory
    from barycenter_jobs.operations.control_job import ControlJob
    from barycenter_jobs.operations.find_executions import FindExecutions
    from barycenter_jobs.operations.list_clearings import ListClearings
    from barycenter_jobs.operations.list_jobs import ListJobs
    from barycenter_jobs.operations.list_quarantine import ListQuarantine
    from barycenter_jobs.operations.read_backlog import ReadBacklog
    from barycenter_jobs.operations.read_health import ReadHealth
    from barycenter_jobs.operations.read_log import ReadLog
    from barycenter_jobs.operations.read_statistics import ReadStatistics
    from barycenter_jobs.operations.trigger_job import TriggerJob


@dataclass(frozen=True)
class Operations:
    """What the API can do, whichever way it is asked, and the `clock` that tells it the time in UTC."""

    clock: Callable[[], datetime]
    list_jobs: ListJobs
    read_log: ReadLog
    trigger_job: TriggerJob
    list_quarantine: ListQuarantine
    read_health: ReadHealth
    control_job: ControlJob
    cancel_run: CancelRun
    read_statistics: ReadStatistics
    clear_history: ClearHistory
    list_clearings: ListClearings
    read_backlog: ReadBacklog
    find_executions: FindExecutions
