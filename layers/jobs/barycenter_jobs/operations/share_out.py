"""Share out what is left of a run among several invocations of its function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import ExecutionAlreadyFinished, StateMachineNotStarted, StoreError
from barycenter_jobs.core.executions import SHARED_LEASE
from barycenter_jobs.core.legs import FIRST, Leg
from barycenter_jobs.operations.recording import Recorded, problem_of

if TYPE_CHECKING:
    from barycenter_jobs.core.parts import Part
    from barycenter_jobs.core.stores import Legs, StateMachine


@dataclass(frozen=True)
class ShareOut:
    """Hands what one invocation has no time for to a state machine.

    A backlog of more than `threshold` rows goes by the `shards` of the index, to `at_once` invocations at a
    time; without a threshold no backlog does.
    """

    machine: StateMachine
    legs: Legs
    threshold: int | None
    at_once: int
    shards: Sequence[Part]

    def takes(self, backlog: int) -> bool:
        """Return whether a backlog of so many rows is shared out."""
        return self.threshold is not None and backlog > self.threshold

    def hand_over(self, run: Recorded, parts: Sequence[Part], at_once: int) -> None:
        """Have the parts worked on for the same run, whose record stays open; or say in it why not.

        What was done so far is kept first, so that it is counted whoever closes the record.
        """
        first = Leg(FIRST).after(run.report, problem_of(run.report), run.warnings)
        try:
            self.legs.end_leg(run.execution, first)
            if not run.held_for(SHARED_LEASE):
                return
            self.machine.start(run.execution, parts, at_once)
        except (StoreError, StateMachineNotStarted, ExecutionAlreadyFinished) as error:
            run.warnings += (f"The rest could not be shared out: {error}",)
        else:
            run.handed_over = True
