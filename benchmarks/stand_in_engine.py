"""A stand-in for the embedded engine, which answers our sweep from sorted lists, so that tables can be large.

It is there to measure our own client, never itself: it knows DescribeTable, the Query of `expiry-index`, the
Scan for rows outside that index and the guarded PartiQL delete, and refuses the rest. It makes the rows of
`seeding` on a POST to ROWS_PATH, and makes each again when a delete returns it. The capacity that it reports
is what DynamoDB documents. Runs in the engine's environment, behind the meter.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from barycenter_jobs.core.expiry import DEFAULT_SHARDS, expiry_shard
from benchmarks.capacity import delete_units, read_units
from benchmarks.meter import Payload, Read, Receive, Scope, Send, body_of, json_answer
from benchmarks.seeding import KEY, ROW_BYTES, Item, Session, entry_bytes, session, session_key, sessions

ROWS_PATH = "/-/rows"
_PAGE_BYTES = 1024 * 1024  # what one Query or Scan reads at the most
_SIZES = {"row_bytes": ROW_BYTES, "entry_bytes": entry_bytes()}
_CONDITION = re.compile(r"#\w+ = (:\w+) AND #\w+ (<|>=) (:\w+)")
_OUTSIDE_INDEX = re.compile(r"NOT \(attribute_exists\(#\w+\) AND #\w+ BETWEEN :\w+ AND :\w+\)")
_DELETE = re.compile(r'DELETE FROM "(.+)" WHERE "\w+" = \? AND "expires_at" < \? RETURNING ALL OLD \*')
_NOT_MET = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}

Entry = tuple[int, str]  # an entry of the index: expiry and key


class NotPlayed(Exception):
    """A request that our sweep does not send."""


@dataclass
class _Table:
    """The rows by key, and the entries of the index by shard; those of deleted rows are passed over."""

    definition: Payload
    rows: dict[str, Session] = field(default_factory=dict)
    shards: list[list[Entry]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def add(self, made: Iterable[Session]) -> Payload:
        self.rows |= {session_key(state, number): (state, number, at) for state, number, at in made}
        self.keys = sorted(self.rows)
        self.shards = [[] for _ in range(DEFAULT_SHARDS)]
        for key, (_, _, expires_at) in self.rows.items():
            self.shards[expiry_shard(key)].append((expires_at, key))
        for shard in self.shards:
            shard.sort()
        return {}


class StandIn:
    """The stand-in as an ASGI application."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that our sweep does not send is a ValidationException."""
        if scope["type"] != "http":
            return
        request: Payload = json.loads(await body_of(receive) or b"{}")
        operation = dict(scope["headers"]).get(b"x-amz-target", b"").decode().partition(".")[2]
        try:
            status, payload = 200, self._answer("Rows" if scope["path"] == ROWS_PATH else operation, request)
        except NotPlayed as error:
            status, payload = 400, {"__type": "ValidationException", "message": f"Not played here: {error}"}
        await json_answer(status, payload).pass_to(send)

    def _answer(self, operation: str, request: Payload) -> Payload:
        known: dict[str, Callable[[Payload], Payload]] = {
            "CreateTable": self._created,
            "DescribeTable": lambda request: _description(self._table(request)),
            "DeleteTable": lambda request: _description(self._tables.pop(request["TableName"])),
            "Rows": lambda request: self._table(request).add(sessions(**request["rows"])),
            "Query": lambda request: _queried(self._table(request), request),
            "Scan": lambda request: _scanned(self._table(request), request),
            "BatchExecuteStatement": self._deleted,
        }
        return known.get(operation, _refused)(request)

    def _table(self, request: Payload) -> _Table:
        return self._tables.get(request["TableName"]) or _refused("a table that is not there")

    def _created(self, request: Payload) -> Payload:
        self._tables[request["TableName"]] = _Table(request)
        return _description(self._table(request))

    def _deleted(self, request: Payload) -> Payload:
        responses: list[Payload] = []
        for statement in request["Statements"]:
            known = _DELETE.fullmatch(statement["Statement"]) or _refused(statement["Statement"])
            key, bound = statement["Parameters"]
            rows = self._tables[known[1]].rows
            response: Payload = {"TableName": known[1]}
            row = rows.get(key["S"])
            if row is not None and row[2] < int(bound["N"]):
                response["Item"] = session(*rows.pop(key["S"]))
            elif row is not None:
                response["Error"] = _NOT_MET
            responses.append(response)
        deleted = sum("Item" in response for response in responses)
        units = delete_units(len(responses), deleted, **_SIZES)
        return {
            "Responses": responses,
            "ConsumedCapacity": [{"TableName": responses[0]["TableName"], "CapacityUnits": units}],
        }


def _queried(table: _Table, request: Payload) -> Payload:
    known = _CONDITION.fullmatch(request["KeyConditionExpression"]) or _refused("this key condition")
    values = {name: int(value["N"]) for name, value in request["ExpressionAttributeValues"].items()}
    number, bound = values[known[1]], values[known[3]]
    shard = table.shards[number] if table.shards else []
    place = bisect_left(shard, (bound,))
    first, end = (0, place) if known[2] == "<" else (place, len(shard))
    if start := request.get("ExclusiveStartKey"):
        first = bisect_right(shard, (int(start["expires_at"]["N"]), start[KEY]["S"]))
    most = min(request.get("Limit", _PAGE_BYTES), _PAGE_BYTES // _SIZES["entry_bytes"])
    found: list[Item] = []
    for expires_at, key in shard[first:end]:
        if key in table.rows:
            found.append(
                {KEY: {"S": key}, "expiry_shard": {"N": str(number)}, "expires_at": {"N": str(expires_at)}}
            )
            if len(found) == most:
                break
    return _page(request, found, len(found), last=found[-1] if len(found) == most else None, indexed=True)


def _scanned(table: _Table, request: Payload) -> Payload:
    if not _OUTSIDE_INDEX.fullmatch(request.get("FilterExpression", "")):
        _refused("this filter")
    start = request.get("ExclusiveStartKey")
    first = 0 if start is None else bisect_right(table.keys, start[KEY]["S"])
    page = table.keys[first : first + _PAGE_BYTES // ROW_BYTES]
    last: Item | None = {KEY: {"S": page[-1]}} if table.keys[first + len(page) :] else None
    # Every row that it makes is in the index, so nothing passes the filter.
    return _page(request, [], sum(key in table.rows for key in page), last=last, indexed=False)


def _page(request: Payload, items: list[Item], scanned: int, *, last: Item | None, indexed: bool) -> Payload:
    units = read_units([Read(indexed, scanned, consistent=False)], **_SIZES)
    answer: dict[str, Any] = {
        "Count": len(items),
        "ScannedCount": scanned,
        "ConsumedCapacity": {"TableName": request["TableName"], "CapacityUnits": units},
    }
    if request.get("Select") != "COUNT":
        answer["Items"] = items
    if last is not None:
        answer["LastEvaluatedKey"] = last
    return answer


def _description(table: _Table) -> Payload:
    indexes = [{**index, "IndexStatus": "ACTIVE"} for index in table.definition["GlobalSecondaryIndexes"]]
    sizes = {"ItemCount": len(table.rows), "TableSizeBytes": len(table.rows) * ROW_BYTES}
    described = {**table.definition, **sizes, "GlobalSecondaryIndexes": indexes, "TableStatus": "ACTIVE"}
    return {"Table": described, "TableDescription": described}


def _refused(what: object) -> NoReturn:
    raise NotPlayed(str(what)[:200])
