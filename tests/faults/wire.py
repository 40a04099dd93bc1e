"""A wire to a DynamoDB engine on which things go wrong as a test says."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Fault(Enum):
    """What happens to one request."""

    NONE = auto()
    CUT_BEFORE_ACTING = auto()
    CUT_AFTER_ACTING = auto()
    SERVER_ERROR_AFTER_ACTING = auto()
    THROTTLED = auto()
    LIMITED = auto()
    PROVISIONED_THROUGHPUT = auto()
    REFUSED_REPEATING_THE_REQUEST = auto()


_ERRORS = {
    Fault.THROTTLED: "ThrottlingException",
    Fault.LIMITED: "RequestLimitExceeded",
    Fault.PROVISIONED_THROUGHPUT: "ProvisionedThroughputExceededException",
    Fault.REFUSED_REPEATING_THE_REQUEST: "ValidationException",
}

# Told the operation and how many requests of it came before, says what happens.
Plan = Callable[[str, int], Fault]


@dataclass
class Wire:
    """The address of the wire, and how often each operation came by."""

    address: str
    requests: dict[str, int] = field(default_factory=dict)
    plan: Plan = lambda _operation, _number: Fault.NONE


@contextmanager
def bad_wire(engine: str) -> Iterator[Wire]:
    """Relay requests to `engine`, each with the fault that the wire's `plan` has for it."""
    upstream = urlsplit(engine).netloc
    lock = threading.Lock()

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # which would hold back each answer for 40 ms
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            operation = self.headers["x-amz-target"].partition(".")[2]
            with lock:
                number = wire.requests.get(operation, 0)
                wire.requests[operation] = number + 1
            fault = wire.plan(operation, number)
            if fault is Fault.CUT_BEFORE_ACTING:
                self.close_connection = True
                return
            if code := _ERRORS.get(fault):
                message = f"One or more parameter values are not valid: {body.decode()}"
                self._answer(
                    400, json.dumps({"__type": f"com.amazonaws.dynamodb#{code}", "message": message}).encode()
                )
                return
            status, answer = self._relayed(body)
            if fault is Fault.CUT_AFTER_ACTING:
                self.close_connection = True
            elif fault is Fault.SERVER_ERROR_AFTER_ACTING:
                self._answer(500, b'{"__type": "InternalServerError", "message": "oops"}')
            else:
                self._answer(status, answer)

        def _relayed(self, body: bytes) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection(upstream, timeout=90)
            connection.request("POST", "/", body, dict(self.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, content

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_arguments: object) -> None:
            """A client that went away is what these tests are about."""

    server = Server(("127.0.0.1", 0), Relay)
    wire = Wire(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
