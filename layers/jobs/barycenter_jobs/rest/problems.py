"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from barycenter_jobs.http_messages import HttpRequest, HttpResponse

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:problem-type:barycenter-jobs:"


class Kind(Enum):
    """What may go wrong: the last part of the problem's type, its status and its title."""

    INVALID_PARAMETERS = ("invalid-parameters", 400, "Parameters cannot be used")
    INVALID_BODY = ("invalid-body", 400, "The body cannot be used")
    NOT_ALLOWED = ("not-allowed", 403, "Not allowed")
    NOT_FOUND = ("not-found", 404, "Not found")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "Method not allowed")
    NOT_ACCEPTABLE = ("not-acceptable", 406, "No acceptable representation")
    BODY_TOO_LARGE = ("body-too-large", 413, "The body is too large")
    UNSUPPORTED_MEDIA_TYPE = ("unsupported-media-type", 415, "Unsupported media type")
    INTERNAL_ERROR = ("internal-error", 500, "Internal error")
    LOG_UNAVAILABLE = ("log-unavailable", 503, "The execution log cannot be used")
    JOBS_UNHEALTHY = ("jobs-unhealthy", 503, "Jobs need attention")

    @property
    def uri(self) -> str:
        """The `type` of such problems."""
        return _TYPES + self.value[0]

    @property
    def status(self) -> int:
        """The status of a response that tells of such a problem."""
        return self.value[1]

    @property
    def title(self) -> str:
        """The same few words for every problem of this kind."""
        return self.value[2]


class Refused(Exception):
    """A request cannot be served; `members` are told beside the detail."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = dict(headers or {})
        self.members = members


@dataclass(frozen=True, slots=True)
class Unusable:
    """A parameter, or a member of a body, that cannot be used, and why."""

    name: str
    detail: str


def refused_parameters(unusable: Sequence[Unusable], *, kind: Kind = Kind.INVALID_PARAMETERS) -> Refused:
    """Return the refusal of a request for all of its parameters that cannot be used."""
    errors = [{"parameter": each.name, "detail": each.detail} for each in unusable]
    return Refused(kind, "; ".join(dict.fromkeys(each.detail for each in unusable)), errors=errors)


def problem(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Return the response that tells why a request was refused."""
    body = {
        "type": refusal.kind.uri,
        "title": refusal.kind.title,
        "status": refusal.kind.status,
        "detail": str(refusal),
        "instance": quote(request.path, errors="replace"),
        **refusal.members,
    }
    headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store", **refusal.headers}
    return HttpResponse(refusal.kind.status, json.dumps(body), headers)
