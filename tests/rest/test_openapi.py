"""The OpenAPI document is true: every answer is one that it describes, and it leaves nothing out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from barycenter_jobs.core.errors import StoreUnavailable
from barycenter_jobs.rest.description import document
from barycenter_jobs.rest.problems import Kind
from barycenter_jobs.rest.routes import RestApi
from tests.graphql.service import NOW, service
from tests.rest.asking import Answer, Ask, FailingLog, Json, asking, wsgi
from tests.template.reading import routes

DOCUMENT: Json = json.loads(document())
ROUTES = RestApi(service(), lambda: NOW).routes
REST = schemathesis.openapi.from_wsgi("/openapi.json", wsgi(asking()))


def resolved(described: Json) -> Json:
    """Return what a `$ref` leads to."""
    if "$ref" not in described:
        return described
    found: Any = DOCUMENT
    for part in described["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    result: Json = found
    return result


# What a client that knows the document may rely on, whatever it sends.
CONFORMING = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@REST.exclude(path_regex="^/admin/").parametrize()
@QUIET
def test_every_answer_is_described_and_what_is_not_accepted_is_refused(case: Case[Any]) -> None:
    case.call_and_validate(checks=[*CONFORMING, checks.negative_data_rejection, checks.unsupported_method])


# Not every cursor, nor every pair of a job and a handler, is one that can be used.
@REST.include(path_regex="/(stats|clearings|metrics|health|openapi.json)$").parametrize()
@QUIET
def test_what_the_document_allows_is_accepted(case: Case[Any]) -> None:
    case.call_and_validate(checks=[*CONFORMING, checks.positive_data_acceptance, not_a_server_error])


@REST.include(path_regex="^/admin/").parametrize()
@settings(QUIET, max_examples=20)
def test_the_graphql_endpoints_answer_as_described(case: Case[Any]) -> None:
    case.call_and_validate(checks=CONFORMING)


def failing(error: Exception) -> Ask:
    """Return what asks an API whose log raises this."""
    return asking(service(FailingLog(error)))


STRANGER = {"sub": "a-stranger", "scope": "openid"}


@pytest.mark.parametrize(
    ("path", "method", "answer"),
    [
        ("/api/executions", "get", failing(StoreUnavailable("no connection"))("/api/executions")),
        ("/api/executions", "get", failing(LookupError("a bug"))("/api/executions")),
        ("/health", "get", failing(StoreUnavailable("no connection"))("/health")),
        ("/health/jobs", "get", asking()("/health/jobs")),
        ("/metrics", "get", asking()("/metrics", claims=STRANGER)),
        ("/openapi.json", "get", asking()("/openapi.json", accept="text/csv")),
        ("/api/executions/clear", "post", asking()("/api/executions/clear", "POST", claims=STRANGER)),
        ("/api/executions/clear", "post", asking()("/api/executions/clear", "POST", b"x" * 100_001)),
        ("/api/executions/clear", "post", asking()("/api/executions/clear", "POST", b"x")),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else value,
)
def test_what_no_request_alone_brings_about_is_described_too(path: str, method: str, answer: Answer) -> None:
    described = resolved(DOCUMENT["paths"][path][method]["responses"][str(answer.status)])
    schema = described["content"][answer.headers["content-type"]]["schema"]

    jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(answer.json)


def test_it_describes_the_routes_that_are_served_and_no_other() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if method != "parameters" and not path.startswith("/admin/")
    }

    assert described == {f"{route.method} {route.path}" for route in ROUTES}


def test_every_route_that_is_served_is_deployed() -> None:
    assert {f"{route.method} {route.path}" for route in ROUTES} <= routes()
    assert [route for route in routes() if "/api/" in route and route != "ANY /api/{proxy+}"] != []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_it_names_the_parameters_that_a_route_accepts(route: Any) -> None:  # noqa: ANN401 - pytest's
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    described = [resolved(each) for each in operation.get("parameters", [])]

    names = [each["name"] for each in described if each["in"] == "query"]
    assert sorted(names) == sorted(parameter.name for parameter in route.parameters)


def test_it_lists_every_problem() -> None:
    schema = DOCUMENT["components"]["schemas"]["Problem"]["properties"]

    assert schema["type"]["enum"] == [kind.uri for kind in Kind]
    assert schema["status"]["enum"] == sorted({kind.status for kind in Kind})


def test_it_has_the_version_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["version"] == project["project"]["version"]
