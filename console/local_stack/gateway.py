"""The HTTP API of the template on a port of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from console.local_stack.functions import Functions
from console.local_stack.gateway_events import Received, event_for, matching_route, response_from
from console.local_stack.template import Route

_LONGEST_BODY = 10 * 1024 * 1024  # bytes, API Gateway's limit
_LONGEST_WAIT_SECONDS = 30  # API Gateway's limit for an HTTP API


class Gateway:
    """An ASGI application that has functions answer the requests to their routes."""

    def __init__(self, routes: Sequence[Route], functions: Functions) -> None:
        self._routes = routes
        self._functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._response(Request(scope, receive))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        path = request.scope["path"]
        match = matching_route(self._routes, request.method, path)
        if match is None:
            return _message(404, "Not Found")
        body = await request.body()
        if len(body) > _LONGEST_BODY:
            return _message(413, "Request Entity Too Large")
        route, parameters = match
        received = Received(
            method=request.method,
            path=path,
            query=request.url.query,
            headers=tuple(request.headers.items()),
            body=body,
            source_ip=request.client.host if request.client else "127.0.0.1",
            protocol=f"HTTP/{request.scope['http_version']}",
        )
        event = event_for(received, route, parameters, datetime.now(UTC))
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                invocation = await self._functions.invoke(route.function, event)
        except TimeoutError:
            return _message(503, "Service Unavailable")
        if invocation.error:
            return _message(500, "Internal Server Error")
        return response_from(invocation.value)


def _message(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
