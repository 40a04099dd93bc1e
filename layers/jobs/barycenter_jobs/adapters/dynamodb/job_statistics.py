"""The counters of jobs, in the table `job_executions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.adapters.dynamodb.execution_items import StatisticsItem, bound, connection_of
from barycenter_jobs.core.statistics import Increment, JobStatistics, increment_of, merged, portion_of

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.client import DynamoDB
    from barycenter_jobs.core.executions import Execution

_KEY = {"log", "id"}


class DynamoDBStatistics:
    """Keeps an item for each portion of a job's counters, and changes them within others' transactions."""

    def __init__(self, table: str, dynamodb: DynamoDB) -> None:
        self._table = table
        self._items = bound(StatisticsItem, table, dynamodb)
        self._connection = connection_of(self._items)

    def count(self, transaction: TransactWrite, execution: Execution) -> None:
        """Have the transaction add an execution that is finished; one that is running adds nothing."""
        increment = increment_of(execution)
        if increment.changes:
            portion = portion_of(execution)
            self._add(transaction, _kept(execution.job_name), portion, increment)
            self._add(transaction, _lifetime(execution.job_name), portion, increment)

    def discount(self, transaction: TransactWrite, counted: Iterable[tuple[Execution, int]]) -> None:
        """Have the transaction take out executions, each with the portion that it was counted in."""
        changes: dict[tuple[str, int], Increment] = {}
        for execution, portion in counted:
            key = _kept(execution.job_name), portion
            changes[key] = changes.get(key, Increment()) + -increment_of(execution)
        for (log, portion), change in changes.items():
            self._add(transaction, log, portion, change)

    def kept(self, job_name: str) -> JobStatistics:
        """Return the figures of the records that are there. Raises StoreError."""
        return merged(self._portions(_kept(job_name)))

    def lifetime(self, job_name: str) -> JobStatistics:
        """Return the figures of all that there ever were. Raises StoreError."""
        return merged(self._portions(_lifetime(job_name)))

    def _add(self, transaction: TransactWrite, log: str, portion: int, increment: Increment) -> None:
        actions: list[Action] = [Path(name).add(change) for name, change in increment.changes.items()]
        transaction.update(self._items(log=log, id=portion), actions)

    def _portions(self, log: str) -> Iterator[JobStatistics]:
        page: dict[str, Any] = {}
        with store_errors("read", self._table):
            while True:
                # Not by the model, which knows none of the counters.
                page = self._connection.query(
                    self._table, log, consistent_read=True, exclusive_start_key=page.get("LastEvaluatedKey")
                )
                for item in page["Items"]:
                    yield JobStatistics(
                        {name: int(value["N"]) for name, value in item.items() if name not in _KEY}
                    )
                if "LastEvaluatedKey" not in page:
                    return


def _kept(job_name: str) -> str:
    return f"statistics {job_name}"


def _lifetime(job_name: str) -> str:
    return f"lifetime {job_name}"
