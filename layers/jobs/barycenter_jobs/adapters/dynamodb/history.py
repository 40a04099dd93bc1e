"""The finished records in the table `job_executions`, to be removed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from barycenter_jobs.adapters.dynamodb.errors import condition_failed, store_errors
from barycenter_jobs.adapters.dynamodb.execution_items import (
    AUDIT,
    EXECUTIONS,
    ClearingItem,
    ExecutionItem,
    bound,
    connection_of,
)
from barycenter_jobs.adapters.dynamodb.execution_reading import execution_of
from barycenter_jobs.adapters.dynamodb.job_statistics import DynamoDBStatistics
from barycenter_jobs.adapters.dynamodb.transactions import CONDITION_FAILED, refusals, worth_another_try
from barycenter_jobs.core.clearings import Clearing
from barycenter_jobs.core.errors import Throttled
from barycenter_jobs.core.executions import Execution, Request, Status
from barycenter_jobs.core.timestamps import iso, parsed

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.client import DynamoDB
    from barycenter_jobs.core.pacing import Backoff

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


class DynamoDBHistory:
    """Removes records in transactions that take them out of the statistics too.

    The legs of a removed run stay until the table's TTL takes them: nobody reads them any more. `backoff`
    spaces the tries of transactions that meet others.
    """

    def __init__(self, table: str, dynamodb: DynamoDB, *, backoff: Backoff) -> None:
        self._table = table
        self._backoff = backoff
        self._executions = bound(ExecutionItem, table, dynamodb)
        self._clearings = bound(ClearingItem, table, dynamodb)
        self._connection = connection_of(self._executions)
        self._statistics = DynamoDBStatistics(table, dynamodb)

    def remove(self, executions: Sequence[Execution], clearing: Clearing | None = None) -> int:
        """Remove the records of finished executions. See `History`.

        Raises Throttled when too many others write at the same time, and StoreError.
        """
        batch = uuid.uuid4().hex
        items = list(self._finished(executions))
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            if not items:
                return 0
            refused = self._removed(items, clearing, batch)
            if refused is None:
                return len(items)
            # A finished record never changes: one that is not as it was read is gone.
            gone = {number for number, why in enumerate(refused[: len(items)]) if why == CONDITION_FAILED}
            items = [item for number, item in enumerate(items) if number not in gone]
        raise Throttled(f"Cannot remove records from {self._table}: too many others write at the same time")

    def begin_clearing(self, request: Request, job_name: str | None) -> Clearing:
        """Record that somebody is about to clear the history. See `History`. Raises StoreError."""
        item = self._clearings(
            id=(request.at - _EPOCH) // _MICROSECOND,
            at=iso(request.at),
            by=request.by,
            reason=request.reason,
            cleared_job=job_name,
            last_batch=uuid.uuid4().hex,
        )
        while not self._began(item):
            item.id += 1  # somebody else did in this very microsecond
        return _clearing(item)

    def clearings(self, limit: int) -> list[Clearing]:
        """Return the latest clearings. See `History`. Raises StoreError."""
        with store_errors("read", self._table):
            found = self._clearings.query(AUDIT, scan_index_forward=False, limit=limit, consistent_read=True)
            return [_clearing(item) for item in found]

    def _began(self, item: ClearingItem) -> bool:
        with store_errors("record a clearing in", self._table):
            try:
                item.save(condition=ClearingItem.id.does_not_exist())
            except PutError as error:
                if not condition_failed(error):
                    raise
                # A write whose answer was lost is repeated by the SDK, and then meets itself.
                found = self._clearings.get(AUDIT, item.id, consistent_read=True)
                return bool(found.last_batch == item.last_batch)
        return True

    def _finished(self, executions: Sequence[Execution]) -> Iterator[ExecutionItem]:
        keys = [(EXECUTIONS, execution.id) for execution in executions]
        with store_errors("read", self._table):
            for item in self._executions.batch_get(keys, consistent_read=True):
                if item.status != Status.RUNNING.value:
                    yield item

    def _removed(
        self, items: Sequence[ExecutionItem], clearing: Clearing | None, batch: str
    ) -> list[str] | None:
        """Remove records in one transaction; return None once it is done, else why each was refused."""
        with store_errors("remove records from", self._table):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    for item in items:
                        transaction.delete(item, condition=ExecutionItem.id.exists())
                    # What was never counted is not taken out.
                    self._statistics.discount(
                        transaction,
                        [
                            (execution_of(item.serialize()), int(item.counted_in))
                            for item in items
                            if _is_counted(item)
                        ],
                    )
                    if clearing is not None:
                        self._account(transaction, clearing, len(items), batch)
            except TransactWriteError as error:
                if clearing is not None and self._last_batch(clearing) == batch:
                    return None  # it was done, its answer was lost, and the SDK's repetition met itself
                reasons = refusals(error)
                if not worth_another_try(reasons, conditions=True):
                    raise
                return reasons
        return None

    def _account(self, transaction: TransactWrite, clearing: Clearing, records: int, batch: str) -> None:
        model = ClearingItem
        transaction.update(
            self._clearings(id=clearing.id),
            [model.records.add(records), model.last_batch.set(batch)],
            condition=model.last_batch != batch,
        )

    def _last_batch(self, clearing: Clearing) -> str | None:
        try:
            found = self._clearings.get(AUDIT, clearing.id, consistent_read=True)
        except DoesNotExist:
            return None
        last: str | None = found.last_batch
        return last


def _counted(item: ExecutionItem) -> tuple[Execution, int]:
    return execution_of(item.serialize()), int(item.counted_in)


def _is_counted(item: ExecutionItem) -> bool:
    counted_in: float | None = item.counted_in  # PynamoDB's types do not tell what may be absent
    return counted_in is not None


def _clearing(item: ClearingItem) -> Clearing:
    return Clearing(
        int(item.id), Request(parsed(item.at), item.by, item.reason), item.cleared_job, int(item.records)
    )
