"""The paths of the HTTP API."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from barycenter_jobs.core.callers import Caller, token_holder
from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.http_messages import HttpRequest
from barycenter_jobs.rest.routes import RestApi
from barycenter_jobs.web import playground
from barycenter_jobs.web.console_routes import serve_console

if TYPE_CHECKING:
    from barycenter_jobs.core.sign_in import SignIn
    from barycenter_jobs.operations.api import Operations

PLAYGROUND = "/admin/jobs/playground"
_METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


def http_api(
    operations: Operations, *, introspection: bool = True, sign_in: SignIn | None = None
) -> APIGatewayHttpResolver:
    """Return what resolves events of an API Gateway HTTP API (payload format 2.0) into responses.

    `/admin/jobs` and `/admin/graphql` serve one schema, which tells about itself where `introspection` is on;
    `/` is the operator's page, whose users sign in by `sign_in`. Everything else is the REST API's.
    """
    app = APIGatewayHttpResolver()
    rest_api = RestApi(operations, operations.clock)

    def graphql() -> Response[str]:
        event = app.current_event
        if (
            event.http_method == "GET"
            and "query" not in event.query_string_parameters
            and _from_browser(event.headers)
        ):
            return _moved(PLAYGROUND)
        # A library of its own, a fifth of this function's start: not for pages, probes and the REST API.
        from barycenter_jobs.graphql.over_http import respond  # noqa: PLC0415

        answer = respond(_request(event, sign_in), operations, introspection=introspection)
        headers: dict[str, str | list[str]] = {**answer.headers, "cache-control": "no-store"}
        return Response(answer.status, body=answer.body, headers=headers)

    def playground_page() -> Response[str]:
        headers: dict[str, str | list[str]] = {**playground.HEADERS}
        here = "../" if app.current_event.path.endswith(PLAYGROUND) else ""
        page = playground.page(here, introspection=introspection)
        return Response(HTTPStatus.OK, playground.MEDIA_TYPE, page, headers)

    def playground_file(name: str) -> Response[str] | Response[bytes]:
        asset = playground.assets().get(name)
        if asset is None:
            raise NotFoundError(f"The playground has no file {name}")
        # API Gateway compresses nothing, and what Powertools is given as bytes it sends in base64.
        zipped = playground.takes_gzip(app.current_event.headers.get("accept-encoding", ""))
        headers: dict[str, str | list[str]] = {**asset.headers(zipped=zipped)}
        if zipped:
            return Response(HTTPStatus.OK, asset.media_type, asset.zipped, headers)
        return Response(HTTPStatus.OK, asset.media_type, asset.text(), headers)

    # The REST API has its own routes, and says of every other path that nothing is there.
    app.not_found(lambda _unrouted: _answered(rest_api, _request(app.current_event, sign_in)))
    app.route("/admin/jobs", method=_METHODS)(graphql)
    app.route("/admin/graphql", method=_METHODS)(graphql)
    app.get(PLAYGROUND)(playground_page)
    app.get("/admin/playground")(playground_page)
    app.get("/admin/playground/<name>")(playground_file)
    serve_console(app, sign_in)
    return app


def request_event(event: object) -> dict[str, Any]:
    """Return an event that is a request of an API Gateway HTTP API. Raises InvalidEvent for any other."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    http = context.get("http") if isinstance(context, dict) else None
    if not isinstance(event, dict) or not isinstance(http, dict) or not {"method", "path"} <= http.keys():
        raise InvalidEvent("The event is no request of an API Gateway HTTP API in payload format 2.0")
    return event


def _answered(rest_api: RestApi, request: HttpRequest) -> Response[str]:
    answer = rest_api.respond(request)
    headers: dict[str, str | list[str]] = {**answer.headers}
    return Response(answer.status, body=answer.body, headers=headers)


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


def _request(event: APIGatewayProxyEventV2, sign_in: SignIn | None) -> HttpRequest:
    return HttpRequest(
        method=event.http_method,
        path=event.path,
        headers=event.headers,
        query=parse_qs(event.raw_query_string, keep_blank_values=True),
        body=_text(event),
        caller=_caller(event, sign_in),
        asked_at=_asked_at(event),
    )


def _caller(event: APIGatewayProxyEventV2, sign_in: SignIn | None) -> Caller:
    """Return who asks: an IAM principal's ARN or a token's subject; nobody behind no authorizer.

    A token's claims say what it may do. What an IAM principal may do, its policies have said already. Where
    people sign in with tokens, some routes are open to show them the page: who has no token may do nothing.
    """
    authorizer = event.raw_event.get("requestContext", {}).get("authorizer") or {}
    if "jwt" in authorizer:
        prefix = "" if sign_in is None else sign_in.scope_prefix
        return token_holder(authorizer["jwt"].get("claims") or {}, prefix)
    if sign_in is not None:
        return Caller(permissions=frozenset())
    return Caller(authorizer.get("iam", {}).get("userArn"))
