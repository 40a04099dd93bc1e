"""Whatever anybody sends, the answer is JSON with a status that HTTP knows."""

from __future__ import annotations

import base64
import json

from aws_lambda_powertools.utilities.typing import LambdaContext
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.http_messages import HttpRequest
from barycenter_jobs.web.routes import http_api
from tests.graphql.service import service

STATUSES = {200, 400, 405, 406, 413, 414, 415}
MEDIA = {"application/json", "application/graphql-response+json"}
OPERATIONS = service()
API = http_api(OPERATIONS)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
VOCABULARY = """
    { } ( ) [ ] : ! = @ $ & | ... # , " 0 -1 1e9 null query mutation subscription fragment on Latest $limit
    $limit:Int! @include(if:true) availableJobs name schedule jobLogs (limit:1) (limit:$limit) id counts
    deleted triggerJob (jobName:"cleanup_expired_sessions") success __typename __schema types
"""
WORDS = st.sampled_from(VOCABULARY.split())
DOCUMENTS = st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=60)
REQUESTS = st.fixed_dictionaries(
    {"query": DOCUMENTS | ANY_JSON},
    optional={"variables": ANY_JSON, "operationName": st.text(max_size=5) | ANY_JSON, "extensions": ANY_JSON},
)
BODIES = REQUESTS.map(json.dumps) | ANY_JSON.map(json.dumps) | st.text(max_size=60)
MEDIA_TYPES = st.lists(
    st.sampled_from(
        [
            "application/json",
            "application/graphql-response+json",
            "*/*",
            "application/*",
            "text/html",
            "; q=0",
            ";q=0.5",
        ]
    )
    | st.text(max_size=10),
    max_size=4,
).map(",".join)
METHODS = st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "DELETE", "PATCH"])


def check(status: int, headers: dict[str, str], body: str) -> None:
    assert status in STATUSES
    assert headers["content-type"].removesuffix("; charset=utf-8") in MEDIA
    answer = json.loads(body)
    assert set(answer) <= {"data", "errors"}
    assert ("errors" in answer) or status == 200
    for error in answer.get("errors", []):
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
        assert "Traceback" not in error["message"]


@settings(deadline=None, max_examples=80)
@given(BODIES)
def test_any_body_is_answered(body: str) -> None:
    response = respond(HttpRequest("POST", {"content-type": "application/json"}, body=body), OPERATIONS)

    check(response.status, dict(response.headers), response.body)


QUERIES = st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=20), min_size=1, max_size=2))


@settings(deadline=None, max_examples=80)
@given(METHODS, MEDIA_TYPES, MEDIA_TYPES, BODIES, QUERIES)
def test_any_request_is_answered(
    method: str, accept: str, content_type: str, body: str, query: dict[str, list[str]]
) -> None:
    request = HttpRequest(method, {"accept": accept, "content-type": content_type}, query, body)

    response = respond(request, OPERATIONS)

    check(response.status, dict(response.headers), response.body)


@settings(deadline=None, max_examples=80)
@given(
    DOCUMENTS,
    st.none() | st.text(max_size=20) | ANY_JSON.map(json.dumps),
    st.none() | st.text(max_size=8),
)
def test_any_query_by_get_is_answered(document: str, variables: str | None, name: str | None) -> None:
    given = {"query": document, "variables": variables, "operationName": name}
    query = {parameter: [value] for parameter, value in given.items() if value is not None}

    response = respond(HttpRequest("GET", query=query), OPERATIONS)

    check(response.status, dict(response.headers), response.body)


@settings(deadline=None, max_examples=80)
@given(st.binary(max_size=80) | BODIES.map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_behind_api_gateway_are_answered(sent: bytes) -> None:
    event = {
        "version": "2.0",
        "routeKey": "POST /admin/jobs",
        "rawPath": "/admin/jobs",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {"stage": "$default", "http": {"method": "POST", "path": "/admin/jobs"}},
        "body": base64.b64encode(sent).decode(),
        "isBase64Encoded": True,
    }

    response = API.resolve(event, LambdaContext())

    check(response["statusCode"], {"content-type": response["headers"]["content-type"]}, response["body"])
