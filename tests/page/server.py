"""The HTTP API over operations of a test's choice, on a port of this machine. It can go and come back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.responses import Response

from barycenter_jobs.core.sign_in import SignIn
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.web.routes import http_api
from console.local_stack.gateway_events import Received, event_for, response_from
from console.local_stack.template import Route
from tests.graphql.service import ALICE

Json = dict[str, Any]
Answer = Callable[[Received], Response]


@dataclass
class Scripted:
    """A server that answers as API Gateway and the function do, for as long as it is `up`.

    `refuses` is a status with which it answers requests for data instead. `asked` lists those by the names of
    their documents. `authorize` turns a token into its claims, None for one that is refused.
    """

    address: str = ""
    up: bool = True
    refuses: int | None = None
    asked: list[str] = field(default_factory=list)
    authorize: Callable[[str], Json | None] | None = None


@contextmanager
def scripted(operations: Operations, sign_in: SignIn | None = None) -> Iterator[Scripted]:
    """Serve the API over these operations until the end."""
    script = Scripted()
    api: Any = http_api(operations, sign_in=sign_in)
    one_at_a_time = threading.Lock()  # as in a function, of which each instance answers one request

    def answer(received: Received) -> Response:
        claims: Json | None = None
        if _wants_data(received.path):
            script.asked.append(_named(received))
            if script.authorize is not None:
                token = dict(received.headers).get("authorization", "").removeprefix("Bearer ")
                claims = script.authorize(token)
                if claims is None:
                    return Response(status_code=401)
            if script.refuses is not None:
                return Response(status_code=script.refuses)
        route = Route(received.method, received.path, "http_api")
        event: Any = event_for(received, route, {}, datetime.now(UTC))
        authorizer = {"iam": {"userArn": ALICE}} if claims is None else {"jwt": {"claims": claims}}
        event["requestContext"]["authorizer"] = authorizer
        with one_at_a_time:
            return response_from(api.resolve(json.loads(json.dumps(event)), None))

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, script, answer)) as server:
        script.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, script: Scripted, answer: Answer, *connection: Any) -> None:  # noqa: ANN401 - a socket's
        self._script, self._answer = script, answer
        super().__init__(*connection)

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Say nothing: a test's failure says enough."""

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not self._script.up:
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        sent = tuple((name.lower(), value) for name, value in self.headers.items())
        response = self._answer(Received(self.command, unquote(path), query, sent, body, "127.0.0.1"))
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(bytes(response.body))


def _wants_data(path: str) -> bool:
    return not (path == "/" or path.startswith("/console/"))


def _named(received: Received) -> str:
    """Return the name of a document, `query Glance {`, or the path of what is none."""
    if received.path != "/admin/jobs":
        return received.path
    given = json.loads(received.body) if received.body else dict(parse_qsl(received.query))
    return str(given["query"]).replace("(", " ").split()[1]
