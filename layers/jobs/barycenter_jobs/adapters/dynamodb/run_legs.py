"""The legs of runs that are shared out, in the table `job_executions`."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from barycenter_jobs.adapters.dynamodb.errors import condition_failed, store_errors
from barycenter_jobs.adapters.dynamodb.execution_items import (
    EXECUTIONS,
    ExecutionItem,
    LegItem,
    ResultMap,
    bound,
    connection_of,
    counts_of,
)
from barycenter_jobs.adapters.dynamodb.transactions import CONDITION_FAILED, refusals, worth_another_try
from barycenter_jobs.core.errors import ExecutionAlreadyFinished, Throttled
from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.legs import Leg
from barycenter_jobs.core.parts import Part

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.client import DynamoDB
    from barycenter_jobs.core.pacing import Backoff


class DynamoDBLegs:
    """Keeps an item for each leg as long as the run's own record, `retention`.

    An item's key is made of the invocation's id, so that a write that the SDK repeats is the same write. The
    end of a leg is refused once the run's record is closed: whoever closed it did not count it.
    """

    def __init__(self, table: str, dynamodb: DynamoDB, *, retention: timedelta, backoff: Backoff) -> None:
        self._table = table
        self._backoff = backoff
        self._retention = retention
        self._items = bound(LegItem, table, dynamodb)
        self._executions = bound(ExecutionItem, table, dynamodb)
        self._connection = connection_of(self._items)

    def begin_leg(self, execution: Execution, leg: Leg) -> None:
        """Record that an invocation begins. See `Legs`. Raises StoreError."""
        with store_errors("record the begin of a part in", self._table):
            try:
                self._item(execution, leg).save(condition=LegItem.id.does_not_exist())
            except PutError as error:
                if not condition_failed(error):
                    raise  # otherwise the write is there, and its answer was lost

    def end_leg(self, execution: Execution, leg: Leg) -> None:
        """Record what an invocation did. See `Legs`. Raises StoreError."""
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            if self._ended(execution, leg):
                return
        raise Throttled(
            f"Cannot record the end of a part in {self._table}: too many others do at the same time"
        )

    def _ended(self, execution: Execution, leg: Leg) -> bool:
        """Write the account of a leg while its run is open; return False where others were in the way."""
        with store_errors("record the end of a part in", self._table):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.condition_check(
                        self._executions,
                        EXECUTIONS,
                        execution.id,
                        condition=self._executions.status == Status.RUNNING.value,
                    )
                    transaction.save(self._item(execution, leg))
            except TransactWriteError as error:
                reasons = refusals(error)
                if CONDITION_FAILED in reasons:
                    raise ExecutionAlreadyFinished(execution.id) from None
                if not worth_another_try(reasons):
                    raise
                return False
        return True

    def legs(self, execution: Execution) -> list[Leg]:
        """Return every leg of a run. See `Legs`. Raises StoreError."""
        with store_errors("read", self._table):
            return [_leg(item) for item in self._items.query(_log(execution), consistent_read=True)]

    def _item(self, execution: Execution, leg: Leg) -> LegItem:
        return self._items(
            log=_log(execution),
            id=int.from_bytes(hashlib.sha256(leg.id.encode()).digest()[:12]),  # 38 digits are DynamoDB's most
            leg=leg.id,
            part=None if leg.part is None else str(leg.part),
            ended=leg.ended,
            result=ResultMap(**asdict(leg.counts), read_units=leg.read_units, write_units=leg.write_units),
            unindexed=leg.unindexed,
            refusals=dict(leg.refusals),
            problem=leg.problem,
            warnings=list(leg.warnings),
            retained_until=int((execution.started_at + self._retention).timestamp()),
        )


def _log(execution: Execution) -> str:
    return f"run {execution.id}"


def _leg(item: LegItem) -> Leg:
    part: str | None = item.part  # PynamoDB's types do not tell what may be absent
    return Leg(
        id=item.leg,
        part=None if part is None else Part.parse(part),
        ended=bool(item.ended),
        counts=counts_of(item.result),
        read_units=float(item.result.read_units),
        write_units=float(item.result.write_units),
        unindexed=int(item.unindexed),
        refusals=Counter({str(code): int(count) for code, count in item.refusals.as_dict().items()}),
        problem=item.problem,
        warnings=tuple(str(warning) for warning in item.warnings or ()),
    )
