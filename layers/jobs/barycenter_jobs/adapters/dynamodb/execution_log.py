"""The execution log in the table `job_executions`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from barycenter_jobs.adapters.dynamodb.errors import THROTTLING_CODES, store_errors
from barycenter_jobs.adapters.dynamodb.execution_items import (
    COUNTERS,
    EXECUTIONS,
    FAILURES,
    LAST_ID,
    CounterItem,
    DeliveryItem,
    ExecutionItem,
    ResultMap,
    bound,
    counts_of,
)
from barycenter_jobs.adapters.dynamodb.service_model import share_service_model
from barycenter_jobs.core.errors import DeliveryAlreadyHandled, ExecutionAlreadyFinished, Throttled
from barycenter_jobs.core.executions import (
    FAILURES as FAILED_STATES,
)
from barycenter_jobs.core.executions import (
    Backlog,
    Execution,
    LogFilter,
    Method,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.timestamps import iso, parsed, sortable

# EventBridge and Lambda give up repeating an event after a day at the most.
DELIVERIES_KEPT = timedelta(days=7)
_WORTH_ANOTHER_TRY = THROTTLING_CODES | {"ConditionalCheckFailed", "None"}


class DynamoDBExecutionLog:
    """Keeps executions for `retention`, then leaves them to the table's TTL.

    `backoff` spaces the tries of starts that meet each other; each try of one of them succeeds.
    """

    def __init__(
        self, table: str, *, retention: timedelta, backoff: Backoff, endpoint_url: str | None = None
    ) -> None:
        self._table = table
        self._retention = retention
        self._backoff = backoff
        self._executions = bound(ExecutionItem, table, endpoint_url)
        self._counters = bound(CounterItem, table, endpoint_url)
        self._deliveries = bound(DeliveryItem, table, endpoint_url)
        connection = self._executions._get_connection()  # noqa: SLF001 - one client for the three models of a table
        self._counters._connection = connection  # noqa: SLF001
        self._deliveries._connection = connection  # noqa: SLF001
        self._connection = connection.connection
        share_service_model(self._connection.session)

    def start(self, start: Start, now: datetime) -> Execution:
        """Record that a run begins, in one transaction. See `ExecutionLog`.

        Raises Throttled when too many others start at the same time, and StoreError.
        """
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            delivery = self._delivery(start)
            counter = self._counter()
            execution = Execution(
                id=1 if counter is None else int(counter.last_id) + 1,
                job_name=start.job.name,
                handler_id=start.job.function,
                started_at=now,
                trigger=start.trigger,
                delivery_id=start.delivery_id,
                dry_run=start.dry_run,
                method=start.method,
                attempt_number=1 if delivery is None else int(delivery.attempt_number) + 1,
            )
            if self._wrote(execution, counter, delivery):
                return execution
        raise Throttled(f"Cannot record a start in {self._table}: too many others start at the same time")

    def finish(self, execution: Execution) -> None:
        """Record how a run ended. See `ExecutionLog`. Raises StoreError."""
        item = self._item(execution)
        try:
            with store_errors("record the end of a run in", self._table):
                try:
                    item.save(condition=self._executions.status == Status.RUNNING.value)
                except PutError as error:
                    if error.cause_response_code != "ConditionalCheckFailedException":
                        raise
                    raise ExecutionAlreadyFinished(execution.id) from None
        except ExecutionAlreadyFinished:
            # A write whose answer was lost is repeated by the SDK, and then meets itself.
            if self.get(execution.id) != execution:
                raise

    def get(self, execution_id: int) -> Execution | None:
        """Return one execution. See `ExecutionLog`. Raises StoreError."""
        with store_errors("read", self._table):
            try:
                return _execution(self._executions.get(EXECUTIONS, execution_id, consistent_read=True))
            except DoesNotExist:
                return None

    def newest(self, log_filter: LogFilter, limit: int) -> list[Execution]:
        """Return the latest executions that pass the filter. See `ExecutionLog`. Raises StoreError."""
        partition = _partition(log_filter)
        if partition is None:
            return []
        index, key = partition
        with store_errors("read", self._table):
            found = self._executions.query(key, index_name=index, scan_index_forward=False, limit=limit)
            return [_execution(item) for item in found]

    def _delivery(self, start: Start) -> DeliveryItem | None:
        with store_errors("read", self._table):
            try:
                delivery = self._deliveries.get(
                    _delivery_log(start.job.name, start.delivery_id), 0, consistent_read=True
                )
            except DoesNotExist:
                return None
        previous = self.get(int(delivery.execution_id))
        if previous is not None and previous.status is Status.SUCCESS:
            raise DeliveryAlreadyHandled(previous.id)
        return delivery

    def _counter(self) -> CounterItem | None:
        with store_errors("read", self._table):
            try:
                return self._counters.get(COUNTERS, LAST_ID, consistent_read=True)
            except DoesNotExist:
                return None

    def _wrote(
        self, execution: Execution, counter: CounterItem | None, delivery: DeliveryItem | None
    ) -> bool:
        """Write a start if nothing of what it rests on has changed, and return whether it was written.

        A transaction whose answer was lost is repeated by the SDK, and may then be refused because of itself:
        the record tells which it was.
        """
        item = self._item(execution)
        next_counter = self._counters(log=COUNTERS, id=LAST_ID, last_id=execution.id)
        next_delivery = self._deliveries(
            log=_delivery_log(execution.job_name, execution.delivery_id),
            id=0,
            execution_id=execution.id,
            attempt_number=execution.attempt_number,
            retained_until=int((execution.started_at + DELIVERIES_KEPT).timestamp()),
        )
        with store_errors("record a start in", self._table):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.save(
                        next_counter,
                        condition=self._counters.last_id.does_not_exist()
                        if counter is None
                        else self._counters.last_id == counter.last_id,
                    )
                    transaction.save(item, condition=self._executions.id.does_not_exist())
                    transaction.save(
                        next_delivery,
                        condition=self._deliveries.execution_id.does_not_exist()
                        if delivery is None
                        else self._deliveries.execution_id == delivery.execution_id,
                    )
            except TransactWriteError as error:
                if self.get(execution.id) == execution:
                    return True
                if not _worth_another_try(error):
                    raise
                return False
        return True

    def _item(self, execution: Execution) -> ExecutionItem:
        failed = execution.status in FAILED_STATES
        counts, usage, backlog = execution.counts, execution.usage, execution.backlog
        oldest = None if backlog is None else backlog.oldest_expired_at
        completed = execution.completed_at
        return self._executions(
            log=EXECUTIONS,
            id=execution.id,
            position=f"{sortable(execution.started_at)}#{execution.id:012d}",
            jobName=execution.job_name,
            startedAt=iso(execution.started_at),
            completedAt=None if completed is None else iso(completed),
            success=execution.success,
            errorMessage=execution.error_message,
            recordsProcessed=execution.records_processed,
            job_id=execution.job_name,
            handler_id=execution.handler_id,
            method_name=execution.method.value,
            duration_ms=execution.duration_ms,
            status=execution.status.value,
            result=ResultMap(
                **asdict(counts),
                read_units=usage.read_units,
                write_units=usage.write_units,
                cost_usd=usage.cost_usd,
                backlog_remaining=None if backlog is None else backlog.remaining,
                backlog_exact=None if backlog is None else backlog.exact,
                oldest_expired_at=None if oldest is None else iso(oldest),
                samples=list(execution.samples),
            ),
            error=execution.error_message,
            attempt_number=execution.attempt_number,
            trigger=execution.trigger.kind.value,
            triggered_by=execution.trigger.by,
            delivery_id=execution.delivery_id,
            dry_run=execution.dry_run,
            warnings=list(execution.warnings),
            job_status=f"{execution.job_name}#{execution.status.value}",
            failure_log=FAILURES if failed else None,
            failed_job=execution.job_name if failed else None,
            retained_until=int((execution.started_at + self._retention).timestamp()),
        )


def _delivery_log(job_name: str, delivery_id: str) -> str:
    # By job: a rule with two targets hands one event to two jobs.
    return f"delivery {job_name} {delivery_id}"


def _worth_another_try(error: TransactWriteError) -> bool:
    reasons = [reason.code for reason in error.cancellation_reasons if reason is not None]
    return bool(reasons) and set(reasons) <= _WORTH_ANOTHER_TRY


def _partition(log_filter: LogFilter) -> tuple[str, str] | None:
    """Return the index and the partition that hold exactly what the filter lets through, None for nothing."""
    job, status = log_filter.job_name, log_filter.status
    if status is not None:
        if log_filter.only_failures and status not in FAILED_STATES:
            return None
        return ("by-status", status.value) if job is None else ("by-job-and-status", f"{job}#{status.value}")
    if log_filter.only_failures:
        return ("failures", FAILURES) if job is None else ("failures-by-job", job)
    return ("by-start", EXECUTIONS) if job is None else ("by-job", job)


def _execution(item: ExecutionItem) -> Execution:
    result = item.result
    completed: str | None = item.completedAt  # PynamoDB's types do not tell what may be absent
    return Execution(
        id=int(item.id),
        job_name=item.jobName,
        handler_id=item.handler_id,
        started_at=parsed(item.startedAt),
        trigger=Trigger(TriggerKind(item.trigger), item.triggered_by),
        delivery_id=item.delivery_id,
        dry_run=bool(item.dry_run),
        method=Method(item.method_name),
        attempt_number=int(item.attempt_number),
        status=Status(item.status),
        completed_at=None if completed is None else parsed(completed),
        error_message=item.errorMessage,
        counts=counts_of(result),
        usage=Usage(float(result.read_units), float(result.write_units), float(result.cost_usd)),
        backlog=_backlog(result),
        samples=tuple(str(sample) for sample in result.samples or ()),
        warnings=tuple(str(warning) for warning in item.warnings or ()),
    )


def _backlog(result: ResultMap) -> Backlog | None:
    remaining: float | None = result.backlog_remaining  # PynamoDB's types do not tell what may be absent
    oldest: str | None = result.oldest_expired_at
    if remaining is None:
        return None
    return Backlog(
        int(remaining), None if oldest is None else parsed(oldest), exact=bool(result.backlog_exact)
    )
