"""The paths of the HTTP API."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from barycenter_jobs.core.callers import Caller, permissions_of
from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.http_messages import HttpRequest
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.web import playground

PLAYGROUND = "/admin/jobs/playground"
_METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


def http_api(operations: Operations) -> APIGatewayHttpResolver:
    """Return what resolves events of an API Gateway HTTP API (payload format 2.0) into responses.

    `/admin/jobs` and `/admin/graphql` serve one schema; `/` leads to the playground.
    """
    app = APIGatewayHttpResolver()

    def graphql() -> Response[str]:
        event = app.current_event
        if (
            event.http_method == "GET"
            and "query" not in event.query_string_parameters
            and _from_browser(event.headers)
        ):
            return _moved(PLAYGROUND)
        answer = respond(_request(event), operations)
        headers: dict[str, str | list[str]] = {**answer.headers, "cache-control": "no-store"}
        return Response(answer.status, body=answer.body, headers=headers)

    def playground_page() -> Response[str]:
        headers: dict[str, str | list[str]] = {**playground.HEADERS}
        return Response(HTTPStatus.OK, playground.MEDIA_TYPE, playground.page(), headers)

    def root() -> Response[str]:
        return _moved(PLAYGROUND)

    app.route("/admin/jobs", method=_METHODS)(graphql)
    app.route("/admin/graphql", method=_METHODS)(graphql)
    app.get(PLAYGROUND)(playground_page)
    app.get("/admin/playground")(playground_page)
    app.get("/")(root)
    return app


def _from_browser(headers: Mapping[str, str]) -> bool:
    return "text/html" in headers.get("accept", "")


def _moved(path: str) -> Response[str]:
    return Response(HTTPStatus.FOUND, body="", headers={"location": path})


def _asked_at(event: APIGatewayProxyEventV2) -> datetime | None:
    milliseconds = event.raw_event.get("requestContext", {}).get("timeEpoch")
    return None if not isinstance(milliseconds, int) else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _text(event: APIGatewayProxyEventV2) -> str:
    """Return the body; bytes that are no UTF-8 become characters that no JSON accepts outside a string."""
    body = event.body or ""
    return base64.b64decode(body).decode(errors="replace") if event.is_base64_encoded else body


def _request(event: APIGatewayProxyEventV2) -> HttpRequest:
    return HttpRequest(
        method=event.http_method,
        path=event.path,
        headers=event.headers,
        query=parse_qs(event.raw_query_string, keep_blank_values=True),
        body=_text(event),
        caller=_caller(event),
        asked_at=_asked_at(event),
    )


def _caller(event: APIGatewayProxyEventV2) -> Caller:
    """Return who asks: an IAM principal's ARN or a token's subject; nobody behind no authorizer.

    A token's claims say what it may do. What an IAM principal may do, its policies have said already.
    """
    authorizer = event.raw_event.get("requestContext", {}).get("authorizer") or {}
    if "jwt" in authorizer:
        claims = authorizer["jwt"].get("claims") or {}
        return Caller(claims.get("sub"), permissions_of(str(claims.get("scope") or "")))
    return Caller(authorizer.get("iam", {}).get("userArn"))
