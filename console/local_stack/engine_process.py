"""The embedded DynamoDB engine: ministack's DynamoDB and nothing else of it.

Runs in the engine's own environment, as `python engine_process.py FD`, where FD is the listening socket
that it inherits. Ends when its standard input does, so it never outlives the process that started it.
Says `ready` on standard output when it takes requests.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.asyncio import serve  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]
from ministack.app import app as ministack  # type: ignore[import-not-found]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_TARGET = b"DynamoDB_20120810."
_CREDENTIAL = re.compile(rb"Credential=[^/]+/(\d+)/[^/]+/")
# A name that anybody may register could be made to resolve to this machine. The last is Docker's for it.
_HOST = re.compile(rb"(localhost|127\.0\.0\.1|\[::1\]|host\.docker\.internal)(:[0-9]+)?", re.IGNORECASE)
_UNSIGNED = b"AWS4-HMAC-SHA256 Credential=local/20000101/us-east-1/dynamodb/aws4_request"


async def dynamodb(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve DynamoDB requests, whoever signed them, from one account and one region."""
    if scope["type"] == "lifespan":
        # Not ministack's: that one looks for containers, opens more ports and starts schedulers.
        return await _lifespan(receive, send)
    if scope["type"] != "http":
        return None
    headers = dict(scope["headers"])
    if _from_a_page(headers):
        # ministack answers any web page's preflight request with a yes.
        return await _answer(send, 403, b'{"message":"This engine takes no requests from web pages."}')
    if scope["method"] == "GET" and scope["path"] == "/":
        return await _answer(send, 200, b"healthy: dynamodb")  # as Amazon's own endpoints answer
    if not headers.get(b"x-amz-target", b"").startswith(_TARGET):
        return await _answer(send, 404, b'{"message":"This engine serves DynamoDB only."}')
    # ministack keeps tables apart by region, and by access key where that has twelve digits.
    signed = headers.get(b"authorization", _UNSIGNED)
    headers[b"authorization"] = _CREDENTIAL.sub(rb"Credential=local/\1/us-east-1/", signed)
    await ministack({**scope, "headers": list(headers.items())}, receive, send)
    return None


def _from_a_page(headers: dict[bytes, bytes]) -> bool:
    """Whether a browser sent it for a page, or for a name that was made to resolve to this machine."""
    return (
        b"origin" in headers
        or headers.get(b"sec-fetch-site", b"none") != b"none"
        or not _HOST.fullmatch(headers.get(b"host", b""))
    )


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _end_with_standard_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    """Serve on the inherited socket until standard input ends."""
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    config.loglevel = "ERROR"
    config.keep_alive_timeout = 75
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asyncio.run(serve(dynamodb, config))


if __name__ == "__main__":
    main()
