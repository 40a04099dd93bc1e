"""The items of the table `job_executions`.

Documented fields carry their documented names, and so both spellings occur: Barycenter's `jobName`
and ScheduleZero's `job_id`. `log` and `id` are the key; an execution's `log` is "executions".

Every index has `position` as its sort key, the start time followed by the id, so that all of them
read newest first and a range of time is a range of keys. The index keys `failure_log`, `failed_job`
and `job_status` exist only where they apply, which is what makes those indexes sparse.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from pynamodb.attributes import BooleanAttribute as _Boolean
from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from barycenter_jobs.core.counts import Counts

if TYPE_CHECKING:
    from pynamodb.connection import Connection

    from barycenter_jobs.adapters.dynamodb.client import DynamoDB

EXECUTIONS = "executions"
FAILURES = "failures"
COUNTERS = "counters"
AUDIT = "audit"
LAST_ID = 0

ItemType = TypeVar("ItemType", bound=Model)


class ByStart(GlobalSecondaryIndex["ExecutionItem"]):
    """All executions."""

    class Meta:
        index_name = "by-start"
        projection = AllProjection()

    log = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class ByJob(GlobalSecondaryIndex["ExecutionItem"]):
    """The executions of one job."""

    class Meta:
        index_name = "by-job"
        projection = AllProjection()

    jobName = UnicodeAttribute(hash_key=True)  # noqa: N815 - Barycenter's name
    position = UnicodeAttribute(range_key=True)


class ByStatus(GlobalSecondaryIndex["ExecutionItem"]):
    """The executions in one state."""

    class Meta:
        index_name = "by-status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class ByJobAndStatus(GlobalSecondaryIndex["ExecutionItem"]):
    """The executions of one job in one state."""

    class Meta:
        index_name = "by-job-and-status"
        projection = AllProjection()

    job_status = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class Failures(GlobalSecondaryIndex["ExecutionItem"]):
    """Failed executions."""

    class Meta:
        index_name = "failures"
        projection = AllProjection()

    failure_log = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class FailuresByJob(GlobalSecondaryIndex["ExecutionItem"]):
    """The failed executions of one job."""

    class Meta:
        index_name = "failures-by-job"
        projection = AllProjection()

    failed_job = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class TtlMap(MapAttribute[str, Any]):
    """What TTL removed, as a run took it into its record."""

    rows = NumberAttribute(default=0)
    size_bytes = NumberAttribute(default=0)
    lateness_p50_seconds = NumberAttribute(null=True)
    lateness_p95_seconds = NumberAttribute(null=True)
    lateness_max_seconds = NumberAttribute(null=True)
    write_units_saved = NumberAttribute(default=0)
    undated = NumberAttribute(default=0)
    unreadable = NumberAttribute(default=0)
    patience_seconds = NumberAttribute(default=0)
    behind_seconds = NumberAttribute(default=0)


class ResultMap(MapAttribute[str, Any]):
    """The account of a run, as ScheduleZero's `result`."""

    deleted = NumberAttribute(default=0)
    became_live = NumberAttribute(default=0)
    already_gone = NumberAttribute(default=0)
    failed = NumberAttribute(default=0)
    uncertain = NumberAttribute(default=0)
    quarantined = NumberAttribute(default=0)
    stamped = NumberAttribute(default=0)
    read_units = NumberAttribute(default=0)
    write_units = NumberAttribute(default=0)
    cost_usd = NumberAttribute(default=0)
    backlog_remaining = NumberAttribute(null=True)
    backlog_exact = _Boolean(null=True)
    oldest_expired_at = UnicodeAttribute(null=True)
    samples: ListAttribute[UnicodeAttribute] = ListAttribute(of=UnicodeAttribute, null=True)
    ttl = TtlMap(null=True)


def counts_of(result: ResultMap) -> Counts:
    """Return the counts that an item holds."""
    return Counts(**{each.name: int(getattr(result, each.name)) for each in fields(Counts)})


