"""An OpenID Connect issuer that lets everybody in, and checks the proof key (RFC 7636) on the way."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT = "operators-page"


@dataclass
class Issuer:
    """What it was asked, and how it behaves: its tokens carry `scope` and last for `lasts` seconds.

    People sign in and tokens are given at `endpoints`, which may be another origin than the issuer's.
    """

    address: str = ""
    endpoints: str = ""
    scope: str = "openid jobs:read jobs:write"
    lasts: int = 3600
    denies: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    challenges: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def claims(self, token: str) -> dict[str, str] | None:
        """Return what a token says; None for one that this issuer did not give."""
        scope = self.tokens.get(token)
        return None if scope is None else {"sub": "carol", "scope": scope}

    def new_token(self) -> str:
        """Return a token, which looks like a signed one."""
        head, body = ({"alg": "none"}, {"sub": "carol", "jti": secrets.token_hex(4)})
        token = ".".join([_encoded(head), _encoded(body), "c2ln"])
        self.tokens[token] = self.scope
        return token


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@contextmanager
def issuing(*, elsewhere: bool = False) -> Iterator[Issuer]:
    """Let an issuer answer until the end; it gives tokens `elsewhere` than where it describes itself."""
    issuer = Issuer()
    with _serving(issuer) as issuer.address:
        issuer.endpoints = issuer.address
        if not elsewhere:
            yield issuer
            return
        with _serving(issuer) as issuer.endpoints:
            yield issuer


@contextmanager
def _serving(issuer: Issuer) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, issuer)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, issuer: Issuer, *connection: Any) -> None:  # noqa: ANN401 - a socket's
        self._issuer = issuer
        super().__init__(*connection)

    def do_GET(self) -> None:
        address, issuer = urlsplit(self.path), self._issuer
        if address.path == "/.well-known/openid-configuration":
            self._describe()
            return
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        issuer.asked.append(asked)
        back: dict[str, str] = {"state": asked["state"], "iss": issuer.address}
        if issuer.denies:
            back |= {"error": "access_denied", "error_description": "You may not operate the jobs."}
        else:
            back["code"] = secrets.token_urlsafe(16)
            issuer.challenges[back["code"]] = asked["code_challenge"]
        self.send_response(302)
        self.send_header("location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    def do_POST(self) -> None:
        issuer = self._issuer
        if not self._is_at(issuer.endpoints):
            self._tell(404, {})
            return
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(text).items()}
        issuer.asked.append(asked)
        if asked["grant_type"] == "authorization_code":
            digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
            proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if issuer.challenges.pop(asked["code"], None) != proof:
                self._tell(400, {"error": "invalid_grant"})
                return
        given = {"access_token": issuer.new_token(), "refresh_token": "once-more", "token_type": "Bearer"}
        self._tell(200, {**given, "expires_in": issuer.lasts})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Say nothing."""

    def _describe(self) -> None:
        issuer = self._issuer
        if not self._is_at(issuer.address):
            self._tell(404, {})
            return
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token"}
        described = {name: issuer.endpoints + path for name, path in ends.items()}
        self._tell(200, {"issuer": issuer.address, **described})

    def _is_at(self, origin: str) -> bool:
        return origin == f"http://{self.headers['host']}"

    def _tell(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("access-control-allow-origin", "*")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
