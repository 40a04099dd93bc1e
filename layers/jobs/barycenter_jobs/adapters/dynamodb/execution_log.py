"""The execution log in the table `job_executions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pynamodb.exceptions import DoesNotExist, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from barycenter_jobs.adapters.dynamodb.errors import condition_failed, store_errors
from barycenter_jobs.adapters.dynamodb.execution_items import (
    COUNTERS,
    EXECUTIONS,
    LAST_ID,
    CounterItem,
    DeliveryItem,
    ExecutionItem,
    HolderItem,
    ItemType,
    TakenItem,
    bound,
    connection_of,
)
from barycenter_jobs.adapters.dynamodb.execution_mapping import (
    item_of,
    partition_of,
    positions,
    result_of,
)
from barycenter_jobs.adapters.dynamodb.execution_reading import execution_of
from barycenter_jobs.adapters.dynamodb.job_statistics import DynamoDBStatistics
from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs
from barycenter_jobs.adapters.dynamodb.taken_log import taken_log
from barycenter_jobs.adapters.dynamodb.transactions import CONDITION_FAILED, refusals, worth_another_try
from barycenter_jobs.core.errors import (
    AlreadyTaken,
    DeliveryAlreadyHandled,
    ExecutionAlreadyFinished,
    Throttled,
    UnknownExecution,
)
from barycenter_jobs.core.executions import LEASE, Execution, Request, Start, Status, in_the_way, still_stands
from barycenter_jobs.core.legs import total
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.core.retention import Retention
from barycenter_jobs.core.timestamps import iso, sortable

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.client import DynamoDB
    from barycenter_jobs.core.pacing import Backoff
    from barycenter_jobs.core.removal_totals import Taking
    from barycenter_jobs.core.statistics import JobStatistics

# EventBridge and Lambda give up repeating an event after a day at the most.
DELIVERIES_KEPT = timedelta(days=7)


class _Delivered(NamedTuple):
    """An event that a start handles; `before` is the item of its last attempt."""

    before: DeliveryItem | None


class _Claim(NamedTuple):
    """A job that a start takes hold of; `before` is the item of who held it last."""

    log: str
    before: HolderItem | None


class DynamoDBExecutionLog:
    """Keeps executions until somebody removes them, as `History` does, or the table's TTL some days later.

    Records are kept for `retention`, those of failures for `failure_retention`. `backoff` spaces the tries of
    writes that meet each other; each try of one of them succeeds. `told` is called with each execution whose
    record has just become final.
    """

    def __init__(
        self,
        table: str,
        dynamodb: DynamoDB,
        *,
        retention: timedelta,
        failure_retention: timedelta = timedelta(days=400),
        backoff: Backoff,
        told: Callable[[Execution], None] | None = None,
    ) -> None:
        self._table = table
        self.told = told
        self._retention = Retention(retention, failure_retention)
        self._backoff = backoff
        self._executions = bound(ExecutionItem, table, dynamodb)
        self._counters = bound(CounterItem, table, dynamodb)
        self._deliveries = bound(DeliveryItem, table, dynamodb)
        self._holders = bound(HolderItem, table, dynamodb)
        self._taken = bound(TakenItem, table, dynamodb)
        self._legs = DynamoDBLegs(table, dynamodb, retention=retention, backoff=backoff)
        self._items = self._executions._get_connection()  # noqa: SLF001 - to read items as they are
        self._connection = connection_of(self._executions)
        self._statistics = DynamoDBStatistics(table, dynamodb)

    def start(self, start: Start, now: datetime) -> Execution:
        """Record that a run begins, in one transaction. See `ExecutionLog`.

        Raises Throttled when too many others start at the same time, and StoreError.
        """
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            delivery = self._delivery(start, now)
            holder = self._item_or_none(self._holders, _holder_log(start))
            why = in_the_way(start, self._latest(holder, now), now)
            counter = self._counter()
            execution = self._next(start, counter, delivery, now)
            if why is not None:
                execution = execution.skipped(why)
            claim = None if why is not None else _Claim(_holder_log(start), holder)
            if self._wrote(execution, counter, _Delivered(delivery), claim):
                self._tell(execution)
                return execution
        raise self._too_many()

    def adopt(self, execution_id: int, start: Start, now: datetime) -> Execution | None:
        """Take on a run. See `ExecutionLog`. Raises StoreError."""
        item, model = self._executions(log=EXECUTIONS, id=execution_id), self._executions
        waits = model.worker.does_not_exist() | (model.worker == start.worker)
        alive = (model.status == Status.RUNNING.value) & (model.lease_until > sortable(now))
        return self._updated(
            item,
            [model.worker.set(start.worker or ""), model.lease_until.set(sortable(now + LEASE))],
            alive & waits & (model.jobName == start.job.name),
            "take on a run in",
        )

    def skip(self, start: Start, now: datetime, why: str) -> Execution:
        """Record that a run does not take place. See `ExecutionLog`. Raises StoreError."""
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            delivery, counter = self._delivery(start, now), self._counter()
            execution = self._next(start, counter, delivery, now).skipped(why)
            if self._wrote(execution, counter, _Delivered(delivery)):
                self._tell(execution)
                return execution
        raise self._too_many()

    def renew(self, execution: Execution, lease_until: datetime) -> Execution:
        """Hold the job for longer. See `ExecutionLog`. Raises StoreError."""
        item, model = self._executions(log=EXECUTIONS, id=execution.id), self._executions
        renewed = self._updated(
            item,
            [
                model.lease_until.set(sortable(lease_until)),
                model.result.set(result_of(execution)),
            ],
            self._is_worked_on_by(execution),
            "renew a lease in",
        )
        if renewed is None:
            raise ExecutionAlreadyFinished(execution.id)
        return renewed

    def finish(self, execution: Execution, taking: Taking | None = None) -> None:
        """Record how a run ended. See `ExecutionLog`. Raises StoreError."""
        if self._replaced(execution, self._is_worked_on_by(execution), taking):
            return
        if taking is not None:
            recorded = self.get(execution.id)
            ours = recorded is not None and recorded.worker == execution.worker
            if recorded is not None and recorded.status is Status.RUNNING and ours:
                raise AlreadyTaken(taking.kind)
        raise ExecutionAlreadyFinished(execution.id)

    def supplement(self, execution: Execution) -> Execution:
        """Add a record of its own. See `ExecutionLog`. Raises StoreError."""
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            counter = self._counter()
            supplement = replace(execution, id=1 if counter is None else int(counter.last_id) + 1)
            if self._wrote(supplement, counter):
                self._tell(supplement)
                return supplement
        raise self._too_many()

    def cancel(self, execution_id: int, request: Request) -> Execution:
        """Ask a running execution to stop. See `ExecutionLog`. Raises StoreError."""
        item, model = self._executions(log=EXECUTIONS, id=execution_id), self._executions
        said: list[Action] = [model.cancel_asked_at.set(iso(request.at))]
        if request.by is not None:
            said.append(model.cancel_asked_by.set(request.by))
        if request.reason is not None:
            said.append(model.cancel_reason.set(request.reason))
        condition = (model.status == Status.RUNNING.value) & model.cancel_asked_at.does_not_exist()
        asked = self._updated(item, said, condition, "cancel a run in")
        if asked is not None:
            return asked
        recorded = self.get(execution_id)
        if recorded is None:
            raise UnknownExecution(execution_id)
        if recorded.status is not Status.RUNNING:
            raise ExecutionAlreadyFinished(execution_id)
        return recorded

    def close(self, execution: Execution) -> bool:
        """Record the end of a dead run. See `ExecutionLog`. Raises StoreError."""
        unchanged = self._executions.lease_until == sortable(execution.lease_until or execution.started_at)
        legs = self._legs.legs(execution)
        known = replace(execution, counts=total(legs).counts) if legs else execution
        return self._replaced(known.given_up(), self._is_worked_on_by(execution) & unchanged)

    def running(self) -> list[Execution]:
        """Return what is recorded as running. See `ExecutionLog`. Raises StoreError."""
        with store_errors("read", self._table):
            return list(self._queried("by-status", Status.RUNNING.value))

    def get(self, execution_id: int) -> Execution | None:
        """Return one execution. See `ExecutionLog`. Raises StoreError."""
        with store_errors("read", self._table):
            answer = self._items.get_item(EXECUTIONS, str(execution_id), consistent_read=True)
        return execution_of(answer["Item"]) if "Item" in answer else None

    def read(
        self,
        log_filter: LogFilter,
        limit: int,
        *,
        order: Order = Order.NEWEST_FIRST,
        after: Position | None = None,
    ) -> list[Execution]:
        """Return executions that pass the filter, in order. See `ExecutionLog`. Raises StoreError."""
        partition, between = partition_of(log_filter), positions(log_filter, order, after)
        if partition is None or between is None:
            return []
        index, key = partition
        with store_errors("read", self._table):
            found = self._queried(index, key, ExecutionItem.position.between(*between), order, limit)
            return list(islice(found, limit))

    def statistics(self, job_name: str) -> JobStatistics:
        """Return the figures of the records that are there. See `ExecutionLog`. Raises StoreError."""
        return self._statistics.kept(job_name)

    def lifetime(self, job_name: str) -> JobStatistics:
        """Return the figures of all that ever finished. See `ExecutionLog`. Raises StoreError."""
        return self._statistics.lifetime(job_name)

    def _queried(
        self,
        index: str,
        key: str,
        position: Condition | None = None,
        order: Order = Order.NEWEST_FIRST,
        limit: int | None = None,
    ) -> Iterator[Execution]:
        page: dict[str, Any] = {}
        while True:
            page = self._items.query(
                key,
                position,
                index_name=index,
                scan_index_forward=order is Order.OLDEST_FIRST,
                limit=limit,
                exclusive_start_key=page.get("LastEvaluatedKey"),
            )
            for item in page["Items"]:
                yield execution_of(item)
            if "LastEvaluatedKey" not in page:
                return

    def _tell(self, execution: Execution) -> None:
        if self.told is not None and execution.status is not Status.RUNNING:
            self.told(execution)

    def _delivery(self, start: Start, now: datetime) -> DeliveryItem | None:
        delivery = self._item_or_none(self._deliveries, _delivery_log(start.job.name, start.delivery_id))
        if delivery is None:
            return None
        previous = self.get(int(delivery.execution_id))
        if previous is not None and previous.is_dead(now):
            self.close(previous)
            previous = self.get(previous.id)
        # A record that is gone was removed, and only a finished one is.
        if previous is None or still_stands(previous):
            raise DeliveryAlreadyHandled(int(delivery.execution_id))
        return delivery

    def _latest(self, holder: HolderItem | None, now: datetime) -> Execution | None:
        """Return the run that holds a job or held it last, having closed a dead one."""
        execution = None if holder is None else self.get(int(holder.execution_id))
        if execution is not None and execution.is_dead(now):
            self.close(execution)
            execution = self.get(execution.id)
        return execution

    def _next(
        self, start: Start, counter: CounterItem | None, delivery: DeliveryItem | None, now: datetime
    ) -> Execution:
        return start.recorded(
            1 if counter is None else int(counter.last_id) + 1,
            1 if delivery is None else int(delivery.attempt_number) + 1,
            now,
        )

    def _counter(self) -> CounterItem | None:
        return self._item_or_none(self._counters, COUNTERS)

    def _item_or_none(self, model: type[ItemType], log: str) -> ItemType | None:
        with store_errors("read", self._table):
            try:
                return model.get(log, LAST_ID, consistent_read=True)
            except DoesNotExist:
                return None

    def _is_worked_on_by(self, execution: Execution) -> Condition:
        model = self._executions
        worker = (
            model.worker.does_not_exist() if execution.worker is None else model.worker == execution.worker
        )
        worked_on: Condition = (model.status == Status.RUNNING.value) & worker
        return worked_on

    def _updated(
        self, item: ExecutionItem, actions: Sequence[Action], condition: Condition, doing: str
    ) -> Execution | None:
        """Return the execution as it is after the update, None where the condition does not hold."""
        with store_errors(doing, self._table):
            try:
                item.update(actions=list(actions), condition=condition)
            except UpdateError as error:
                if not condition_failed(error):
                    raise
                return None
        return execution_of(item.serialize())

    def _replaced(self, execution: Execution, condition: Condition, taking: Taking | None = None) -> bool:
        """Write a finished record where the condition holds, count it, and return whether it is written."""
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            written = self._counted(execution, condition, taking)
            if written:
                self._tell(execution)
            if written is not None:
                return written
        raise Throttled(f"Cannot record the end of a run in {self._table}: too many others write there")

    def _counted(
        self, execution: Execution, condition: Condition, taking: Taking | None = None
    ) -> bool | None:
        """Write and count a finished record in one transaction; None where others were in its way.

        A transaction whose answer was lost is repeated by the SDK, and may then be refused because of itself:
        the record tells which it was.
        """
        with store_errors("record the end of a run in", self._table):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.save(item_of(execution, self._executions, self._retention), condition)
                    self._statistics.count(transaction, execution)
                    if taking is not None:
                        self._take(transaction, taking)
            except TransactWriteError as error:
                reasons = refusals(error)
                if self.get(execution.id) == execution:
                    return True
                if CONDITION_FAILED in reasons:
                    return False
                if not worth_another_try(reasons):
                    raise
                return None
        return True

    def _take(self, transaction: TransactWrite, taking: Taking) -> None:
        """Remember in the same write what a run took, unless another has since."""
        model = self._taken
        totals = [Path(name).set(number) for name, number in taking.totals.counters.items()]
        unchanged = (
            model.taken_version.does_not_exist()
            if taking.version == 0
            else model.taken_version == taking.version
        )
        transaction.update(
            model(log=taken_log(taking.kind), id=0),
            [model.taken_version.set(taking.version + 1), *totals],
            condition=unchanged,
        )

    def _too_many(self) -> Throttled:
        return Throttled(f"Cannot record a start in {self._table}: too many others start at the same time")

    def _wrote(
        self,
        execution: Execution,
        counter: CounterItem | None,
        delivered: _Delivered | None = None,
        claim: _Claim | None = None,
    ) -> bool:
        """Write a start if nothing of what it rests on has changed, and return whether it was written.

        A transaction whose answer was lost is repeated by the SDK, and may then be refused because of itself:
        the record tells which it was.
        """
        with store_errors("record a start in", self._table):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.save(
                        self._counters(log=COUNTERS, id=LAST_ID, last_id=execution.id),
                        condition=self._counters.last_id.does_not_exist()
                        if counter is None
                        else self._counters.last_id == counter.last_id,
                    )
                    transaction.save(
                        item_of(execution, self._executions, self._retention),
                        condition=self._executions.id.does_not_exist(),
                    )
                    self._statistics.count(transaction, execution)
                    if delivered is not None:
                        self._save_delivery(transaction, execution, delivered.before)
                    if claim is not None:
                        self._save_holder(transaction, execution, claim)
            except TransactWriteError as error:
                if self.get(execution.id) == execution:
                    return True
                if not worth_another_try(refusals(error), conditions=True):
                    raise
                return False
        return True

    def _save_delivery(
        self, transaction: TransactWrite, execution: Execution, before: DeliveryItem | None
    ) -> None:
        delivery = self._deliveries(
            log=_delivery_log(execution.job_name, execution.delivery_id),
            id=0,
            execution_id=execution.id,
            attempt_number=execution.attempt_number,
            retained_until=int((execution.started_at + DELIVERIES_KEPT).timestamp()),
        )
        unchanged = (
            self._deliveries.execution_id.does_not_exist()
            if before is None
            else self._deliveries.execution_id == before.execution_id
        )
        transaction.save(delivery, condition=unchanged)

    def _save_holder(self, transaction: TransactWrite, execution: Execution, claim: _Claim) -> None:
        unchanged = (
            self._holders.execution_id.does_not_exist()
            if claim.before is None
            else self._holders.execution_id == claim.before.execution_id
        )
        transaction.save(self._holders(log=claim.log, id=0, execution_id=execution.id), condition=unchanged)


def _holder_log(start: Start) -> str:
    return f"holder {start.job.name} {start.method.value}"


def _delivery_log(job_name: str, delivery_id: str) -> str:
    # By job: a rule with two targets hands one event to two jobs.
    return f"delivery {job_name} {delivery_id}"
