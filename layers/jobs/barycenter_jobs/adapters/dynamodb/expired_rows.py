"""How one table's rows that may go are found: by its indexes, by a scan, or by both."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.attributes import EXPIRES_AT, SHARD
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.adapters.dynamodb.indexed_rows import EXPIRY_INDEX, ROTATION_INDEX, Index, IndexedRows
from barycenter_jobs.adapters.dynamodb.scanned_rows import ScannedRows
from barycenter_jobs.core.errors import RequestRefused
from barycenter_jobs.core.executions import Backlog
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, Cutoffs
from barycenter_jobs.core.parts import Part, parts

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from barycenter_jobs.core.jobs import Kind
    from barycenter_jobs.core.rows import Page, Quarantined
    from barycenter_jobs.core.spans import Count, Span

# Rows that their writer did not put into the index are looked for on every run while a whole scan is
# next to nothing: at most 128 read units. A larger table would make a run's cost depend on live rows.
SMALL_TABLE_BYTES = 1024 * 1024
# A table without the index is read so many segments at a time, each of about so many bytes.
SEGMENTS_AT_ONCE = 8
SEGMENT_BYTES = 64 * SMALL_TABLE_BYTES
# Each is a step of a state machine, of whose steps there may be a few thousand.
MOST_SEGMENTS = 1000


class TableRows:
    """The rows of one provider's table that may go, whatever indexes it has.

    `client` may repeat its requests: all of them only read.
    """

    def __init__(self, client: DynamoDBClient, table: str, kind: Kind, shards: int = DEFAULT_SHARDS) -> None:
        self._client = client
        self._table = table
        self._kind = kind
        self._shards = shards
        self._warnings: list[str] = []

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:
        """Yield candidates from the indexes, then those outside them where the table is small.

        A table without `expiry-index` is scanned whole, with a warning. Raises RequestRefused for a table
        that does not have the kind's partition key alone.
        """
        self._warnings = []
        description = self._description()
        if not EXPIRY_INDEX.is_in(description):
            yield from self._whole_table(cutoffs, description)
            return
        yield from self._indexed(cutoffs, range(self._shards), description)
        if description.get("TableSizeBytes", 0) <= SMALL_TABLE_BYTES:
            yield from self._outside_small_table(cutoffs)

    def shard(self, cutoffs: Cutoffs, shard: Part) -> Iterator[Page]:
        """Yield candidates from one shard of the indexes. See `ShardedRows`."""
        self._warnings = []
        yield from self._indexed(cutoffs, (shard.number,), self._description())

    def outside_index(self, cutoffs: Cutoffs, segment: Part) -> Iterator[Page]:
        """Yield what one segment of the table holds that `expiry-index` does not. See `RowsOutsideIndex`."""
        self._warnings = []
        yield from self._scanned(outside_shards=self._shards).pages(cutoffs, [segment])

    def segments(self, bytes_each: int) -> Sequence[Part]:
        """Return segments of about so many bytes that make up the table, in an order of their own each time.

        There are a thousand at the most. Raises RequestRefused for a table with another key.
        """
        return _shuffled(_segments(self._description(), bytes_each))

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog | None:
        """Return what the indexes still hold, None for a table without `expiry-index`. See `ExpiredRows`."""
        description = self._description()
        if not EXPIRY_INDEX.is_in(description):
            return None
        expired = self._rows_in(EXPIRY_INDEX, range(self._shards)).backlog(cutoffs, time_is_left)
        if cutoffs.rotated_before is None or not ROTATION_INDEX.is_in(description) or not expired.exact:
            return expired
        rotated = self._rows_in(ROTATION_INDEX, range(self._shards)).due(cutoffs, time_is_left)
        return Backlog(expired.remaining + rotated.remaining, expired.oldest_expired_at, exact=rotated.exact)

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield the rows in the index whose expiry is no epoch second. Raises StoreError."""
        return self._rows_in(EXPIRY_INDEX, range(self._shards)).quarantined()

    def count(
        self, spans: Sequence[Span], most: int, time_is_left: Callable[[], bool]
    ) -> Sequence[Count] | None:
        """Return how many rows of `expiry-index` expire in each span. See `ExpiryIndex`.

        Does not describe the table first: whoever asks may read the index and nothing else.
        """
        try:
            return self._rows_in(EXPIRY_INDEX, range(self._shards)).count(spans, most, time_is_left)
        except RequestRefused as error:
            if error.code == "ValidationException":  # "The table does not have the specified index"
                return None
            raise

    def earliest(self, before: int) -> datetime | None:
        """Return the earliest expiry in `expiry-index` before an epoch second. See `ExpiryIndex`."""
        return self._rows_in(EXPIRY_INDEX, range(self._shards)).earliest(before)

    def warnings(self) -> Sequence[str]:
        """Return what was remarkable about the last reading."""
        return tuple(self._warnings)

    def _rows_in(self, index: Index, shards: Sequence[int]) -> IndexedRows:
        return IndexedRows(self._client, self._table, self._kind.key, shards, index)

    def _scanned(self, outside_shards: int | None = None) -> ScannedRows:
        return ScannedRows(self._client, self._table, self._kind.key, outside_shards=outside_shards)

    def _whole_table(self, cutoffs: Cutoffs, description: Any) -> Iterator[Page]:  # noqa: ANN401
        # In another order each time: a run that never gets through must not leave the same rows for ever.
        segments = _shuffled(_segments(description, SEGMENT_BYTES, least=SEGMENTS_AT_ONCE))
        read_units = 0.0
        try:
            for page in self._scanned().pages(cutoffs, segments, SEGMENTS_AT_ONCE):
                read_units += page.read_units
                yield page
        finally:
            self._warnings.append(
                f"Table {self._table} has no usable {EXPIRY_INDEX.name}, so this run read the table itself, "
                f"for {read_units:,.1f} read units. See docs/tables.md."
            )

    def _indexed(self, cutoffs: Cutoffs, shards: Sequence[int], description: Any) -> Iterator[Page]:  # noqa: ANN401
        yield from self._rows_in(EXPIRY_INDEX, shards).pages(cutoffs)
        if cutoffs.rotated_before is None:
            return
        if ROTATION_INDEX.is_in(description):
            yield from self._rows_in(ROTATION_INDEX, shards).pages(cutoffs)
        else:
            self._warnings.append(
                f"Table {self._table} has no usable {ROTATION_INDEX.name}, so rotated rows stay until they "
                "expire. See docs/tables.md."
            )

    def _outside_small_table(self, cutoffs: Cutoffs) -> Iterator[Page]:
        found = 0
        for page in self._scanned(outside_shards=self._shards).pages(cutoffs, parts(1)):
            found += page.unindexed
            yield page
        if found:
            self._warnings.append(
                f"{found} expired rows of {self._table} were not in its {EXPIRY_INDEX.name}: their writer "
                f"left out {SHARD} or {EXPIRES_AT}. See docs/tables.md."
            )

    def _description(self) -> Any:  # noqa: ANN401 - the SDK's own dictionary
        with store_errors("describe", self._table):
            description = self._client.describe_table(TableName=self._table)["Table"]
        schema = description["KeySchema"]
        if schema != [{"AttributeName": self._kind.key, "KeyType": "HASH"}]:
            attributes = ", ".join(part["AttributeName"] for part in schema)
            raise RequestRefused(
                f"Table {self._table} has the key ({attributes}), "
                f"but rows of {self._kind.name} have the key ({self._kind.key})"
            )
        return description


def _segments(description: Any, bytes_each: int, least: int = 1) -> Sequence[Part]:  # noqa: ANN401
    size: int = description.get("TableSizeBytes", 0)
    return parts(min(MOST_SEGMENTS, max(least, math.ceil(size / bytes_each))))


def _shuffled(segments: Sequence[Part]) -> Sequence[Part]:
    return random.sample(segments, len(segments))
