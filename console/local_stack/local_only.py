"""Keeps web pages from elsewhere away from servers on this machine.

A page that somebody visits can send requests to 127.0.0.1 too: across origins, which the Origin header
tells, or after having its own name resolved to 127.0.0.1, which the Host header tells.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HTTP_PORT = 80


class LocalOnly:
    """Lets through what was sent to `port` of this machine by its own pages or by no page at all.

    Anything else gets 403 with a message that says why.
    """

    def __init__(
        self, app: ASGIApp, port: int, names: Iterable[str] = ("localhost", "127.0.0.1", "[::1]")
    ) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in names}
        if port == _HTTP_PORT:
            self._hosts.update(names)
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"message": refusal}, status_code=403)(scope, receive, send)

    def _refusal(self, headers: Headers) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if host.lower() not in self._hosts:
            return (
                f"Refused: this server answers for {', '.join(sorted(self._hosts))} only, not for {host!r}."
            )
        if origin is not None and origin.lower() not in self._origins:
            return f"Refused: this server takes no requests from pages of {origin!r}."
        return None
