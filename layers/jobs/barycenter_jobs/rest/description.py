"""What describes the API to programs: `/openapi.json`."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path

from barycenter_jobs.http_messages import HttpResponse
from barycenter_jobs.rest.asked import JSON, Asked
from barycenter_jobs.rest.negotiation import chosen


def openapi(asked: Asked) -> HttpResponse:
    """Answer with the OpenAPI document. It changes with a deployment only. Raises Refused."""
    chosen(asked.request, [JSON])
    return HttpResponse(
        HTTPStatus.OK, document(), {"content-type": JSON, "cache-control": "private, max-age=300"}
    )


@cache
def document() -> str:
    """Return the OpenAPI document."""
    return Path(__file__).with_name("openapi.json").read_text()
