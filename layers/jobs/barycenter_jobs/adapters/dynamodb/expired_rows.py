"""How one table's expired rows are found: by its index, by a scan, or by both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.adapters.dynamodb.expiry_index import EXPIRES_AT, INDEX, SHARD, IndexedRows
from barycenter_jobs.adapters.dynamodb.table_scan import ScannedRows
from barycenter_jobs.core.errors import RequestRefused
from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, Cutoffs
from barycenter_jobs.core.jobs import Kind
from barycenter_jobs.core.rows import Page

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# Rows that their writer did not put into the index are looked for on every run while a whole scan is
# next to nothing: at most 128 read units. A larger table would make a run's cost depend on live rows.
SMALL_TABLE_BYTES = 1024 * 1024


class TableRows:
    """The expired rows of one provider's table, whatever indexes it has."""

    def __init__(self, client: DynamoDBClient, table: str, kind: Kind, shards: int = DEFAULT_SHARDS) -> None:
        self._client = client
        self._table = table
        self._kind = kind
        self._shards = shards
        self._warnings: list[str] = []
        self._indexed = False

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield candidates from the index, then those outside it where the table is small.

        A table without the index is scanned whole, with a warning. Raises RequestRefused for a table
        that does not have the kind's partition key alone.
        """
        self._warnings = []
        with store_errors("describe", self._table):
            description = self._client.describe_table(TableName=self._table)["Table"]
        self._check_key(description)
        self._indexed = self._has_index(description)
        if not self._indexed:
            self._warnings.append(
                f"Table {self._table} has no usable {INDEX}, so this run read all of it. See docs/tables.md."
            )
            yield from ScannedRows(self._client, self._table, self._kind.key).pages(cutoffs)
            return
        yield from self._index().pages(cutoffs)
        if description.get("TableSizeBytes", 0) <= SMALL_TABLE_BYTES:
            yield from self._outside_index(cutoffs)

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog | None:
        """Return what the index still holds, None for a table without one. See `ExpiredRows`."""
        return self._index().backlog(cutoffs, time_is_left) if self._indexed else None

    def warnings(self) -> Sequence[str]:
        """Return what was remarkable about the last reading."""
        return tuple(self._warnings)

    def _index(self) -> IndexedRows:
        return IndexedRows(self._client, self._table, self._kind.key, self._shards)

    def _outside_index(self, cutoffs: Cutoffs) -> Iterator[Page]:
        found = 0
        rows = ScannedRows(self._client, self._table, self._kind.key, outside_shards=self._shards)
        for page in rows.pages(cutoffs):
            found += page.unindexed
            yield page
        if found:
            self._warnings.append(
                f"{found} expired rows of {self._table} were not in its {INDEX}: their writer left out "
                f"{SHARD} or {EXPIRES_AT}. See docs/tables.md."
            )

    def _check_key(self, description: Any) -> None:  # noqa: ANN401 - the SDK's own dictionary
        schema = description["KeySchema"]
        if schema != [{"AttributeName": self._kind.key, "KeyType": "HASH"}]:
            attributes = ", ".join(part["AttributeName"] for part in schema)
            raise RequestRefused(
                f"Table {self._table} has the key ({attributes}), "
                f"but rows of {self._kind.name} have the key ({self._kind.key})"
            )

    def _has_index(self, description: Any) -> bool:  # noqa: ANN401 - the SDK's own dictionary
        for index in description.get("GlobalSecondaryIndexes", []):
            if index["IndexName"] == INDEX and index.get("IndexStatus", "ACTIVE") == "ACTIVE":
                keys = {part["KeyType"]: part["AttributeName"] for part in index["KeySchema"]}
                return keys == {"HASH": SHARD, "RANGE": EXPIRES_AT}
        return False
