"""Keeps web pages from elsewhere away from servers on this machine.

A page that somebody visits can send requests to 127.0.0.1 too: across origins, which the Origin and
Sec-Fetch-Site headers tell, or after having its own name resolved to 127.0.0.1, which the Host header tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HTTP_PORT = 80
_SAFE_METHODS = ("GET", "HEAD")
# What a browser says of requests that a page of ours makes, and of those that its user makes without a page.
_OWN_SITES = ("same-origin", "none")


class LocalOnly:
    """Lets through what was sent to `port` of this machine by its own pages or by no page at all.

    Anything else gets 403 with a message that says why. A link from another page may be followed.
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
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"message": refusal}, status_code=403)(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> str | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            given = " and ".join(map(repr, hosts)) or "no host"
            return f"Refused: this server answers for {', '.join(sorted(self._hosts))} only, not for {given}."
        for origin in headers.getlist("origin"):
            if origin.lower() not in self._origins:
                return f"Refused: this server takes no requests from pages of {origin!r}."
        site = headers.get("sec-fetch-site", "none")
        if site not in _OWN_SITES and not _follows_a_link(method, headers):
            return f"Refused: this server takes no requests from pages of another site ({site})."
        if "origin" not in headers and method not in _SAFE_METHODS:
            return self._refusal_by_referer(headers)
        return None

    def _refusal_by_referer(self, headers: Headers) -> str | None:
        """Return why a browser may not change anything that is too old to tell the origin."""
        for referer in headers.getlist("referer"):
            page = urlsplit(referer)
            if f"{page.scheme}://{page.netloc}".lower() not in self._origins:
                return "Refused: this server takes no requests from pages of another site."
        return None


def _follows_a_link(method: str, headers: Headers) -> bool:
    """Whether the answer becomes a page of its own, which the page with the link cannot read."""
    return (
        method in _SAFE_METHODS
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
