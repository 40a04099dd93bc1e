"""HTTP requests and responses, whatever front end they come through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from barycenter_jobs.core.callers import NOBODY_KNOWN, Caller


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as any front end can tell it. Header names are in lower case.

    `query` has the values of each parameter of the address, in their order; `body` is what came with a POST;
    `caller` is who asks, and `asked_at` when the front end got the request.
    """

    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: str = ""
    caller: Caller = NOBODY_KNOWN
    asked_at: datetime | None = None
    path: str = "/"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response. The body is text; its media type is the header `content-type`."""

    status: int
    body: str
    headers: Mapping[str, str]
