"""API Gateway's HTTP APIs, payload format 2.0: a request as an event, a function's answer as a response.

Source: the API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from console.local_stack.intrinsics import ACCOUNT
from console.local_stack.template import Route

API_ID = "local"
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/local"
# Bodies of other kinds reach the function in base64.
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True, slots=True)
class Received:
    """An HTTP request. `path` is decoded, `query` is not; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"


def matching_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the most specific route for a request, with its path parameters, or None.

    API Gateway's order: an exact path before one with {name}, that before {name+}, $default last; among
    equals a method before ANY.
    """
    found = []
    for route in routes:
        if route.method not in (method, "ANY"):
            continue
        parameters = _path_parameters(route.path, path)
        if parameters is not None:
            found.append((_vagueness(route), route, parameters))
    if not found:
        return None
    _, route, parameters = min(found, key=lambda each: each[0])
    return route, parameters


def event_for(
    received: Received, route: Route, parameters: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the event that API Gateway sends to the route's function."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in received.headers:
        if name == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";")]
        else:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    route_key = route.path if route.path == "$default" else f"{route.method} {route.path}"
    query: dict[str, str] = {}
    for name, value in parse_qsl(received.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    host = headers.get("host", "")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": received.path,
        "rawQueryString": received.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "authorizer": {"iam": _identity()},
            "domainName": host,
            "domainPrefix": API_ID,
            "http": {
                "method": received.method,
                "path": received.path,
                "protocol": received.protocol,
                "sourceIp": received.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S %z"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    optional = {"cookies": cookies, "queryStringParameters": query, "pathParameters": dict(parameters)}
    event |= {name: value for name, value in optional.items() if value}
    if received.body:
        event |= _body(received.body, headers.get("content-type", ""))
    return event


def response_from(value: object) -> Response:
    """Return the response that API Gateway makes of a function's answer.

    An answer without a statusCode is a body in itself; one that is malformed makes a 500.
    """
    if not isinstance(value, dict) or "statusCode" not in value:
        text = value if isinstance(value, str) else json.dumps(value)
        return Response(text, media_type="application/json")
    try:
        body = value.get("body") or ""
        content = base64.b64decode(body, validate=True) if value.get("isBase64Encoded") else body.encode()
        response = Response(content, int(value["statusCode"]), media_type="text/plain")
        for name, header in (value.get("headers") or {}).items():
            response.headers[name] = str(header)
        for cookie in value.get("cookies") or []:
            response.headers.append("set-cookie", cookie)
    except (AttributeError, TypeError, ValueError, binascii.Error):
        return JSONResponse({"message": "Internal Server Error"}, 500)
    return response


def _identity() -> dict[str, Any]:
    """Return the caller as API Gateway's IAM authorizer describes one."""
    return {
        "accessKey": "local",
        "accountId": ACCOUNT,
        "callerId": "local",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": USER_ARN,
        "userId": "local",
    }


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.lower().startswith(_TEXT_TYPES) or not content_type:
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _path_parameters(pattern: str, path: str) -> dict[str, str] | None:
    if pattern == "$default":
        return {}
    wanted, given = pattern.split("/"), path.split("/")
    parameters: dict[str, str] = {}
    for position, segment in enumerate(wanted):
        name = segment[1:-1] if segment.startswith("{") and segment.endswith("}") else None
        if name and name.endswith("+"):
            rest = "/".join(given[position:])
            return parameters | {name[:-1]: rest} if rest else None
        if (
            position >= len(given)
            or (name is None and segment != given[position])
            or (name and not given[position])
        ):
            return None
        if name:
            parameters[name] = given[position]
    return parameters if len(given) == len(wanted) else None


def _vagueness(route: Route) -> tuple[bool, bool, int, bool]:
    return (route.path == "$default", "+}" in route.path, route.path.count("{"), route.method == "ANY")
