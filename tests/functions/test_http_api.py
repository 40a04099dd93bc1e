"""The function behind API Gateway: GraphQL, the playground, and the way to it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from urllib.parse import urlencode

import pytest

from barycenter_jobs.bootstrap import apis
from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.executions import Trigger, TriggerKind
from barycenter_jobs.web.playground import assets, page
from tests.functions.conftest import Load, Stack
from tests.functions.loading import Json, sample
from tests.graphql.service import ALICE

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JOBS = "{ availableJobs { name } }"


def request(method: str, path: str, query: Json | None = None, body: str = "", **headers: str) -> Json:
    """A request as API Gateway tells it: a sample event with another method and path."""
    event = sample("httpapi_job_logs")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["routeKey"] = event["requestContext"]["routeKey"] = f"{method} {path}"
    event["headers"] |= headers
    del event["body"]
    if query:
        event["queryStringParameters"] = query
        event["rawQueryString"] = urlencode(query)
    if body:
        event["body"] = body
    return event


def answered(response: Json) -> Json:
    """The GraphQL answer in a response that went well."""
    assert response["statusCode"] == 200
    assert response["headers"]["content-type"] == "application/json; charset=utf-8"
    answer: Json = json.loads(response["body"])
    return answer


def test_the_jobs_are_listed(function: Load, stack: Stack) -> None:
    answer = answered(function("http_api")(sample("httpapi_available_jobs")))

    assert answer["data"]["availableJobs"][2] == {
        "name": "cleanup_expired_challenges",
        "description": "Clean up expired WebAuthn challenges",
        "schedule": "0 */5 * * * *",
    }
    assert stack.log.get(1) is None


def test_a_triggered_job_is_seen_in_the_log(function: Load, stack: Stack) -> None:
    api = function("http_api")

    triggered = answered(api(sample("httpapi_trigger_job")))
    logs = answered(api(sample("httpapi_job_logs")))

    assert triggered["data"]["triggerJob"] == {
        "success": True,
        "message": "Job cleanup_expired_sessions triggered successfully",
        "jobName": "cleanup_expired_sessions",
    }
    assert logs["data"]["jobLogs"] == [
        {
            "id": "1",
            "jobName": "cleanup_expired_sessions",
            "startedAt": "2026-02-14T12:10:00Z",
            "completedAt": None,
            "success": None,
            "errorMessage": None,
            "recordsProcessed": None,
        }
    ]
    ((_, execution),) = stack.invoker.invocations
    assert execution.trigger == Trigger(TriggerKind.MANUAL, ALICE)


@pytest.mark.parametrize(
    ("authorizer", "by"),
    [
        ({"iam": {"userArn": ALICE}}, ALICE),
        (
            {"jwt": {"claims": {"sub": "248289761001", "scope": "openid jobs:write"}}},
            "248289761001",
        ),
        ({"lambda": {}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_triggered_run_tells_who_asked_for_it(
    authorizer: object, by: str | None, function: Load, stack: Stack
) -> None:
    event = sample("httpapi_trigger_job")
    event["requestContext"]["authorizer"] = authorizer

    answered(function("http_api")(event))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == [by]


def test_a_request_behind_no_authorizer_is_nobodys(function: Load, stack: Stack) -> None:
    event = sample("httpapi_trigger_job")
    del event["requestContext"]["authorizer"]

    answered(function("http_api")(event))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == [None]


@pytest.mark.usefixtures("stack")
def test_both_paths_serve_the_same_schema(function: Load) -> None:
    api, body = function("http_api"), json.dumps({"query": JOBS})

    answers = [api(request("POST", path, body=body)) for path in ("/admin/jobs", "/admin/graphql")]

    assert answered(answers[0]) == answered(answers[1])


@pytest.mark.usefixtures("stack")
def test_a_body_in_base64_is_decoded(function: Load) -> None:
    event = request(
        "POST", "/admin/jobs", body=base64.b64encode(json.dumps({"query": JOBS}).encode()).decode()
    )

    assert "data" in answered(function("http_api")({**event, "isBase64Encoded": True}))


@pytest.mark.usefixtures("stack")
def test_a_body_that_is_no_text_is_refused(function: Load) -> None:
    event = request("POST", "/admin/jobs", body=base64.b64encode(b"\xff\xfe{}").decode())

    response = function("http_api")({**event, "isBase64Encoded": True})

    assert response["statusCode"] == 400


@pytest.mark.usefixtures("stack")
def test_no_answer_is_kept_by_anybody_on_its_way(function: Load) -> None:
    api = function("http_api")

    for event in (sample("httpapi_job_logs"), request("GET", "/admin/jobs", {"query": JOBS})):
        assert api(event)["headers"]["cache-control"] == "no-store"


@pytest.mark.usefixtures("stack")
def test_a_query_may_be_asked_by_get_also_in_a_browser(function: Load) -> None:
    api = function("http_api")

    for accept in ("*/*", BROWSER):
        assert "data" in answered(api(request("GET", "/admin/jobs", {"query": JOBS}, accept=accept)))


def test_a_mutation_by_get_does_nothing(function: Load, stack: Stack) -> None:
    mutation = json.loads(sample("httpapi_trigger_job")["body"])["query"]

    response = function("http_api")(request("GET", "/admin/jobs", {"query": mutation}))

    assert response["statusCode"] == 405
    assert response["headers"]["allow"] == "POST"
    assert stack.invoker.invocations == []


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(method: str, function: Load) -> None:
    response = function("http_api")(request(method, "/admin/jobs", body="{}"))

    assert response["statusCode"] == 405
    assert response["headers"]["allow"] == "GET, POST"


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("path", ["/admin/jobs", "/admin/graphql"])
def test_a_browser_that_comes_without_a_query_is_sent_to_the_playground(path: str, function: Load) -> None:
    response = function("http_api")(request("GET", path, accept=BROWSER))

    assert (response["statusCode"], response["headers"]["location"]) == (302, "/admin/jobs/playground")


@pytest.mark.usefixtures("stack")
def test_a_program_that_comes_without_a_query_is_told_what_is_missing(function: Load) -> None:
    response = function("http_api")(request("GET", "/admin/jobs"))

    assert response["statusCode"] == 400
    assert (
        json.loads(response["body"])["errors"][0]["message"] == "query must be the text of a GraphQL document"
    )


@pytest.mark.usefixtures("stack")
def test_the_root_is_the_page_and_it_loads_files_that_are_there(function: Load) -> None:
    page = function("http_api")(request("GET", "/", accept=BROWSER))
    names = re.findall(r'"(console/[^"]+)"', page["body"])
    files = [
        function("http_api")(request("GET", f"/{name}", None, "", **{"accept-encoding": "gzip"}))
        for name in names
    ]

    assert page["statusCode"] == 200
    assert page["headers"]["Content-Type"].startswith("text/html")
    assert [(file["statusCode"], file["isBase64Encoded"]) for file in files] == [(200, True)]
    assert function("http_api")(request("GET", "/console/page-0.js"))["statusCode"] == 404


@pytest.mark.usefixtures("stack")
def test_a_browser_that_takes_no_gzip_gets_the_files_as_they_are(function: Load) -> None:
    page = function("http_api")(request("GET", "/", accept=BROWSER))
    (script,) = re.findall(r'src="(console/[^"]+)"', page["body"])

    file = function("http_api")(request("GET", f"/{script}"))

    assert not file["isBase64Encoded"]
    assert "Glance" in file["body"]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(("path", "here"), [("/admin/jobs/playground", "../"), ("/admin/playground", "")])
def test_the_playground_is_served_with_its_policy(path: str, here: str, function: Load) -> None:
    response = function("http_api")(request("GET", path, accept=BROWSER))

    headers = {name.lower(): value for name, value in response["headers"].items()}
    assert response["statusCode"] == 200
    assert response["body"] == page(here)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("name", assets())
def test_the_files_of_the_playground_are_served_in_gzip_and_without(name: str, function: Load) -> None:
    api, path = function("http_api"), f"/admin/playground/{name}"

    wants_gzip, wants_none = request("GET", path), request("GET", path)
    wants_gzip["headers"]["accept-encoding"] = "gzip, br"
    wants_none["headers"]["accept-encoding"] = "identity"

    zipped, plain = api(wants_gzip), api(wants_none)

    assert (zipped["isBase64Encoded"], plain["isBase64Encoded"]) == (True, False)
    assert zipped["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(zipped["body"])).decode() == plain["body"]
    assert "content-encoding" not in plain["headers"]
    assert len(zipped["body"]) < 6_000_000  # the most that Lambda answers with


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("name", ["graphiql.js", "page.html", "README.md", "..%2Fplayground.py"])
def test_the_playground_serves_no_other_file(name: str, function: Load) -> None:
    assert function("http_api")(request("GET", f"/admin/playground/{name}"))["statusCode"] == 404


@pytest.mark.usefixtures("stack")
def test_introspection_can_be_switched_off(function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"query": "{ __schema { queryType { name } } }"})
    monkeypatch.setenv("GRAPHQL_INTROSPECTION", "off")
    apis.introspection.cache_clear()
    api = function("http_api")

    answer = answered(api(request("POST", "/admin/jobs", body=body)))
    shown = api(request("GET", "/admin/playground", accept=BROWSER))

    apis.introspection.cache_clear()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTROSPECTION_DISABLED"] * 2
    assert "Introspection is off on this server" in shown["body"]


@pytest.mark.usefixtures("stack")
def test_any_other_path_is_not_found(function: Load) -> None:
    assert function("http_api")(request("GET", "/admin"))["statusCode"] == 404
    assert function("http_api")(request("POST", "/", body="{}"))["statusCode"] == 404


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        ["an", "event"],
        "an event",
        {"requestContext": None},
        {"requestContext": {"http": {"method": "GET"}}},
        {"version": "1.0", "httpMethod": "GET", "path": "/health", "headers": {}, "requestContext": {}},
        sample("eventbridge_watchdog"),
        sample("appsync_job_logs"),
    ],
    ids=lambda event: str(event)[:40],
)
def test_the_event_of_another_way_in_is_refused(event: object, function: Load, stack: Stack) -> None:
    with pytest.raises(InvalidEvent, match=r"^The event is no request of an API Gateway HTTP API in payload"):
        function("http_api")(event)
    assert stack.invoker.invocations == []
