"""A stand-in for EventBridge's PutEvents, on a port of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Json = dict[str, Any]


@dataclass
class Bus:
    """What was put on it, and how it answers: one `(status, body)` after the other, then that all is well."""

    endpoint: str = ""
    entries: list[Json] = field(default_factory=list)
    answers: list[tuple[int, Json]] = field(default_factory=list)

    @property
    def details(self) -> list[Json]:
        return [json.loads(entry["Detail"]) for entry in self.entries]


@contextmanager
def listening_bus() -> Iterator[Bus]:
    """Run a bus for as long as the block lasts."""
    bus = Bus()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["X-Amz-Target"] == "AWSEvents.PutEvents"
            bus.entries += request["Entries"]
            fine: Json = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in request["Entries"]]}
            status, body = bus.answers.pop(0) if bus.answers else (200, fine)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        bus.endpoint = f"http://127.0.0.1:{server.server_port}"
        try:
            yield bus
        finally:
            server.shutdown()
            thread.join()
