"""A deployed HTTP API on a port of this machine: each request goes on with the operator's own credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import click
import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from console.cli.endpoints import Endpoint
from console.cli.signing import signable_query

LONGEST_BODY = 10 * 1024 * 1024  # bytes, API Gateway's limit
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# These say where the request came from on this machine, which is nobody's business there.
_OF_THIS_MACHINE = {"host", "content-length", "origin", "referer", "forwarded", "expect"}

Headers = list[tuple[str, str]]


class Proxy:
    """An ASGI application that passes requests on to an HTTP API, and its answers back as they are.

    `tell` hears of requests that failed on the way. These are answered with 502, or 504 where the API took
    too long, and a JSON object whose `message` says why.
    """

    def __init__(self, endpoint: Endpoint, client: httpx.AsyncClient, tell: Callable[[str], None]) -> None:
        self._endpoint = endpoint
        self._client = client
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                return JSONResponse(
                    {"message": f"A request may have {LONGEST_BODY:,} bytes at the most."}, 413
                )
        try:
            answer, content = await self._answer(request, bytes(body))
        except httpx.TimeoutException:
            return self._failed(request, 504, "did not answer in time")
        except httpx.ConnectError:
            return self._failed(request, 502, "cannot be reached")
        except httpx.TransportError:
            return self._failed(request, 502, "cut the connection")
        except click.ClickException as error:  # credentials that cannot be had
            return self._failed(request, 502, f"was not asked: {error.message}")
        if answer.status_code in (401, 403):
            self._tell(
                f"{request.method} {request.url.path}: {self._endpoint.called} answered "
                f"{answer.status_code}; `barycenter-jobs doctor` looks for the reason"
            )
        response = Response(content, answer.status_code)
        response.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self._back(answer)
        ]
        return response

    async def _answer(self, request: Request, body: bytes) -> tuple[httpx.Response, bytes]:
        """Return the answer, and its body as it came over the wire. Whole, since it can still fail then."""
        asked = httpx.Request(
            request.method, self._url(request), headers=self._onward(request), content=body or None
        )
        answer = await self._client.send(asked, auth=self._endpoint.auth, stream=True)
        try:
            return answer, b"".join([chunk async for chunk in answer.aiter_raw()])
        finally:
            await answer.aclose()

    def _url(self, request: Request) -> str:
        path = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("ascii", "replace")
        query = signable_query(bytes(request.scope["query_string"]).decode("latin-1"))
        return f"{self._endpoint.url}{path}" + (f"?{query}" if query else "")

    def _onward(self, request: Request) -> Headers:
        given = _end_to_end(request.headers.items())
        left_out = _OF_THIS_MACHINE | (
            {"authorization", "x-amz-date", "x-amz-security-token"} if self._endpoint.auth else set()
        )
        return [
            (name, value)
            for name, value in given
            if name not in left_out and not name.startswith(("x-forwarded-", "sec-fetch-"))
        ]

    def _back(self, answer: httpx.Response) -> Headers:
        """Return the headers of an answer; one that leads to the API itself leads here instead."""
        return [
            (name, self._here(value) if name == "location" else value)
            for name, value in _end_to_end(answer.headers.multi_items())
            if name != "date"  # the server here writes its own
        ]

    def _here(self, address: str) -> str:
        origin = self._endpoint.url
        return (
            address.removeprefix(origin) or "/" if urlsplit(address)[:2] == urlsplit(origin)[:2] else address
        )

    def _failed(self, request: Request, status: int, why: str) -> Response:
        message = f"{self._endpoint.called} {why}"
        self._tell(f"{request.method} {request.url.path}: {message}")
        return JSONResponse({"message": f"The proxy: {message}"}, status)


def _end_to_end(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return the headers without those that are about one connection only (RFC 9110, section 7.6.1)."""
    given = [(name.lower(), value) for name, value in headers]
    named = {
        part.strip().lower() for name, value in given if name == "connection" for part in value.split(",")
    }
    return [(name, value) for name, value in given if name not in _HOP_BY_HOP | named]
