"""A page on which to try the GraphQL API: no network but its own server."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

MEDIA_TYPE = "text/html; charset=utf-8"


@cache
def page() -> str:
    """Return the page."""
    return Path(__file__).with_name("playground.html").read_text()


def _source(tag: str) -> str:
    match = re.search(rf"<{tag}>(.*?)</{tag}>", page(), re.DOTALL)
    if match is None:
        raise ValueError(f"playground.html has no <{tag}>")
    return f"'sha256-{base64.b64encode(hashlib.sha256(match[1].encode()).digest()).decode()}'"


HEADERS: Mapping[str, str] = {
    # The page's own script and style and requests to its own server, and nothing else from anywhere.
    "content-security-policy": (
        f"default-src 'none'; script-src {_source('script')}; style-src {_source('style')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-cache",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
