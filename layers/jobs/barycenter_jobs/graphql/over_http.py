"""GraphQL over HTTP, as its specification has it: a request in, a response out.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
)

from barycenter_jobs.graphql.documents import Documents, documents_of_this_process
from barycenter_jobs.graphql.errors import Code, Refused, field_error, request_errors
from barycenter_jobs.graphql.http_parameters import Parameters, parameters_of
from barycenter_jobs.graphql.media_types import JSON, accepted, content_type
from barycenter_jobs.graphql.schema import Context, schema
from barycenter_jobs.http_messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from barycenter_jobs.operations.api import Operations


def respond(request: HttpRequest, operations: Operations, *, introspection: bool = True) -> HttpResponse:
    """Answer a GraphQL request. Never raises for anything that a client sent.

    Without `introspection` the schema is no part of any answer.
    """
    documents = documents_of_this_process(introspection=introspection)
    media_type = JSON
    try:
        media_type = accepted(request.headers.get("accept") or "*/*")
        parameters = parameters_of(request)
        return _answered(request, parameters, operations, documents, media_type)
    except Refused as refusal:
        errors = [{"message": str(refusal), "extensions": {"code": Code.BAD_REQUEST}}]
        return _response(refusal.status, {"errors": errors}, media_type, refusal.headers)


def _answered(
    request: HttpRequest,
    parameters: Parameters,
    operations: Operations,
    documents: Documents,
    media_type: str,
) -> HttpResponse:
    prepared = documents.prepared(parameters.query)
    if prepared.document is None:
        return _failed(prepared.errors, media_type)
    operation = get_operation_ast(prepared.document, parameters.operation_name)
    if operation is None:
        return _failed([_unresolved(parameters.operation_name)], media_type)
    if request.method == "GET" and operation.operation is not OperationType.QUERY:
        raise Refused(405, "GET runs queries only; send a mutation by POST", {"allow": "POST"})
    context = Context(operations, request.caller, request.asked_at)
    result = _executed(prepared.document, operation, parameters, context, documents)
    if result.data is None and any(error.path is None for error in result.errors or ()):
        # Variables that do not fit: nothing was executed.
        return _failed(request_errors(result.errors or [], Code.BAD_USER_INPUT), media_type)
    body: dict[str, object] = {"data": result.data}
    if result.errors:
        body["errors"] = [field_error(error) for error in result.errors]
    return _response(200, body, media_type)


def _executed(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    parameters: Parameters,
    context: Context,
    documents: Documents,
) -> ExecutionResult:
    result = execute_sync(
        schema(),
        document,
        variable_values=parameters.variables,
        operation_name=operation.name.value if operation.name else None,
        context_value=context,
        hide_suggestions=not documents.introspection,
    )
    if not isinstance(result, ExecutionResult):
        raise TypeError("a resolver of ours is asynchronous")
    return result


def _unresolved(name: str | None) -> dict[str, object]:
    message = f"Unknown operation: {name}" if name else "Name the operation to run: operationName"
    return request_errors([GraphQLError(message)], Code.OPERATION_RESOLUTION_FAILURE)[0]


def _failed(errors: Sequence[Mapping[str, object]], media_type: str) -> HttpResponse:
    """Answer a well-formed request that did not get as far as being executed.

    The media type decides the status: application/json cannot tell such an answer from a proxy's, and
    so carries 200; application/graphql-response+json carries 400.
    """
    return _response(200 if media_type == JSON else 400, {"errors": errors}, media_type)


def _response(
    status: int, body: Mapping[str, object], media_type: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    return HttpResponse(
        status, json.dumps(body), {"content-type": content_type(media_type), **dict(headers or {})}
    )
