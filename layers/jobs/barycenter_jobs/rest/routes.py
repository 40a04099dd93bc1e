"""The paths of the REST API, and what becomes of a request to any of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from barycenter_jobs.bugs import INTERNAL, log_bug
from barycenter_jobs.core.callers import Permission
from barycenter_jobs.core.errors import NotAllowed, StoreError
from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from barycenter_jobs.rest import clearing, description, executions, figures, health
from barycenter_jobs.rest.asked import Asked
from barycenter_jobs.rest.conditions import unless_known
from barycenter_jobs.rest.jobs_meant import HANDLER_ID, JOB_ID
from barycenter_jobs.rest.metrics import Metrics
from barycenter_jobs.rest.parameters import Parameter, given
from barycenter_jobs.rest.problems import Kind, Refused, problem

if TYPE_CHECKING:
    from barycenter_jobs.operations.api import Operations

Endpoint = Callable[[Asked], HttpResponse]

RETRY_AFTER_SECONDS = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, what serves them, and what it accepts. GET serves HEAD too."""

    method: str
    path: str
    endpoint: Endpoint
    parameters: Sequence[Parameter[Any]] = ()

    @property
    def permission(self) -> Permission:
        """What its caller must be allowed to do."""
        return Permission.READ if self.method == "GET" else Permission.WRITE


@dataclass
class RestApi:
    """The REST API over the operations. `clock` tells the time in UTC."""

    operations: Operations
    clock: Callable[[], datetime]
    routes: Sequence[Route] = field(init=False)

    def __post_init__(self) -> None:
        job = (JOB_ID, HANDLER_ID)
        self.routes = (
            Route("GET", "/api/executions", executions.history, (executions.LIMIT, *executions.FILTERS)),
            Route("GET", "/api/executions/stats", figures.stats, job),
            Route(
                "GET",
                "/api/executions/errors",
                executions.errors,
                (executions.ERRORS_LIMIT, *executions.FILTERS),
            ),
            Route("GET", "/api/executions/clearings", clearing.clearings, (executions.LIMIT,)),
            Route("GET", "/api/executions/{id}", executions.one),
            Route("POST", "/api/executions/clear", clearing.clear, (*job, clearing.REASON)),
            Route("GET", "/metrics", Metrics(self.operations, self.clock)),
            Route("GET", "/health", health.health),
            Route("GET", "/health/jobs", health.jobs, job),
            Route("GET", "/openapi.json", description.openapi),
        )

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Answer a request. Never raises; whatever goes wrong is told as problem details."""
        try:
            response = unless_known(request, self._answer(request))
        except Refused as refusal:
            response = problem(request, refusal)
        except NotAllowed as error:
            fields = {"method": request.method, "path": request.path, "caller": request.caller.name}
            logger.warning("refused", extra=fields)
            response = problem(request, Refused(Kind.NOT_ALLOWED, str(error)))
        except StoreError as error:
            headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
            response = problem(request, Refused(Kind.LOG_UNAVAILABLE, str(error), headers=headers))
        except Exception as bug:  # noqa: BLE001 - API Gateway's own answer would be no problem
            log_bug(bug, "request")
            response = problem(request, Refused(Kind.INTERNAL_ERROR, INTERNAL))
        return replace(response, body="") if request.method == "HEAD" else response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        route, execution_id = self._route(request)
        request.caller.check(route.permission)
        query = clearing.asked_in(request) if route.method == "POST" else request.query
        return route.endpoint(Asked(request, self.operations, given(query, route.parameters), execution_id))

    def _route(self, request: HttpRequest) -> tuple[Route, str]:
        method = "GET" if request.method == "HEAD" else request.method
        found = [(route, match) for route in self.routes if (match := _matched(route.path, request.path))]
        # A path without a variable is nobody's id.
        exact = [each for each in found if each[0].path == request.path] or found
        if not exact:
            raise Refused(Kind.NOT_FOUND, "Nothing is served at this path")
        for route, match in exact:
            if route.method == method:
                return route, match.groupdict().get("id", "")
        served = [name for route, _ in exact for name in _METHODS[route.method]]
        detail = f"This path is served for {' and '.join(served)}"
        raise Refused(Kind.METHOD_NOT_ALLOWED, detail, headers={"allow": ", ".join(served)})


_METHODS: Mapping[str, Sequence[str]] = {"GET": ("GET", "HEAD"), "POST": ("POST",)}


def _matched(pattern: str, path: str) -> re.Match[str] | None:
    return re.fullmatch(re.escape(pattern).replace(r"\{id\}", "(?P<id>[^/]+)"), path)
