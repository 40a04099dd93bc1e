"""The account of what TTL removed, in the table `job_executions`.

| `log` | `id` | |
|---|---|---|
| `removal ledger`, the kind, a minute | 1, 2, ... | eight bytes for each record that is accounted for |
| `removals` and the kind | lane | counters of what is accounted for; a kind's lanes are added up |
| `removals taken` and the kind | 0 | the counters as they were when a run last took them into its record |

A page of the ledger and the counters that go with it are one transaction: a record is in both or in neither.
Pages are only ever added, under the condition that nobody else has added that page, so that what was read of
a minute's pages is all that there is of it. A write pays for its own page, whatever the minute holds.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from barycenter_jobs.adapters.aws_errors import code_of
from barycenter_jobs.adapters.dynamodb.errors import THROTTLING_CODES, store_errors
from barycenter_jobs.adapters.dynamodb.taken_log import taken_log
from barycenter_jobs.core.errors import Throttled
from barycenter_jobs.core.removal_totals import Progress, RemovalTotals, Taking, summed, totals_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from barycenter_jobs.core.pacing import Backoff
    from barycenter_jobs.core.removal_stores import Told

IDENTITY_BYTES = 8
LANES = 4  # invocations for several shards of a stream do not wait for each other at one item
SLICES_AT_ONCE = 40  # a transaction takes 100 actions
# A stream keeps its records for a day; what is delivered again later was put there by hand.
LEDGER_KEPT = timedelta(days=30)

_NEWEST, _ACCOUNTED, _KEY = "newest_at", "accounted_at", {"log", "id"}
_PASSING = THROTTLING_CODES | {"None", "ConditionalCheckFailed"}


@dataclass(frozen=True, slots=True)
class _Slice:
    """A minute's pages of the ledger: how many there are, and whom they name."""

    pages: int
    identities: frozenset[bytes]


