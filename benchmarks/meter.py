"""A meter in front of the engine: counts what passes, and meddles between a client's read and its deletes.

Runs in the engine's environment, so it knows nothing but the standard library. Every client is metered alike:
each request is made to ask for the capacity that it consumes, and what it consumed is taken out of the answer
again where the client had not asked for it. While nobody is measured, requests pass untouched.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Payload = dict[str, Any]

CONTROL_PATH = "/-/meter"
READS = frozenset({"Query", "Scan"})
DELETES = frozenset({"BatchExecuteStatement", "BatchWriteItem", "DeleteItem", "ExecuteStatement"})
_LOST = b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"The answer was lost."}'


@dataclass
class Orders:
    """What to do to a client, once. Rows weigh `row_bytes`, which the engine does not know.

    When a read first returns enough rows, `renew` of them get the expiry `renew_until` and `remove` of them
    are deleted, before the client sees the answer. The answers to the first `lose_answers` requests that
    delete are replaced by a server's error, after the engine has carried them out. Every answer travels for
    `latency_ms`, beside the others, as through a network.
    """

    table: str
    key: str
    row_bytes: int
    renew: int = 0
    renew_until: int = 0
    remove: int = 0
    lose_answers: int = 0
    latency_ms: int = 0


@dataclass
class Read:
    """One page that was read: from an index or the table, how many rows it passed, and how consistently."""

    indexed: bool
    scanned: int
    consistent: bool


@dataclass
class Record:
    """What passed since the last reset. The units are those that the engine reports."""

    requests: dict[str, int] = field(default_factory=dict)
    deletes_tried: int = 0
    reads: list[Read] = field(default_factory=list)
    read_units: float = 0.0
    write_units: float = 0.0
    renewed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    answers_lost: int = 0


@dataclass
class Answer:
    """An answer to one HTTP request."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def pass_to(self, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Meter:
    """An ASGI application around another, which speaks DynamoDB."""

    def __init__(self, engine: App) -> None:
        self._engine = engine
        self._orders: Orders | None = None
        self._record = Record()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Meter a DynamoDB request, obey one to the control path, and leave the rest to the engine.

        POST takes orders and begins a record; GET ends it and answers with it.
        """
        headers = dict(scope.get("headers", ()))
        target = headers.get(b"x-amz-target", b"").decode()
        if scope["type"] == "http" and scope["path"] == CONTROL_PATH and b"origin" not in headers:
            await self._control(scope["method"], await body_of(receive), send)
        elif self._orders is not None and "." in target:
            await self._metered(scope, target.partition(".")[2], await body_of(receive), send, self._orders)
        else:
            await self._engine(scope, receive, send)

    async def _control(self, method: str, body: bytes, send: Send) -> None:
        if method == "POST":
            self._orders, self._record = Orders(**json.loads(body)), Record()
        else:
            self._orders = None
        answer = json.dumps(asdict(self._record)).encode()
        await _answer(200, answer).pass_to(send)

    async def _metered(self, scope: Scope, operation: str, body: bytes, send: Send, orders: Orders) -> None:
        record = self._record
        request: Payload = json.loads(body)
        asked = request.get("ReturnConsumedCapacity", "NONE") != "NONE"
        if not asked and operation in READS | DELETES:
            body = json.dumps({**request, "ReturnConsumedCapacity": "TOTAL"}).encode()
        lose = operation in DELETES and orders.lose_answers > 0
        if lose:
            orders.lose_answers -= 1
            record.answers_lost += 1
        record.requests[operation] = record.requests.get(operation, 0) + 1
        record.deletes_tried += _deletes_in(operation, request)
        answer = await self._ask(scope, body)
        payload: Payload = json.loads(answer.body)
        units = _units(payload.get("ConsumedCapacity", []))
        if operation in READS:
            record.read_units += units
            record.reads.append(
                Read(
                    "IndexName" in request,
                    payload.get("ScannedCount", 0),
                    bool(request.get("ConsistentRead")),
                )
            )
            await self._meddle(scope, orders, payload.get("Items", []))
        else:
            record.write_units += units
        if lose:
            answer = _answer(500, _LOST)
        elif operation == "DescribeTable":
            payload["Table"]["TableSizeBytes"] = payload["Table"]["ItemCount"] * orders.row_bytes
            answer = _answer(answer.status, json.dumps(payload).encode(), answer.headers)
        elif not asked and payload.pop("ConsumedCapacity", None) is not None:
            answer = _answer(answer.status, json.dumps(payload).encode(), answer.headers)
        await asyncio.sleep(orders.latency_ms / 1000)
        await answer.pass_to(send)

    async def _meddle(self, scope: Scope, orders: Orders, items: list[Payload]) -> None:
        wanted = orders.renew + orders.remove
        if not wanted or len(items) < wanted:
            return
        # Spread over the page, so that they fall into different batches.
        victims = [
            items[place * (len(items) - 1) // max(1, wanted - 1)][orders.key]["S"] for place in range(wanted)
        ]
        to_renew, to_remove = victims[: orders.renew], victims[orders.renew :]
        orders.renew = orders.remove = 0
        for victim in to_renew:
            await self._order(
                scope,
                "UpdateItem",
                {
                    "TableName": orders.table,
                    "Key": {orders.key: {"S": victim}},
                    "UpdateExpression": "SET expires_at = :later",
                    "ExpressionAttributeValues": {":later": {"N": str(orders.renew_until)}},
                },
            )
        for victim in to_remove:
            await self._order(
                scope, "DeleteItem", {"TableName": orders.table, "Key": {orders.key: {"S": victim}}}
            )
        self._record.renewed += to_renew
        self._record.removed += to_remove

    async def _order(self, scope: Scope, operation: str, payload: Payload) -> None:
        headers = dict(scope["headers"])
        version = headers[b"x-amz-target"].partition(b".")[0]
        headers[b"x-amz-target"] = version + b"." + operation.encode()
        answer = await self._ask({**scope, "headers": list(headers.items())}, json.dumps(payload).encode())
        if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise RuntimeError(f"The engine refused to {operation}: {answer.body.decode()}")

    async def _ask(self, scope: Scope, body: bytes) -> Answer:
        headers = dict(scope["headers"])
        headers[b"content-length"] = str(len(body)).encode()
        requests = [{"type": "http.request", "body": body, "more_body": False}]
        answer = Answer(500, [], b"")

        async def receive() -> Message:
            return requests.pop() if requests else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self._engine({**scope, "headers": list(headers.items())}, receive, send)
        return answer


def json_answer(status: int, payload: Payload) -> Answer:
    """Return an answer of DynamoDB's content type."""
    return _answer(status, json.dumps(payload).encode())


def _answer(status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> Answer:
    of_body = {
        b"content-type": b"application/x-amz-json-1.0",
        b"content-length": str(len(body)).encode(),
        b"x-amz-crc32": str(zlib.crc32(body)).encode(),
    }
    kept = [(name, value) for name, value in headers or [] if name.lower() not in of_body]
    return Answer(status, [*kept, *of_body.items()], body)


async def body_of(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _deletes_in(operation: str, request: Payload) -> int:
    if operation == "BatchWriteItem":
        return sum(len(requests) for requests in request["RequestItems"].values())
    if operation == "BatchExecuteStatement":
        return len(request["Statements"])
    return int(operation in DELETES)


def _units(consumed: Payload | list[Payload]) -> float:
    parts = [consumed] if isinstance(consumed, dict) else consumed
    return sum(float(part.get("CapacityUnits", 0)) for part in parts)
