"""Removals by DynamoDB's own TTL, as a table's stream tells of them.

A record of the stream holds the row as it was, secrets and all. Of that, this module reads when the row was
to expire, whether it was in the expiry index, and how large it was; of its key it keeps hashes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Kind

# After "DynamoDB Streams and Time to Live" in Amazon's developer guide; no user has this principal.
TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

SLICE_SECONDS = 60
_UNDATED_SLICES = 64
_IDENTITY_BYTES = (
    8  # among the few thousand records of a slice, two are the same once in ten million millions
)
_KB = 1024
_LARGEST_RECORD = 1024 * _KB  # an item has 400 KB at the most, and a record two images of it


@dataclass(frozen=True, slots=True)
class Removal:
    """One row that TTL removed.

    `identity` is the same whenever the same record is delivered, and no other record's. `slice` is the minute
    of its making, or a number below 64 for a record that does not tell it. `write_units` is what a sweep
    would have paid for the row, `row_hash` the SHA-256 of its key. `subject` is whose it was, where somebody
    is to be told.
    """

    identity: bytes = field(repr=False)
    sequence_number: str
    slice: int
    row_hash: str
    removed_at: datetime | None
    expires_at: int | None
    size_bytes: int
    write_units: int
    subject: str | None = field(default=None, repr=False)

    @property
    def lateness_seconds(self) -> int | None:
        """How many seconds after its expiry the row was removed, not less than 0, None where nobody knows."""
        if self.removed_at is None or self.expires_at is None:
            return None
        return max(0, int(self.removed_at.timestamp()) - self.expires_at)


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that says that TTL removed a row, and not which: asking for it again would not help."""

    identity: bytes = field(repr=False)
    sequence_number: str | None
    slice: int
    reason: str


def records_of(event: object) -> Sequence[object]:
    """Return the records of a batch of a stream. Raises InvalidEvent for what is none."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list):
        raise InvalidEvent("The event is no batch of a DynamoDB stream: it has no list of Records")
    return records


def table_of(record: object) -> str | None:
    """Return the name of the table whose stream a record comes from, None where it does not tell."""
    arn = record.get("eventSourceARN") if isinstance(record, Mapping) else None
    found = (
        re.fullmatch(r"arn:[^:]*:dynamodb:[^:]*:[^:]*:table/([^/]+)/stream/.+", arn or "")
        if isinstance(arn, str)
        else None
    )
    return None if found is None else found[1]


def is_of_ttl(record: Mapping[str, object]) -> bool:
    """Return whether a record tells of a row that TTL removed in this Region.

    A delete by anybody else has no such identity, and neither has TTL's own once it was replicated to
    another Region of a global table.
    """
    identity = record.get("userIdentity")
    return (
        record.get("eventName") == "REMOVE"
        and isinstance(identity, Mapping)
        and all(identity.get(name) == value for name, value in TTL_IDENTITY.items())
    )


def removal_of(record: object, kind: Kind, *, with_subject: bool = False) -> Removal | Poison | None:
    """Return what a record of the stream of a table of this kind tells, None where TTL did nothing.

    Whose row it was is read `with_subject` only. Never raises, whatever the record is.
    """
    if not isinstance(record, Mapping):
        return Poison(_identity("", record, None), None, _undated(record), "the record is no JSON object")
    if not is_of_ttl(record):
        return None
    stream, change = str(record.get("eventSourceARN", "")), record.get("dynamodb")
    if not isinstance(change, Mapping):
        return Poison(_identity(stream, record, None), None, _undated(record), "it has no dynamodb")
    keys, number = change.get("Keys"), change.get("SequenceNumber")
    removed_at = _instant(change.get("ApproximateCreationDateTime"))
    named = number if isinstance(number, str) and number else None
    key = _text(keys.get(kind.key)) if isinstance(keys, Mapping) else None
    identity = _identity(stream, record if named is None or key is None else key, named)
    slice_ = _undated(identity) if removed_at is None else int(removed_at.timestamp()) // SLICE_SECONDS
    if named is None:
        return Poison(identity, None, slice_, "it has no SequenceNumber")
    if key is None:
        return Poison(identity, named, slice_, f"its Keys have no {kind.key}")
    image = change.get("OldImage")
    image = image if isinstance(image, Mapping) else {}
    size = _row_bytes(change.get("SizeBytes"), kind.key, key)
    return Removal(
        identity=identity,
        sequence_number=named,
        slice=slice_,
        row_hash=hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest(),
        removed_at=removed_at,
        expires_at=_second(image.get("expires_at")),
        size_bytes=size,
        write_units=_units(image, size, kind),
        subject=_text(image.get("subject")) if with_subject else None,
    )


def removal_write_units(size_bytes: int, indexes: int) -> int:
    """Return what deleting a row of this size costs: a unit for each KB, and one for each of its indexes.

    Their entries hold keys only and are below 1 KB.
    """
    return max(1, -(-size_bytes // _KB)) + indexes


def _identity(stream: str, told: object, number: str | None) -> bytes:
    # A sequence number orders the changes of an item within its stream: with the key it names one record,
    # even where two shards should use the same numbers.
    text = json.dumps([stream, number, told], sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:_IDENTITY_BYTES]


def _undated(told: object) -> int:
    digest = told if isinstance(told, bytes) else _identity("", told, None)
    return digest[0] % _UNDATED_SLICES


def _text(value: object) -> str | None:
    text = value.get("S") if isinstance(value, Mapping) else None
    return text if isinstance(text, str) and text else None


def _second(value: object) -> int | None:
    text = value.get("N") if isinstance(value, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= FIRST_IMPLAUSIBLE_SECOND:
        return None
    return int(number)


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # Minute 64 and less are the names of undated slices; no stream is as old as an hour after 1970.
    if not 24 * 3600 <= value < FIRST_IMPLAUSIBLE_SECOND:
        return None
    return datetime.fromtimestamp(int(value), UTC)


def _row_bytes(size: object, key_name: str, key: str) -> int:
    """Return the row's size: the record counts its key beside the image, which holds it again."""
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST_RECORD:
        return 0
    keys = len(key_name) + len(key.encode(errors="surrogatepass"))
    return size - keys if size > keys else size


def _units(image: Mapping[str, object], size: int, kind: Kind) -> int:
    sharded = "expiry_shard" in image
    indexes = int(sharded and "expires_at" in image) + int(sharded and kind.rotates and "rotated_at" in image)
    return removal_write_units(size, indexes)
