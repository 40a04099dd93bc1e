"""The operator's page: its files, and what it has to know of this server before anybody has signed in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from barycenter_jobs.core.callers import Permission

if TYPE_CHECKING:
    from barycenter_jobs.core.sign_in import SignIn

MEDIA_TYPE = "text/html; charset=utf-8"

_FOLDER = Path(__file__).with_name("console")
_MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_CACHING = {
    _MEDIA_TYPES[".js"]: "public, max-age=31536000, immutable",
    _MEDIA_TYPES[".txt"]: "no-cache",
}
_GUARDS: Mapping[str, str] = {"referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class ConsoleFile:
    """A file of the page. The name of a script changes with its content: browsers may keep it for ever."""

    media_type: str
    content: bytes
    zipped: bytes

    def headers(self, *, zipped: bool) -> dict[str, str]:
        """Return the headers of an answer that holds it, in gzip or as it is."""
        encoding = {"content-encoding": "gzip"} if zipped else {}
        return {
            "cache-control": _CACHING[self.media_type],
            "vary": "accept-encoding",
            **_GUARDS,
            **encoding,
        }


@cache
def page(sign_in: SignIn | None) -> str:
    """Return the page, which knows how to sign in and loads the files. Its addresses are relative to its own.

    Nothing in it is secret: it is read before anybody has signed in.
    """
    prefix = "" if sign_in is None else sign_in.scope_prefix
    told = {
        "issuer": None if sign_in is None else sign_in.issuer,
        "clientId": None if sign_in is None else sign_in.client_id,
        "tokenOrigin": None if sign_in is None else sign_in.token_origin,
        "scope": " ".join(["openid", *(prefix + permission for permission in Permission)]),
    }
    return (_FOLDER / "index.html").read_text().replace("$sign_in", escape(json.dumps(told)))


@cache
def files() -> Mapping[str, ConsoleFile]:
    """Return the files that the page loads, and the licences of what is in them, by name."""
    return {path.name: _file(path) for path in _FOLDER.iterdir() if path.suffix in _MEDIA_TYPES}


def page_headers(sign_in: SignIn | None) -> dict[str, str]:
    """Return the headers of the page: its own server and the issuer, and nothing else from anywhere."""
    asked = " ".join(["'self'", *_issuers_origins(sign_in)])
    return {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            f"connect-src {asked}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        "cache-control": "no-cache",
        "cross-origin-opener-policy": "same-origin",
        **_GUARDS,
    }


def _issuers_origins(sign_in: SignIn | None) -> list[str]:
    """Return where the issuer describes itself, and where it gives tokens if that is elsewhere."""
    if sign_in is None:
        return []
    own = "{0.scheme}://{0.netloc}".format(urlsplit(sign_in.issuer))
    return [own] if sign_in.token_origin in (None, own) else [own, str(sign_in.token_origin)]


def _file(path: Path) -> ConsoleFile:
    content = path.read_bytes()
    return ConsoleFile(_MEDIA_TYPES[path.suffix], content, gzip.compress(content, mtime=0))
