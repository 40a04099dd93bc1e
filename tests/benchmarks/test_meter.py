"""The meter between a client and the engine."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from benchmarks.meter import CONTROL_PATH, Message, Meter, Receive, Scope, Send

ORDERS = {"table": "sessions", "key": "session_id", "row_bytes": 1000}
ITEMS = [{"session_id": {"S": f"row-{number}"}} for number in range(9)]


class FakeEngine:
    """Answers reads with nine rows, and everything with two units."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = dict(scope["headers"])[b"x-amz-target"].decode().partition(".")[2]
        request = json.loads((await receive())["body"])
        self.requests.append((operation, request))
        answer: dict[str, Any] = {}
        if operation == "Query":
            answer |= {"Items": ITEMS, "ScannedCount": len(ITEMS)}
        if operation == "DescribeTable":
            answer |= {"Table": {"ItemCount": 7, "TableSizeBytes": 1400}}
        if "ReturnConsumedCapacity" in request:
            answer["ConsumedCapacity"] = {"TableName": "sessions", "CapacityUnits": 2.0}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-amzn-requestid", b"1")]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


class Client:
    """Sends requests through a meter."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self._meter = Meter(self.engine)

    def ask(self, operation: str, **request: object) -> tuple[int, dict[str, Any]]:
        headers = [(b"x-amz-target", f"DynamoDB_20120810.{operation}".encode())]
        return self._send("POST", "/", headers, json.dumps(request).encode())

    def measure(self, **orders: object) -> None:
        self._send("POST", CONTROL_PATH, [], json.dumps({**ORDERS, **orders}).encode())

    def record(self) -> dict[str, Any]:
        return self._send("GET", CONTROL_PATH, [], b"")[1]

    def _send(
        self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        asyncio.run(self._meter(scope, receive, send))
        start, answer = sent
        sizes = dict(start["headers"]).get(b"content-length", b"%d" % len(answer["body"]))
        assert int(sizes) == len(answer["body"])
        return start["status"], json.loads(answer["body"])


def test_requests_pass_untouched_while_nothing_is_measured() -> None:
    client = Client()

    client.ask("DeleteItem", TableName="sessions")

    assert client.engine.requests == [("DeleteItem", {"TableName": "sessions"})]
    assert client.record()["requests"] == {}


def test_units_are_counted_and_hidden_from_a_client_that_did_not_ask() -> None:
    client = Client()
    client.measure()

    _, answer = client.ask("DeleteItem", TableName="sessions")

    assert "ConsumedCapacity" not in answer
    assert client.record()["write_units"] == 2.0


def test_units_are_left_to_a_client_that_asked() -> None:
    client = Client()
    client.measure()

    _, answer = client.ask("Query", IndexName="expiry-index", ReturnConsumedCapacity="TOTAL")

    assert answer["ConsumedCapacity"]["CapacityUnits"] == 2.0
    assert client.record()["read_units"] == 2.0


def test_each_delete_of_a_batch_is_counted() -> None:
    client = Client()
    client.measure()

    client.ask("BatchWriteItem", RequestItems={"sessions": [{}, {}, {}]})
    client.ask("BatchExecuteStatement", Statements=[{}, {}])
    client.ask("DeleteItem")

    record = client.record()
    assert record["deletes_tried"] == 6
    assert record["requests"] == {"BatchWriteItem": 1, "BatchExecuteStatement": 1, "DeleteItem": 1}


def test_rows_are_renewed_and_removed_before_the_client_sees_them_and_only_once() -> None:
    client = Client()
    client.measure(renew=2, renew_until=1_900_000_000, remove=1)

    client.ask("Query")
    client.ask("Query")

    operations = [operation for operation, _ in client.engine.requests]
    assert operations == ["Query", "UpdateItem", "UpdateItem", "DeleteItem", "Query"]
    record = client.record()
    assert (record["renewed"], record["removed"]) == (["row-0", "row-4"], ["row-8"])
    assert record["requests"] == {"Query": 2}
    assert record["deletes_tried"] == 0


def test_a_lost_answer_is_a_server_error_for_a_delete_that_was_carried_out() -> None:
    client = Client()
    client.measure(lose_answers=1)

    first, _ = client.ask("DeleteItem")
    second, _ = client.ask("DeleteItem")

    assert (first, second) == (500, 200)
    assert [operation for operation, _ in client.engine.requests] == ["DeleteItem", "DeleteItem"]
    assert client.record()["answers_lost"] == 1


def test_a_table_has_the_size_that_its_rows_have() -> None:
    client = Client()
    client.measure()

    _, answer = client.ask("DescribeTable", TableName="sessions")

    assert answer["Table"]["TableSizeBytes"] == 7000
