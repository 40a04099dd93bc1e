"""All that the function of one job can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.executions import Execution, Method
from barycenter_jobs.core.tasks import PartDue, PartsDone, Run, Task

if TYPE_CHECKING:
    from barycenter_jobs.core.legs import Drained
    from barycenter_jobs.operations.close_run import CloseRun
    from barycenter_jobs.operations.drain_part import DrainPart
    from barycenter_jobs.operations.reconcile import Reconcile
    from barycenter_jobs.operations.run_job import RunJob


@dataclass(frozen=True)
class Cleanup:
    """Hands each task to the operation that it is for, and returns what that returns.

    What is hardly ever asked for is made when it is.
    """

    run_job: RunJob
    reconcile: Callable[[], Reconcile]
    drain_part: Callable[[], DrainPart]
    close_run: Callable[[], CloseRun]

    def __call__(self, task: Task, remaining: Callable[[], timedelta]) -> Execution | Drained:
        """Do the task in the time that is `remaining`. Raises what the operation raises."""
        match task:
            case Run(start, _) if start.method is Method.RECONCILE:
                return self.reconcile()(start, remaining)
            case Run(start, execution_id):
                return self.run_job(start, execution_id, remaining)
            case PartDue(execution_id, part, invocation_id):
                return self.drain_part()(execution_id, part, invocation_id, remaining)
            case PartsDone(execution_id, failed):
                return self.close_run()(execution_id, failed, remaining)
