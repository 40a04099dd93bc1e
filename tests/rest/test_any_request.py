"""Whatever is asked, the answer is one that a client can read, and never a bug."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.callers import Caller
from barycenter_jobs.http_messages import HttpRequest
from barycenter_jobs.rest.routes import RestApi
from barycenter_jobs.web.routes import http_api
from tests.graphql.service import ALICE, NOW, service
from tests.rest.asking import Json

REST = RestApi(service(), lambda: NOW)
API = http_api(service())

PATHS = st.sampled_from([route.path.replace("{id}", "7") for route in REST.routes])
ANY_TEXT = st.text(max_size=20) | st.text(st.characters(codec=None), max_size=20)
NAMES = st.sampled_from([parameter.name for route in REST.routes for parameter in route.parameters])
VALUES = (
    ANY_TEXT
    | st.sampled_from(["1", "0", "-1", "1e9", "9" * 400, "success", "csv", "asc", "true", "NaN"])
    | st.sampled_from(
        ["cleanup_expired_sessions", "cleanup_sessions", "MjAyNi0wMi0xNFQxMjowMDowMC4wMDAwMDBaIzA="]
    )
    | st.sampled_from(["2026-02-14T12:00:00Z", "2026-02-14", "9999-12-31T23:59:59-14:00"])
    | st.integers().map(str)
    | st.datetimes().map(str)
)
QUERIES = st.dictionaries(NAMES | ANY_TEXT, st.lists(VALUES, min_size=1, max_size=3), max_size=4)
ACCEPTS = ANY_TEXT | st.sampled_from(
    ["*/*", "text/csv", "application/json;q=0", "a/b;q=1;q=2,,;", "text/*;q=0.1"]
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "accept": ACCEPTS,
        "if-none-match": ANY_TEXT,
        "content-type": ANY_TEXT | st.just("application/json"),
    },
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
BODIES = ANY_TEXT | JSONS.map(json.dumps) | st.sampled_from(["", "{", "[" * 100_000, '{"reason": "\\ud800"}'])


def check(status: int, headers: dict[str, str], body: str) -> None:
    assert status < 500 or "jobs-unhealthy" in body, body
    assert "Traceback" not in body
    assert "s3cr3t" not in body
    body.encode()
    if body and "json" in headers["content-type"] and "ndjson" not in headers["content-type"]:
        answer = json.loads(body)
        assert isinstance(answer, dict)
        if status >= 400:
            assert headers["content-type"] == "application/problem+json"
            assert answer["status"] == status


@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS"]) | ANY_TEXT,
    path=PATHS | ANY_TEXT.map(lambda text: f"/api/executions/{text}") | ANY_TEXT,
    query=QUERIES,
    headers=HEADERS,
    body=BODIES,
)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@example("GET", "/api/executions", {"since": ["2026-02-14T12:00:00Z" * 9]}, {}, "")
@example(
    "POST", "/api/executions/clear", {}, {"content-type": "application/json"}, '{"reason": {}, "job_id": []}'
)
def test_no_request_finds_a_bug(
    method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: str
) -> None:
    answer = REST.respond(HttpRequest(method, headers, query, body, Caller(ALICE), NOW, path))

    check(answer.status, dict(answer.headers), answer.body)


@given(raw_query=ANY_TEXT | st.text("?&=%;+[]{}0aé", max_size=30), path=PATHS, body=st.binary(max_size=30))
@settings(max_examples=200, deadline=None)
def test_no_address_finds_a_bug(raw_query: str, path: str, body: bytes) -> None:
    event: Json = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": raw_query,
        "headers": {},
        "body": body.decode("latin-1"),
        "isBase64Encoded": False,
        "requestContext": {"http": {"method": "GET", "path": path}, "stage": "$default", "timeEpoch": 1},
    }

    answer: dict[str, Any] = API.resolve(event, LambdaContext())

    check(answer["statusCode"], answer["headers"], answer["body"])
