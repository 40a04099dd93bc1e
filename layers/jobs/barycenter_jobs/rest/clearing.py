"""Clearing the history, and who did: `/api/executions/clear` and `/api/executions/clearings`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from barycenter_jobs.rest.asked import JSON, Asked, json_response
from barycenter_jobs.rest.executions import LIMIT
from barycenter_jobs.rest.jobs_meant import HANDLER_ID, JOB_ID, job_named_by
from barycenter_jobs.rest.negotiation import chosen
from barycenter_jobs.rest.parameters import reason_for
from barycenter_jobs.rest.problems import Kind, Refused, Unusable, refused_parameters
from barycenter_jobs.rest.records import clearing

if TYPE_CHECKING:
    from barycenter_jobs.http_messages import HttpRequest, HttpResponse

REASON = reason_for("reason")
MAX_BODY_BYTES = 100_000
NO_STORE = "no-store"


def clear(asked: Asked) -> HttpResponse:
    """Remove the records of finished runs, and answer with how many. Raises Refused and StoreError.

    What there was no time for is left: then the status is 202, and the answer does not say success.
    """
    job_name = job_named_by(asked.parameters)
    # A client that can not read the answer is told so before anything is removed.
    chosen(asked.request, [JSON])
    reason = asked.parameters.of(REASON) or None
    cleared = asked.operations.clear_history(job_name, asked.request.caller.name, reason)
    return json_response(
        asked,
        {
            "status": "success" if cleared.success else "partial",
            "message": cleared.message,
            "records_cleared": cleared.records_cleared,
        },
        status=HTTPStatus.OK if cleared.success else HTTPStatus.ACCEPTED,
        cache_control=NO_STORE,
    )


def clearings(asked: Asked) -> HttpResponse:
    """Answer with the latest clearings. Raises StoreError."""
    limit = asked.parameters.of(LIMIT) or 100
    found = [clearing(each) for each in asked.operations.list_clearings(limit)]
    return json_response(asked, {"count": len(found), "limit": limit, "clearings": found})


def asked_in(request: HttpRequest) -> Mapping[str, Sequence[str]]:
    """Return the parameters of a request, those in its body among them. An empty body may be of any type.

    Raises Refused for a body that is no JSON object of texts.
    """
    if not request.body.strip():
        return request.query
    if len(request.body.encode(errors="surrogatepass")) > MAX_BODY_BYTES:
        raise Refused(Kind.BODY_TOO_LARGE, f"A body may have {MAX_BODY_BYTES} bytes at the most")
    content_type, *_ = request.headers.get("content-type", "").lower().split(";")
    if content_type.strip() != JSON:
        raise Refused(Kind.UNSUPPORTED_MEDIA_TYPE, f"Send the body as Content-Type: {JSON}, or none at all")
    try:
        members = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused(Kind.INVALID_BODY, "The body is not valid JSON") from None
    if not isinstance(members, dict):
        raise Refused(Kind.INVALID_BODY, "The body must be a JSON object")
    unusable = [
        Unusable(name, f"{name} must be a string")
        for name, value in members.items()
        if not isinstance(value, str | None) and name in (JOB_ID.name, HANDLER_ID.name, REASON.name)
    ]
    if unusable:
        raise refused_parameters(unusable, kind=Kind.INVALID_BODY)
    given = {name: list(values) for name, values in request.query.items()}
    for name, value in members.items():
        if value is not None:
            given.setdefault(name, []).append(str(value))
    return given
