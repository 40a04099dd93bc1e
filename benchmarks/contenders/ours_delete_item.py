"""Our sweep with the deleter for engines and policies without PartiQL."""

from __future__ import annotations

from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from benchmarks.contenders import Cleaning, Target, ours_partiql


def prepare(target: Target) -> Cleaning:
    """Return a sweep of the target's table by single deletes."""
    return ours_partiql.prepare(target, ConditionalDeleter)
