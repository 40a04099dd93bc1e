"""Answers that a client has already (RFC 9110, sections 8.8.3 and 13)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from http import HTTPStatus

from barycenter_jobs.http_messages import HttpRequest, HttpResponse

_SENT_AGAIN = ("etag", "cache-control", "vary")


def unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response with its entity tag, or 304 where the client has named that.

    Only what may be kept has a tag.
    """
    kept = response.headers.get("cache-control") != "no-store"
    if request.method not in ("GET", "HEAD") or response.status != HTTPStatus.OK or not kept:
        return response
    tag = f'"{hashlib.sha256(response.body.encode()).hexdigest()[:32]}"'
    headers = {**response.headers, "etag": tag}
    if not _names(request.headers.get("if-none-match", ""), tag):
        return replace(response, headers=headers)
    unchanged = {name: value for name, value in headers.items() if name in _SENT_AGAIN}
    return HttpResponse(HTTPStatus.NOT_MODIFIED, "", unchanged)


def _names(if_none_match: str, tag: str) -> bool:
    # Weak comparison, since a proxy that compresses makes our tag a weak one.
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in tags or tag in tags
