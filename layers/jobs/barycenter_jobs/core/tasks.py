"""What a cleanup function may be asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Start
    from barycenter_jobs.core.parts import Part


@dataclass(frozen=True, slots=True)
class Run:
    """A run from start to record. `execution_id` names the record that a trigger has made for it."""

    start: Start
    execution_id: int | None = None


@dataclass(frozen=True, slots=True)
class PartDue:
    """One part of a run that is shared out, for this very invocation."""

    execution_id: int
    part: Part
    invocation_id: str


@dataclass(frozen=True, slots=True)
class PartsDone:
    """The end of a run that was shared out. `failed` says of a part that was not drained why."""

    execution_id: int
    failed: Mapping[Part, str]


Task = Run | PartDue | PartsDone
