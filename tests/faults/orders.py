"""What a test tells a worker process to do, and where to stop."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class Point(StrEnum):
    """A place in a run at which a worker stops until it is told to go on."""

    BEFORE_THE_CLAIM = "before the claim"
    AFTER_THE_CLAIM = "after the claim"
    MID_SWEEP = "mid-sweep, with every thread before a delete"
    MID_BATCH = "mid-sweep, with rows deleted that nobody has counted"
    BEFORE_THE_ACCOUNT = "after the last delete of a part, before its account"
    BEFORE_THE_RECORD = "after the last delete, before the record"


@dataclass(frozen=True)
class Orders:
    """The work of one process: a run, or with a `part` one part of a run that is shared out.

    `log` is the address at which it reaches the log. It stops at `stop_at`, in a sweep once
    `batches_before` batches have come before.
    """

    engine: str
    log: str
    sessions: str
    executions: str
    event: str
    execution_id: int | None = None
    part: str | None = None
    stop_at: Point | None = None
    batches_before: int = 4
    seconds_a_batch: float = 0.0
    lease_seconds: float = 1.5
    heartbeat_seconds: float = 0.1

    def text(self) -> str:
        """Return the orders as an argument of a program."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Orders:
        """Return the orders that such an argument gives."""
        given = json.loads(text)
        stop_at = given.pop("stop_at")
        return cls(**given, stop_at=None if stop_at is None else Point(stop_at))
