"""What an error may tell outside, and the codes that programs may rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from graphql import GraphQLError

from barycenter_jobs.bugs import INTERNAL, log_bug
from barycenter_jobs.core.errors import BarycenterJobsError, InvalidInput, NotAllowed


class Code(StrEnum):
    """Every `extensions.code` that an answer may hold. Codes never change their meaning."""

    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    QUERY_TOO_LONG = "QUERY_TOO_LONG"
    QUERY_TOO_DEEP = "QUERY_TOO_DEEP"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    TOO_MANY_ROOT_FIELDS = "TOO_MANY_ROOT_FIELDS"
    TOO_MANY_ALIASES = "TOO_MANY_ALIASES"
    TOO_MANY_DIRECTIVES = "TOO_MANY_DIRECTIVES"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    FORBIDDEN = "FORBIDDEN"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class Refused(Exception):
    """A request over HTTP that is none which GraphQL could answer: a status, and what is wrong."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def request_errors(errors: Sequence[GraphQLError], code: Code) -> list[dict[str, object]]:
    """Return the errors of a document or its variables; each keeps the code that it may carry already."""
    return [{**error.formatted, "extensions": {"code": code, **(error.extensions or {})}} for error in errors]


def field_error(error: GraphQLError) -> dict[str, object]:
    """Return the error of a field as it goes into the response."""
    original = error.original_error
    if isinstance(original, InvalidInput | GraphQLError):  # graphql-core's own are about arguments too
        code = Code.BAD_USER_INPUT
    elif isinstance(original, NotAllowed):
        code = Code.FORBIDDEN
    elif isinstance(original, BarycenterJobsError):
        code = Code.SERVICE_UNAVAILABLE
    else:
        code = Code.INTERNAL_SERVER_ERROR
        log_bug(original or error, "field")
        error = GraphQLError(INTERNAL, error.nodes, path=error.path)
    return {**error.formatted, "extensions": {"code": code}}