class DynamoDBRemovalAccounts:
    """Keeps the accounts. `backoff` spaces the tries of writes that meet each other."""

    def __init__(self, client: DynamoDBClient, table: str, backoff: Backoff) -> None:
        self._client = client
        self._table = table
        self._backoff = backoff

    def unaccounted(self, kind: str, told: Sequence[Told]) -> list[Told]:
        """Return what has not been accounted for. See `RemovalAccounts`."""
        slices = {number: self._slice(kind, number) for number in {each.slice for each in told}}
        return _fresh(told, slices)

    def account(self, kind: str, told: Sequence[Told], now: datetime) -> list[Told]:
        """Account for what has not been accounted for. See `RemovalAccounts`."""
        by_slice: dict[int, list[Told]] = {}
        for each in told:
            by_slice.setdefault(each.slice, []).append(each)
        numbers, accounted = sorted(by_slice), []
        for first in range(0, len(numbers), SLICES_AT_ONCE):
            some = [each for number in numbers[first : first + SLICES_AT_ONCE] for each in by_slice[number]]
            accounted += self._account(kind, some, now)
        return accounted

    def totals(self, kind: str) -> RemovalTotals:
        """Return what was ever accounted for. See `RemovalAccounts`."""
        return summed(_totals(item) for item in self._items(_totals_log(kind)))

    def progress(self, kind: str) -> Progress | None:
        """Return how far the accounts have come. See `RemovalAccounts`."""
        return _progress(list(self._items(_totals_log(kind))))

    def taking(self, kind: str) -> Taking:
        """Return what no run has taken yet. See `RemovalAccounts`."""
        # First what was taken: a run that takes meanwhile makes this one's condition fail.
        taken = next(self._items(taken_log(kind)), {})
        lanes = list(self._items(_totals_log(kind)))
        totals = summed(_totals(lane) for lane in lanes)
        version = int(taken.get("taken_version", {"N": "0"})["N"])
        return Taking(kind, version, totals, totals - _totals(taken), _progress(lanes))

    def _account(self, kind: str, told: Sequence[Told], now: datetime) -> list[Told]:
        for attempt in range(self._backoff.attempts):
            if attempt:
                self._backoff.wait(attempt - 1)
            slices = {number: self._slice(kind, number) for number in {each.slice for each in told}}
            fresh = _fresh(told, slices)
            if not fresh or self._wrote(kind, fresh, slices, now):
                return fresh
        raise Throttled(f"Cannot account for removals in {self._table}: too many others write there")

    def _wrote(self, kind: str, fresh: Sequence[Told], slices: Mapping[int, _Slice], now: datetime) -> bool:
        """Write a page of each slice and the counters at once; False where others were in the way."""
        pages: dict[int, list[bytes]] = {}
        for each in fresh:
            pages.setdefault(each.slice, []).append(each.identity)
        actions: list[Any] = [
            {"Put": self._page(kind, number, slices[number].pages + 1, identities, now)}
            for number, identities in pages.items()
        ]
        actions.append({"Update": self._addition(kind, fresh, now)})
        with store_errors("account for removals in", self._table):
            try:
                # Repeated by the SDK with the same token, so that an answer that was lost is given again.
                self._client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if not _passes(error):
                    raise
                return False
        return True

    def _page(
        self, kind: str, number: int, page: int, identities: Sequence[bytes], now: datetime
    ) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Item": {
                "log": {"S": _ledger_log(kind, number)},
                "id": {"N": str(page)},
                "identities": {"B": b"".join(identities)},
                "retained_until": {"N": str(int((now + LEDGER_KEPT).timestamp()))},
            },
            "ConditionExpression": "attribute_not_exists(id)",
        }

    def _addition(self, kind: str, fresh: Sequence[Told], now: datetime) -> dict[str, Any]:
        counters = totals_of(fresh).counters
        values = {f":n{place}": {"N": str(number)} for place, number in enumerate(counters.values())}
        added = ", ".join(f"{name} :n{place}" for place, name in enumerate(counters))
        made = [each.slice for each in fresh if each.slice >= 1440]  # noqa: PLR2004 - below are undated slices
        newest = datetime.fromtimestamp(max(made) * 60, UTC) if made else now
        newest = max([newest, *(at for each in fresh if (at := getattr(each, "removed_at", None)))])
        values |= {":newest": _seconds(newest), ":now": _seconds(now)}
        return {
            "TableName": self._table,
            "Key": {"log": {"S": _totals_log(kind)}, "id": {"N": str(_lane(fresh))}},
            "UpdateExpression": f"ADD {added} SET {_NEWEST} = :newest, {_ACCOUNTED} = :now",
            "ExpressionAttributeValues": values,
        }

    def _slice(self, kind: str, number: int) -> _Slice:
        pages, identities = 0, set()
        for item in self._items(_ledger_log(kind, number)):
            pages = int(item["id"]["N"])
            named = _bytes(item["identities"]["B"])
            identities |= {named[at : at + IDENTITY_BYTES] for at in range(0, len(named), IDENTITY_BYTES)}
        return _Slice(pages, frozenset(identities))

    def _items(self, log: str) -> Iterator[Mapping[str, Any]]:
        start: dict[str, Any] = {}
        with store_errors("read", self._table):
            while True:
                page = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="#log = :log",
                    ExpressionAttributeNames={"#log": "log"},
                    ExpressionAttributeValues={":log": {"S": log}},
                    ConsistentRead=True,
                    **start,
                )
                yield from page["Items"]
                if "LastEvaluatedKey" not in page:
                    return
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _fresh(told: Sequence[Told], slices: Mapping[int, _Slice]) -> list[Told]:
    seen: set[tuple[int, bytes]] = set()
    fresh = []
    for each in told:
        if each.identity in slices[each.slice].identities or (each.slice, each.identity) in seen:
            continue
        seen.add((each.slice, each.identity))
        fresh.append(each)
    return fresh


def _bytes(value: bytes | str) -> bytes:
    # Our clients leave answers as they come, and binary values come in base64.
    return base64.b64decode(value) if isinstance(value, str) else value


def _passes(error: ClientError) -> bool:
    """Return whether the same transaction may go through once what it rests on was read again."""
    details: Any = error.response
    if code_of(error) != "TransactionCanceledException":
        return False
    reasons = {reason.get("Code", "None") for reason in details.get("CancellationReasons", [])}
    return bool(reasons) and reasons <= _PASSING


def _progress(lanes: Sequence[Mapping[str, Any]]) -> Progress | None:
    told = [
        Progress(_instant(lane[_NEWEST]), _instant(lane[_ACCOUNTED])) for lane in lanes if _ACCOUNTED in lane
    ]
    return max(told, key=lambda each: (each.accounted_at, each.newest_at), default=None)


def _totals(item: Mapping[str, Any]) -> RemovalTotals:
    return RemovalTotals(
        {
            name: int(value["N"])
            for name, value in item.items()
            if name.startswith(("ttl_", "late_")) and name not in _KEY
        }
    )


def _lane(fresh: Sequence[Told]) -> int:
    return zlib.crc32(fresh[0].identity) % LANES


def _seconds(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp()))}


def _instant(value: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(int(value["N"]), UTC)


def _totals_log(kind: str) -> str:
    return f"removals {kind}"


def _ledger_log(kind: str, number: int) -> str:
    return f"removal ledger {kind} {number}"
