"""GraphiQL, on which to try the GraphQL API: no network but its own server."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

MEDIA_TYPE = "text/html; charset=utf-8"

_FOLDER = Path(__file__).with_name("graphiql")
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_NOTICE = (
    '<p id="notice">Introspection is off on this server (GraphqlIntrospection): there is no documentation '
    "and no completion here. Queries run all the same.</p>\n"
)

# GraphiQL's menus and dialogs put one style into the page, always the same: nothing scrolls behind them.
_SCROLL_LOCK = "'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='"

HEADERS: Mapping[str, str] = {
    # Scripts and styles and requests of its own server, and nothing else from anywhere.
    "content-security-policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' {_SCROLL_LOCK}; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-cache",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the playground, kept in gzip."""

    file: str
    zipped: bytes

    @property
    def media_type(self) -> str:
        """What it is."""
        return _MEDIA_TYPES[Path(self.file).suffix]

    def headers(self, *, zipped: bool) -> dict[str, str]:
        """Return the headers of an answer that holds it, in gzip or as it is."""
        encoding = {"content-encoding": "gzip"} if zipped else {}
        return {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
            **encoding,
        }

    def text(self) -> str:
        """Return the content for one who does not take gzip."""
        return gzip.decompress(self.zipped).decode()


@cache
def page(here: str = "", *, introspection: bool = True) -> str:
    """Return the page. `here` leads from its folder to /admin: "" or "../".

    All its addresses are relative, so that it works behind a stage and behind a proxy's prefix.
    """
    files = {asset.file.replace(".", "_"): name for name, asset in assets().items()}
    return Template((_FOLDER / "page.html").read_text()).substitute(
        files,
        here=here,
        introspection="on" if introspection else "off",
        notice="" if introspection else _NOTICE,
    )


@cache
def assets() -> Mapping[str, Asset]:
    """Return the files that the page loads, each by a name that changes with its content."""
    zipped = {file: (_FOLDER / f"{file}.gz").read_bytes() for file in ("graphiql.js", "graphiql.css")} | {
        file: gzip.compress((_FOLDER / file).read_bytes(), mtime=0) for file in ("start.js", "start.css")
    }
    return {_name(file, content): Asset(file, content) for file, content in zipped.items()}


def takes_gzip(accept_encoding: str) -> bool:
    """Return whether a client takes gzip (RFC 9110, section 12.5.3)."""
    weights = {
        coding.strip(): not re.fullmatch(r"q=0(\.0*)?", weight.strip())
        for coding, _, weight in (each.partition(";") for each in accept_encoding.lower().split(","))
    }
    return weights.get("gzip", weights.get("*", False))


def _name(file: str, content: bytes) -> str:
    path = Path(file)
    return f"{path.stem}-{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}"
