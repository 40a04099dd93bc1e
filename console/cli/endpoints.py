"""Which HTTP API is asked, and how a request says who asks."""

from __future__ import annotations

import ipaddress
from collections.abc import Generator
from dataclasses import dataclass
from urllib.parse import urlsplit

import click
import httpx

LOCAL_PORT = 8081
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator said about where the API is. Nothing means the local stack."""

    stack: str | None = None
    url: str | None = None
    token: str | None = None
    sign: bool | None = None
    region: str | None = None
    profile: str | None = None
    port: str = ""

    @property
    def is_deployed(self) -> bool:
        """Whether anything but the local stack is meant."""
        return bool(self.stack or self.url)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An HTTP API. `called` is its name in messages; `auth` is None where nobody asks who we are."""

    url: str
    called: str
    auth: httpx.Auth | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def has_token(self) -> bool:
        """Whether requests carry a bearer token."""
        return isinstance(self.auth, Bearer)


class Bearer(httpx.Auth):
    """Sends a token with each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def choose(choice: Choice) -> Endpoint:
    """Return the API that is meant. Raises UsageError, and Unreachable where AWS would not tell."""
    if choice.stack:
        # The AWS SDK takes a third of a second to load, and the local stack does not need it.
        from console.cli.stacks import http_endpoint  # noqa: PLC0415

        url, called = http_endpoint(choice), f"stack {choice.stack}"
    else:
        url = choice.url or f"http://127.0.0.1:{_port(choice.port)}"
        called = url
    return Endpoint(url, called, _auth(choice, url))


def _port(text: str) -> int:
    text = text.strip() or str(LOCAL_PORT)
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _HIGHEST_PORT):
        raise click.UsageError(f"PORT must be the local stack's port, such as {LOCAL_PORT}, not {text!r}.")
    return int(text)


def _auth(choice: Choice, url: str) -> httpx.Auth | None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if choice.token and choice.sign:
        raise click.UsageError("A request is signed or has a token: leave out --sign, or --token.")
    signs_by_default = not choice.token and (choice.stack is not None or _is_amazons(host))
    signs = signs_by_default if choice.sign is None else choice.sign
    if not (signs or choice.token):
        return None
    if parts.scheme != "https" and not is_loopback(host):
        raise click.UsageError(f"Credentials are not sent in clear text: use https instead of {url}.")
    if choice.token:
        return Bearer(_printable(choice.token))
    from console.cli.stacks import signature  # noqa: PLC0415 - as above

    return signature(choice, host)


def _is_amazons(host: str) -> bool:
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _printable(token: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise click.UsageError("The token has characters that no bearer token has. Copy it again.")
    return token
