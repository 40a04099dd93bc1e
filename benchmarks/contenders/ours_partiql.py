"""Our sweep with its batching deleter, put together as `bootstrap` does."""

from __future__ import annotations

import random
import time

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.sweep import sweep
from benchmarks.contenders import Claim, Cleaning, Target


def prepare(
    target: Target, deleter_of: type[PartiqlDeleter | ConditionalDeleter] = PartiqlDeleter
) -> Cleaning:
    """Return a sweep of the target's table."""
    rows = TableRows(DynamoDB(target.endpoint).reading, target.table, SESSIONS.kind, target.shards)
    deleter = deleter_of(DynamoDB(target.endpoint).deleting, target.table, SESSIONS.kind.key)
    cutoffs = Cutoffs(target.now)
    backoff = Backoff(time.sleep, random.random)

    def clean() -> Claim:
        report = sweep(rows.pages(cutoffs), deleter, cutoffs, backoff=backoff, time_is_left=lambda: True)
        if report.broken_by is not None:
            raise report.broken_by
        counts = report.counts
        others = {
            "became live": counts.became_live,
            "already gone": counts.already_gone,
            "failed": counts.failed,
            "uncertain": counts.uncertain,
        }
        return Claim(counts.deleted, {outcome: count for outcome, count in others.items() if count})

    return clean
