"""GraphQL over HTTP, as its specification has it: a request in, a response out.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from barycenter_jobs.core.callers import Caller
from barycenter_jobs.core.errors import BarycenterJobsError, InvalidInput, NotAllowed
from barycenter_jobs.graphql.resolvers import RESOLVERS, Request, resolved
from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from barycenter_jobs.operations.api import Operations

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
MAX_BODY_BYTES = 100_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Parameters:
    query: str
    operation_name: str | None
    variables: dict[str, object]


class _Refused(Exception):
    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def respond(request: HttpRequest, operations: Operations) -> HttpResponse:
    """Answer a GraphQL request. Never raises for anything that a client sent."""
    media_type = JSON
    try:
        media_type = _accepted(request.headers.get("accept") or "*/*")
        parameters = _parameters(request)
        return _executed(request, parameters, operations, media_type)
    except _Refused as refusal:
        body = {"errors": [{"message": str(refusal), "extensions": {"code": "BAD_REQUEST"}}]}
        return HttpResponse(refusal.status, json.dumps(body), {"content-type": media_type, **refusal.headers})


def _executed(
    request: HttpRequest, parameters: _Parameters, operations: Operations, media_type: str
) -> HttpResponse:
    try:
        document = parse(parameters.query)
    except GraphQLError as error:
        return _failed([error], "GRAPHQL_PARSE_FAILED", media_type)
    if errors := validate(schema(), document):
        return _failed(errors, "GRAPHQL_VALIDATION_FAILED", media_type)
    operation = _operation(document, parameters.operation_name)
    if request.method == "GET" and operation.operation is not OperationType.QUERY:
        raise _Refused(405, "GET runs queries only; send a mutation by POST", {"allow": "POST"})
    result = execute_sync(
        schema(),
        document,
        variable_values=parameters.variables,
        operation_name=parameters.operation_name,
        context_value=_Context(operations, request.caller, request.asked_at),
    )
    if not isinstance(result, ExecutionResult):
        raise TypeError("a resolver of ours is asynchronous")
    if result.data is None and any(error.path is None for error in result.errors or ()):
        return _failed(list(result.errors or ()), "BAD_USER_INPUT", media_type)  # variables that do not fit
    body: dict[str, object] = {"data": result.data}
    if result.errors:
        body["errors"] = [_formatted(error) for error in result.errors]
    return HttpResponse(200, json.dumps(body), {"content-type": media_type})


def _failed(errors: list[GraphQLError], code: str, media_type: str) -> HttpResponse:
    """Answer a request that did not get as far as being executed.

    The media type decides the status: application/json cannot tell such an answer from a proxy's, and
    so carries 200; application/graphql-response+json carries 400.
    """
    body = {"errors": [{**error.formatted, "extensions": {"code": code}} for error in errors]}
    return HttpResponse(200 if media_type == JSON else 400, json.dumps(body), {"content-type": media_type})


def _formatted(error: GraphQLError) -> dict[str, object]:
    """Return the error of a field as it goes into the response."""
    original = error.original_error
    if isinstance(original, InvalidInput | GraphQLError):  # graphql-core's own are about arguments too
        code = "BAD_USER_INPUT"
    elif isinstance(original, NotAllowed):
        code = "FORBIDDEN"
    elif isinstance(original, BarycenterJobsError):
        code = "SERVICE_UNAVAILABLE"
    else:
        # A bug of ours. What it says may be anything, so nobody outside hears it and no log keeps it.
        code = "INTERNAL_SERVER_ERROR"
        bug = original or error
        frames = traceback.format_tb(bug.__traceback__)
        logger.error("field failed unexpectedly", extra={"error": type(bug).__name__, "frames": frames})
        error = GraphQLError("Internal error", error.nodes, path=error.path)
    return {**error.formatted, "extensions": {"code": code}}


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is None:
        raise _Refused(
            400, f"Unknown operation: {name}" if name else "Name the operation to run: operationName"
        )
    return operation


def _accepted(accept: str) -> str:
    """Return the better of our two media types that the client takes. Raises _Refused for neither.

    The most specific range that covers a type speaks for it (RFC 9110, section 12.5.1). Of two types that
    are as welcome, the one that the client names first wins, and application/json where it names neither.
    """
    ranges = dict(_media_range(choice) for choice in accept.lower().split(","))
    named = [*(media_range for media_range in ranges if media_range in (JSON, GRAPHQL_RESPONSE)), JSON]
    qualities = {
        media_type: next((ranges[r] for r in (media_type, "application/*", "*/*") if r in ranges), 0.0)
        for media_type in [*named, GRAPHQL_RESPONSE]
    }
    best = max(qualities, key=lambda media_type: qualities[media_type])
    if not qualities[best]:
        raise _Refused(406, f"This endpoint answers in {GRAPHQL_RESPONSE} or {JSON}")
    return best


def _media_range(choice: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip() for part in choice.split(";"))
    weights = [text[2:] for text in parameters if text.startswith("q=")]
    return media_range, _quality(weights[0]) if weights else 1.0


def _quality(text: str) -> float:
    return float(text) if re.fullmatch(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", text) else 0.0


def _parameters(request: HttpRequest) -> _Parameters:
    if request.method == "GET":
        given = {name: _only(values, name) for name, values in request.query.items()}
        encoded = ("variables", "extensions")
        return _checked({**given, **{name: _decoded(given.get(name), name) for name in encoded}})
    if request.method != "POST":
        raise _Refused(
            405, f"{request.method} is not served here; use POST, or GET for queries", {"allow": "GET, POST"}
        )
    content_type, *_ = request.headers.get("content-type", "").lower().split(";")
    if content_type.strip() != JSON:
        raise _Refused(415, f"Send the request as Content-Type: {JSON}")
    if len(request.body.encode(errors="surrogatepass")) > MAX_BODY_BYTES:
        raise _Refused(413, f"A request may have {MAX_BODY_BYTES} bytes at the most")
    body = _decoded(request.body, "The body")
    if not isinstance(body, dict):
        raise _Refused(400, "The body must be a JSON object with a query")
    return _checked(body)


def _only(values: Sequence[str], name: str) -> str:
    if len(values) > 1:
        raise _Refused(400, f"{name} is given {len(values)} times; once is meant")
    return values[0]


def _decoded(text: str | None, what: str) -> object:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused(400, f"{what} is not valid JSON") from None


def _checked(given: Mapping[str, object]) -> _Parameters:
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise _Refused(400, "query must be the text of a GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise _Refused(400, "variables must be a JSON object")
    if name is not None and not isinstance(name, str):
        raise _Refused(400, "operationName must be a string")
    if not isinstance(given.get("extensions"), dict | None):
        raise _Refused(400, "extensions must be a JSON object")
    return _Parameters(query, name or None, variables or {})


@dataclass(frozen=True, slots=True)
class _Context:
    operations: Operations
    caller: Caller
    asked_at: datetime | None


@cache
def schema() -> GraphQLSchema:
    """Return the schema that `graphql/schema.graphql` defines, with each root field resolved."""
    built = build_schema(_described(Path(__file__).with_name("schema.graphql").read_text()))
    for type_name, field_name in RESOLVERS:
        root = built.type_map[type_name]
        if not isinstance(root, GraphQLObjectType):
            raise TypeError(f"{type_name} is not an object type")
        root.fields[field_name].resolve = partial(_resolve, type_name, field_name)
    return built


def _described(definition: str) -> str:
    """Return a schema in which the comment right above a definition is its description, as in AppSync."""

    def description(match: re.Match[str]) -> str:
        lines = [line.strip().removeprefix("#").strip() for line in match["comment"].splitlines()]
        return f'"""{" ".join(lines)}"""\n{match["definition"]}'

    return re.sub(
        r"(?P<comment>(?:^[ ]*#.*\n)+)(?P<definition>[ ]*\w)", description, definition, flags=re.MULTILINE
    )


def _resolve(
    type_name: str, field_name: str, _source: object, info: GraphQLResolveInfo[_Context], **arguments: object
) -> object:
    asked = info.context
    return resolved(type_name, field_name, Request(asked.operations, arguments, asked.caller, asked.asked_at))
