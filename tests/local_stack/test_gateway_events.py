"""HTTP requests as API Gateway's events, and functions' answers as responses."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console.local_stack.gateway_events import Received, event_for, matching_route, response_from
from console.local_stack.template import Route

NOW = datetime(2026, 2, 14, 12, 0, 0, 123000, tzinfo=UTC)
REQUEST = Received(
    method="POST",
    path="/admin/jobs",
    query="",
    headers=(("host", "localhost:8081"), ("user-agent", "curl/8"), ("content-type", "application/json")),
    body=b'{"query": "{ __typename }"}',
    source_ip="127.0.0.1",
)
ROUTE = Route("POST", "/admin/jobs", "HttpApiFunction")
ROUTES = [
    Route("GET", "/", "home"),
    Route("POST", "/admin/jobs", "post"),
    Route("ANY", "/admin/jobs", "any"),
    Route("GET", "/executions/{id}", "one"),
    Route("GET", "/executions/latest", "latest"),
    Route("GET", "/{proxy+}", "rest"),
]


def event(received: Received = REQUEST, **parameters: str) -> dict[str, Any]:
    return event_for(received, ROUTE, parameters, NOW)


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/", "home", {}),
        ("POST", "/admin/jobs", "post", {}),
        ("PUT", "/admin/jobs", "any", {}),
        ("GET", "/executions/7", "one", {"id": "7"}),
        ("GET", "/executions/latest", "latest", {}),
        ("GET", "/executions/7/log", "rest", {"proxy": "executions/7/log"}),
    ],
)
def test_the_most_specific_route_answers(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    match = matching_route(ROUTES, method, path)

    assert match is not None
    assert (match[0].function, match[1]) == (function, parameters)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("POST", "/admin/jobs/"), ("POST", "/executions/7")]
)
def test_a_request_without_a_route_matches_none(method: str, path: str) -> None:
    assert matching_route(ROUTES, method, path) is None


def test_the_default_route_answers_what_no_other_does() -> None:
    match = matching_route([*ROUTES[:1], Route("ANY", "$default", "default")], "DELETE", "/anything")

    assert match is not None
    assert match[0].function == "default"


def test_a_request_becomes_an_event_of_format_two() -> None:
    made = event()

    context = made.pop("requestContext")
    assert made == {
        "version": "2.0",
        "routeKey": "POST /admin/jobs",
        "rawPath": "/admin/jobs",
        "rawQueryString": "",
        "headers": {"host": "localhost:8081", "user-agent": "curl/8", "content-type": "application/json"},
        "body": '{"query": "{ __typename }"}',
        "isBase64Encoded": False,
    }
    assert context["http"] == {
        "method": "POST",
        "path": "/admin/jobs",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "curl/8",
    }
    assert context["authorizer"]["iam"]["userArn"] == "arn:aws:iam::000000000000:user/local"
    assert (context["time"], context["timeEpoch"]) == ("14/Feb/2026:12:00:00 +0000", 1771070400123)


def test_repeated_headers_and_query_parameters_are_joined_and_cookies_set_apart() -> None:
    headers = (("accept", "text/html"), ("accept", "*/*"), ("cookie", "a=1; b=2"))

    made = event(replace(REQUEST, headers=headers, query="x=1&y=&x=2%203"))

    assert made["headers"] == {"accept": "text/html,*/*"}
    assert made["cookies"] == ["a=1", "b=2"]
    assert made["queryStringParameters"] == {"x": "1,2 3", "y": ""}
    assert made["rawQueryString"] == "x=1&y=&x=2%203"


def test_a_body_that_is_no_text_arrives_in_base64() -> None:
    made = event(replace(REQUEST, headers=(("content-type", "application/octet-stream"),), body=b"\xff\x00"))

    assert made["isBase64Encoded"] is True
    assert base64.b64decode(made["body"]) == b"\xff\x00"


def test_a_request_without_a_body_makes_an_event_without_one() -> None:
    assert "body" not in event(replace(REQUEST, body=b""))


def test_an_answer_becomes_a_response() -> None:
    response = response_from(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "text/html", "X-Count": 7},
            "cookies": ["a=1", "b=2"],
            "body": "<p>ä</p>",
        }
    )

    assert response.status_code == 201
    assert response.body == "<p>ä</p>".encode()
    assert response.headers["content-type"] == "text/html"
    assert response.headers["x-count"] == "7"
    assert response.headers.getlist("set-cookie") == ["a=1", "b=2"]


def test_a_body_in_base64_is_decoded() -> None:
    assert response_from({"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}).body == b"\xff\x00"


@pytest.mark.parametrize(("value", "body"), [({"a": 1}, b'{"a": 1}'), ("plain", b"plain"), ([1], b"[1]")])
def test_an_answer_without_a_status_is_a_body(value: object, body: bytes) -> None:
    response = response_from(value)

    assert (response.status_code, response.body) == (200, body)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "later"},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "headers": ["no mapping"]},
        {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
    ],
)
def test_a_malformed_answer_is_an_internal_error(value: object) -> None:
    response = response_from(value)

    assert response.status_code == 500
    assert response.body == b'{"message":"Internal Server Error"}'
