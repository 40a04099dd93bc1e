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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT = "operators-page"


@dataclass
class Issuer:
    """What it was asked, and how it behaves: its tokens carry `scope` and last for `lasts` seconds."""

    address: str = ""
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
def issuing() -> Iterator[Issuer]:
    """Let an issuer answer until the end."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/.well-known/openid-configuration":
                base = issuer.address
                self.tell(
                    200,
                    {
                        "issuer": base,
                        "authorization_endpoint": f"{base}/authorize",
                        "token_endpoint": f"{base}/token",
                    },
                )
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
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            asked = {name: values[0] for name, values in parse_qs(text).items()}
            issuer.asked.append(asked)
            if asked["grant_type"] == "authorization_code":
                digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
                proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                if issuer.challenges.pop(asked["code"], None) != proof:
                    self.tell(400, {"error": "invalid_grant"})
                    return
            self.tell(
                200,
                {
                    "access_token": issuer.new_token(),
                    "refresh_token": "once-more",
                    "token_type": "Bearer",
                    "expires_in": issuer.lasts,
                },
            )

        def tell(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("access-control-allow-origin", "*")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