class ExecutionItem(Model):
    """One execution."""

    by_start = ByStart()
    by_job = ByJob()
    by_status = ByStatus()
    by_job_and_status = ByJobAndStatus()
    failures = Failures()
    failures_by_job = FailuresByJob()

    log = UnicodeAttribute(hash_key=True, default=EXECUTIONS)
    id = NumberAttribute(range_key=True)
    position = UnicodeAttribute()

    jobName = UnicodeAttribute()  # noqa: N815 - Barycenter's name
    startedAt = UnicodeAttribute()  # noqa: N815 - Barycenter's name
    completedAt = UnicodeAttribute(null=True)  # noqa: N815 - Barycenter's name
    success = _Boolean(null=True)
    errorMessage = UnicodeAttribute(null=True)  # noqa: N815 - Barycenter's name
    recordsProcessed = NumberAttribute(null=True)  # noqa: N815 - Barycenter's name

    job_id = UnicodeAttribute()
    handler_id = UnicodeAttribute()
    method_name = UnicodeAttribute()
    duration_ms = NumberAttribute(null=True)
    status = UnicodeAttribute()
    result = ResultMap()
    error = UnicodeAttribute(null=True)
    attempt_number = NumberAttribute()

    trigger = UnicodeAttribute()
    triggered_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    delivery_id = UnicodeAttribute()
    dry_run = _Boolean(default=False)
    warnings: ListAttribute[UnicodeAttribute] = ListAttribute(of=UnicodeAttribute, null=True)

    worker = UnicodeAttribute(null=True)
    lease_until = UnicodeAttribute(null=True)
    cancel_asked_at = UnicodeAttribute(null=True)
    cancel_asked_by = UnicodeAttribute(null=True)
    cancel_reason = UnicodeAttribute(null=True)

    job_status = UnicodeAttribute()
    failure_log = UnicodeAttribute(null=True)
    failed_job = UnicodeAttribute(null=True)
    retained_until = NumberAttribute()
    counted_in = NumberAttribute(null=True)


class CounterItem(Model):
    """The id of the latest execution."""

    log = UnicodeAttribute(hash_key=True, default=COUNTERS)
    id = NumberAttribute(range_key=True, default=LAST_ID)
    last_id = NumberAttribute()


class HolderItem(Model):
    """The run that holds a job, or held it last. `log` is "holder", the job and the method."""

    log = UnicodeAttribute(hash_key=True)
    id = NumberAttribute(range_key=True, default=0)
    execution_id = NumberAttribute()


class DeliveryItem(Model):
    """The latest attempt to handle one event. `log` is "delivery", the job and the event's id."""

    log = UnicodeAttribute(hash_key=True)
    id = NumberAttribute(range_key=True, default=0)
    execution_id = NumberAttribute()
    attempt_number = NumberAttribute()
    retained_until = NumberAttribute()


class LegItem(Model):
    """One invocation of a run that is shared out. `log` is "run" and the run's id, `id` made of its own."""

    log = UnicodeAttribute(hash_key=True)
    id = NumberAttribute(range_key=True)
    leg = UnicodeAttribute()
    part = UnicodeAttribute(null=True)
    ended = _Boolean(default=False)
    result = ResultMap(null=True)
    unindexed = NumberAttribute(default=0)
    refusals: MapAttribute[str, Any] = MapAttribute(default=dict)
    problem = UnicodeAttribute(null=True)
    warnings: ListAttribute[UnicodeAttribute] = ListAttribute(of=UnicodeAttribute, null=True)
    retained_until = NumberAttribute()


class TakenItem(Model):
    """What runs have taken of the account of TTL's removals. `log` is "removals taken" and the kind.

    The counters are attributes by the names that `core.removal_totals` gives them.
    """

    log = UnicodeAttribute(hash_key=True)
    id = NumberAttribute(range_key=True, default=0)
    taken_version = NumberAttribute()


class StatisticsItem(Model):
    """A portion of a job's counters, which are attributes by the names that `core.statistics` gives them.

    `log` is "statistics" and the job, for the records that are there, or "lifetime" and the job, for all that
    there ever were; `id` is the portion.
    """

    log = UnicodeAttribute(hash_key=True)
    id = NumberAttribute(range_key=True)


class ClearingItem(Model):
    """The account of one clearing. `id` is when it began, in microseconds since 1970.

    `last_batch` names the latest transaction that removed some of the `records`.
    """

    log = UnicodeAttribute(hash_key=True, default=AUDIT)
    id = NumberAttribute(range_key=True)
    action = UnicodeAttribute(default="clear history")
    at = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    cleared_job = UnicodeAttribute(null=True)
    records = NumberAttribute(default=0)
    last_batch = UnicodeAttribute(null=True)


def bound(item: type[ItemType], table: str, dynamodb: DynamoDB) -> type[ItemType]:
    """Return the model for a table whose name is known only when the function starts.

    It asks through the client that reads, and so repeats what is lost: each write of the log that is sent
    twice is the same write.
    """
    known: type[ItemType] | None = dynamodb.models.get((item, table))
    if known is not None:
        return known
    model = type(item.__name__, (item,), {"Meta": type("Meta", (), {"table_name": table})})
    # PynamoDB would make a client of its own, of a session of its own, for each model.
    client: Any = dynamodb.reading
    connection_of(model)._client = client  # noqa: SLF001 - it offers no other way
    dynamodb.models[item, table] = model
    return model


def connection_of(model: type[Model]) -> Connection:
    """Return what the transactions of a model's table are asked through."""
    return model._get_connection().connection  # noqa: SLF001 - PynamoDB offers no other way
