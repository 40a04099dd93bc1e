"""The REST API asked as API Gateway asks it: an event for the function's routes, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.web.routes import http_api
from console.local_stack.gateway_events import Received, event_for
from console.local_stack.template import Route
from tests.graphql.service import ALICE, NOW, service

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Json:
        """The body as a JSON object."""
        parsed: Json = json.loads(self.body)
        return parsed


class Ask(Protocol):
    """Sends a request to one API and returns the answer. Header names have underscores."""

    def __call__(
        self,
        target: str,
        method: str = "GET",
        body: bytes = b"",
        *,
        claims: Json | None = None,
        **headers: str,
    ) -> Answer:
        """Send it."""


def asking(operations: Operations | None = None) -> Ask:
    """Return what asks an API with a past that is known, or one over these operations."""
    api = http_api(operations or service())

    def ask(
        target: str,
        method: str = "GET",
        body: bytes = b"",
        *,
        claims: Json | None = None,
        **headers: str,
    ) -> Answer:
        path, _, query = target.partition("?")
        sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        received = Received(method, unquote(path), query, sent, body, "127.0.0.1")
        event = event_for(received, Route(method, path, "http_api"), {}, NOW)
        event["requestContext"]["authorizer"] = (
            {"iam": {"userArn": ALICE}} if claims is None else {"jwt": {"claims": claims}}
        )
        answer = api.resolve(json.loads(json.dumps(event)), LambdaContext())
        lower = {name.lower(): value for name, value in answer["headers"].items()}
        assert not answer["isBase64Encoded"]
        return Answer(answer["statusCode"], lower, answer["body"])

    return ask


def wsgi(ask: Ask) -> Callable[[Json, Callable[..., object]], Iterable[bytes]]:
    """Return the API as a WSGI application, for tools that want one."""

    def application(environ: Json, start_response: Callable[..., object]) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["content_type"] = environ["CONTENT_TYPE"]
        target = f"{environ['REQUEST_URI'].partition('?')[0]}?{environ['QUERY_STRING']}"
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = ask(target, environ["REQUEST_METHOD"], body, **headers)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers.items()))
        return [answer.body.encode()]

    return application


def problem(answer: Answer, status: int, kind: str) -> Json:
    """Return the problem that an answer tells of, which is of this kind."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json
    assert told.keys() >= {"type", "title", "status", "detail", "instance"}
    assert (answer.status, told["status"], told["type"]) == (
        status,
        status,
        f"urn:problem-type:barycenter-jobs:{kind}",
    )
    return told


class FailingLog(MemoryExecutionLog):
    """A log that cannot be read, because of `error`."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def read(self, *_arguments: Any, **_options: Any) -> Any:  # noqa: ANN401 - never returns
        raise self._error

    def get(self, execution_id: int) -> Any:  # noqa: ANN401, ARG002 - never returns
        raise self._error
