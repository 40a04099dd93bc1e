"""Histories that were cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Request


@dataclass(frozen=True, slots=True)
class Clearing:
    """One time that somebody cleared the history: of one job, or of all where `job_name` is None.

    `records` is how many records it has removed so far.
    """

    id: int
    request: Request
    job_name: str | None = None
    records: int = 0
