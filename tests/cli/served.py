"""The HTTP API on a port of this machine: the real one over a day in memory, or what a test wants."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from barycenter_jobs.core.callers import Caller
from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.rest.routes import RestApi
from tests.graphql.service import ALICE, NOW, service


@dataclass(frozen=True)
class Answer:
    """What a test wants answered; `cut` resets the connection instead."""

    status: int = 200
    body: bytes | str | dict[str, Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    seconds: float = 0


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def document(self) -> str:
        """The name of the GraphQL operation that was asked for."""
        query = str(json.loads(self.body)["query"])
        return re.split(r"[({]", query, maxsplit=1)[0].strip()

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass
class Served:
    """A running server. `answers` go first; then the real API over `operations` speaks.

    `told_time` is what its clock says, where that is not the time.
    """

    url: str
    operations: Operations
    caller: Caller
    requests: list[Received] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    always: Answer | None = None
    told_time: datetime | None = None

    def answer(self, request: Received) -> Answer:
        self.requests.append(request)
        if self.answers:
            return self.answers.popleft()
        return self.always or _of(self._api(request))

    def _api(self, request: Received) -> HttpResponse:
        parts = urlsplit(request.target)
        asked = HttpRequest(
            request.method,
            {name.lower(): value for name, value in request.headers},
            parse_qs(parts.query, keep_blank_values=True),
            request.body.decode(),
            self.caller,
            NOW,
            path=parts.path,
        )
        if parts.path in ("/admin/jobs", "/admin/graphql"):
            return respond(asked, self.operations)
        return RestApi(self.operations, lambda: NOW).respond(asked)


def _of(response: HttpResponse) -> Answer:
    return Answer(response.status, response.body, response.headers)


@contextmanager
def served(operations: Operations | None = None, caller: Caller | None = None) -> Iterator[Served]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = state.answer(Received(self.command, self.path, list(self.headers.items()), body))
            time.sleep(answer.seconds)
            if answer.cut:
                # With this, closing sends a reset, as a server does that dies.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            content = json.dumps(answer.body) if isinstance(answer.body, dict) else answer.body
            content = content.encode() if isinstance(content, str) else content
            self.send_response(answer.status)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            for name, value in ({"content-type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - named so by the base

        def date_time_string(self, timestamp: float | None = None) -> str:
            told = state.told_time.timestamp() if state.told_time else timestamp
            return super().date_time_string(told)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base
            """Print nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A connection that a test cuts is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        state = Served(
            f"http://127.0.0.1:{server.server_port}", operations or service(), caller or Caller(ALICE)
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
