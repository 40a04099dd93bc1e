"""AWS Signature Version 4 for requests of httpx."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Generator
from urllib.parse import quote, unquote_to_bytes

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from console.cli.aws import aws_errors

_SIGNATURE = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
_AMAZON = re.compile(
    r"\.(?P<service>execute-api|appsync-api)\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?$"
)


class SigV4(httpx.Auth):
    """Signs each request, with credentials that may be renewed meanwhile. Raises Refused without any."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, region: str, service: str = "execute-api") -> None:
        self._credentials = credentials
        self._region = region
        self._service = service

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request as it is about to be sent."""
        self._sign(request)
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Likewise; credentials may be fetched from somewhere, so that happens in a thread."""
        await request.aread()
        await asyncio.to_thread(self._sign, request)
        yield request

    def _sign(self, request: httpx.Request) -> None:
        with aws_errors("sign the request"):
            frozen = self._credentials.get_frozen_credentials()
        headers = {name: request.headers[name] for name in ("content-type",) if name in request.headers}
        signed = AWSRequest(request.method, str(request.url), headers, request.content)
        SigV4Auth(frozen, self._service, self._region).add_auth(signed)
        for name in _SIGNATURE:
            if name in signed.headers:
                request.headers[name] = signed.headers[name]


def amazon_host(host: str) -> tuple[str, str] | None:
    """Return the service to sign for and the region, as a host's name tells them; None where it does not."""
    match = _AMAZON.search(host.lower())
    if match is None:
        return None
    # AppSync's hosts are called appsync-api, and its signatures appsync.
    return match["service"].replace("appsync-api", "appsync"), match["region"]


def signable_query(raw: str) -> str:
    """Return a query string that means the same in the one spelling that both ends of a signature agree on.

    Signature Version 4 wants everything but letters, digits and `-_.~` encoded, a space as %20, and a `=`.
    """
    return "&".join(
        "=".join(quote(unquote_to_bytes(part.replace("+", " ")), safe="-_.~") for part in (name, value))
        for name, _, value in (pair.partition("=") for pair in raw.split("&") if pair)
    )
