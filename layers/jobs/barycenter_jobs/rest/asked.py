"""One request to an endpoint, and the usual answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from barycenter_jobs.rest.negotiation import chosen

if TYPE_CHECKING:
    from barycenter_jobs.operations.api import Operations
    from barycenter_jobs.rest.parameters import Given

JSON = "application/json"
# Anybody may keep it who asks again each time whether it still holds (RFC 9111, section 5.2.2.4): a client
# that polls gets 304 without a body for as long as nothing has happened.
ASK_AGAIN = "private, no-cache"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that its caller may make, its parameters read. `id` is what the path names, if it does."""

    request: HttpRequest
    operations: Operations
    parameters: Given
    id: str = ""


def json_response(
    asked: Asked,
    body: Mapping[str, object],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    cache_control: str = ASK_AGAIN,
) -> HttpResponse:
    """Return a JSON object. Raises Refused for a client that takes no JSON."""
    chosen(asked.request, [JSON])
    return HttpResponse(status, json.dumps(body), {"content-type": JSON, "cache-control": cache_control})
