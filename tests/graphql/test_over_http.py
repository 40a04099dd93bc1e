"""GraphQL over HTTP: media types, methods, status codes, and what an error may tell.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import json
import logging
from datetime import datetime

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryInvoker
from barycenter_jobs.core.errors import FunctionNotInvoked, StoreError, StoreUnavailable, TableMissing
from barycenter_jobs.core.executions import Execution, Start
from barycenter_jobs.graphql.http_parameters import MAX_BODY_BYTES
from barycenter_jobs.graphql.media_types import GRAPHQL_RESPONSE, JSON
from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from tests.graphql.service import History, Json, post, service

JOBS = "{ availableJobs { name } }"
LATEST = "{ jobLogs(limit: 1) { id } }"
TRIGGER = 'mutation { triggerJob(jobName: "cleanup_expired_sessions") { success } }'
SECRET = "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"


def body(response: HttpResponse) -> Json:
    read: Json = json.loads(response.body)
    return read


def get(query: dict[str, str], **headers: str) -> HttpResponse:
    return respond(HttpRequest("GET", headers, {name: [value] for name, value in query.items()}), service())


def typed(media_type: str) -> dict[str, str]:
    return {"content-type": f"{media_type}; charset=utf-8"}


def refusal(response: HttpResponse) -> tuple[int, str]:
    """The status and the message of an answer that is one refusal."""
    (error,) = body(response)["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert set(body(response)) == {"errors"}
    return response.status, error["message"]


# ---- Media types


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}; charset=utf-8, application/json; charset=utf-8", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}, application/json", GRAPHQL_RESPONSE),
        (f"application/json, {GRAPHQL_RESPONSE}", JSON),
        (f"application/json;q=0.9, {GRAPHQL_RESPONSE}", GRAPHQL_RESPONSE),
        (f"application/json, {GRAPHQL_RESPONSE};q=0.9", JSON),
        (f"{GRAPHQL_RESPONSE}, */*", GRAPHQL_RESPONSE),
        (f"*/*, {GRAPHQL_RESPONSE}", GRAPHQL_RESPONSE),
        (f"*/*;q=0.1, {GRAPHQL_RESPONSE};q=0.2", GRAPHQL_RESPONSE),
        (f"*/*, {GRAPHQL_RESPONSE};q=0.5", JSON),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};q=0, application/*;q=0.1", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("text/html, application/json;q=0.001", JSON),
    ],
)
def test_the_media_type_that_the_client_likes_best_is_answered(accept: str, media_type: str) -> None:
    response = post({"query": JOBS}, accept=accept)

    assert (response.status, response.headers) == (200, typed(media_type))


def test_without_a_wish_the_answer_is_plain_json() -> None:
    assert post({"query": JOBS}).headers == typed(JSON)


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/json;q=0", "*/*;q=0", "application/json;q=x", "application/*;q=0, */*"],
)
def test_a_client_that_takes_neither_is_told_what_there_is(accept: str) -> None:
    assert refusal(post({"query": JOBS}, accept=accept)) == (
        406,
        "This endpoint answers in application/graphql-response+json or application/json",
    )


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_a_request_is_json(content_type: str) -> None:
    assert post({"query": JOBS}, content_type=content_type).status == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_a_request_in_anything_else_is_refused(content_type: str) -> None:
    response = post({"query": TRIGGER}, content_type=content_type)

    assert refusal(response) == (415, "Send the request as Content-Type: application/json")


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "us-ascii"])
def test_a_request_in_another_encoding_is_refused(charset: str) -> None:
    response = post({"query": JOBS}, content_type=f"application/json; charset={charset}")

    assert refusal(response) == (415, "Send the request in UTF-8")
    assert response.headers["accept"] == JSON


def test_an_answer_in_another_encoding_is_none_that_we_have() -> None:
    assert post({"query": JOBS}, accept="application/json; charset=utf-16").status == 406


# ---- Status codes


@pytest.mark.parametrize(
    ("request_body", "as_json", "as_graphql_response", "code"),
    [
        ({"query": JOBS}, 200, 200, None),
        ({"query": "{ jobLogs(limit: 0) { id } }"}, 200, 200, "BAD_USER_INPUT"),
        ({"query": "{"}, 200, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, 200, 400, "GRAPHQL_VALIDATION_FAILED"),
        (
            {"query": "query ($limit: Int) { jobLogs(limit: $limit) { id } }", "variables": {"limit": "ten"}},
            200,
            400,
            "BAD_USER_INPUT",
        ),
        ({"query": ""}, 200, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": JOBS, "operationName": "Nothing"}, 200, 400, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": 7}, 400, 400, "BAD_REQUEST"),
        ("{", 400, 400, "BAD_REQUEST"),
    ],
)
def test_the_status_depends_on_how_far_the_request_got_and_on_the_media_type(
    request_body: object, as_json: int, as_graphql_response: int, code: str | None
) -> None:
    plain, specific = post(request_body), post(request_body, accept=GRAPHQL_RESPONSE)

    assert (plain.status, specific.status) == (as_json, as_graphql_response)
    assert (plain.headers, specific.headers) == (typed(JSON), typed(GRAPHQL_RESPONSE))
    assert body(plain) == body(specific)
    codes = [error["extensions"]["code"] for error in body(plain).get("errors", [])]
    assert codes == ([] if code is None else [code])


def test_a_request_that_was_not_executed_has_no_data_in_its_answer() -> None:
    assert set(body(post({"query": "{ nothing }"}))) == {"errors"}
    assert set(body(post({"query": "{ jobLogs(limit: 0) { id } }"}))) == {"data", "errors"}
    assert set(body(post({"query": JOBS}))) == {"data"}


# ---- What a client got wrong, in clear words


@pytest.mark.parametrize(
    ("query", "variables", "code", "message"),
    [
        (
            '{ jobLogs(limit: "ten") { id } }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
            'Int cannot represent non-integer value: "ten"',
        ),
        (
            "{ jobLogs(nothing: 7) { id } }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
            "Unknown argument 'nothing' on field 'Query.jobLogs'.",
        ),
        (
            "mutation { triggerJob { success } }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
            (
                "Argument 'Mutation.triggerJob(jobName:)' of type 'String!' is required, "
                "but it was not provided."
            ),
        ),
        (
            "{ jobLogs }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
            (
                "Field 'jobLogs' of type '[JobLog!]!' must have a selection of subfields. "
                "Did you mean 'jobLogs { ... }'?"
            ),
        ),
        (
            "{ jobLogs(limit: 3000000000) { id } }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
            "Int cannot represent non 32-bit signed integer value: 3000000000",
        ),
        (
            "query ($limit: Int) { jobLogs(limit: $limit) { id } }",
            {"limit": "ten"},
            "BAD_USER_INPUT",
            "Variable '$limit' has invalid value: Int cannot represent non-integer value: 'ten'",
        ),
        (
            "query ($limit: Int!) { jobLogs(limit: $limit) { id } }",
            {},
            "BAD_USER_INPUT",
            "Variable '$limit' has invalid value: Expected a value of non-null type 'Int!' to be provided.",
        ),
        (
            "query ($limit: Int) { jobLogs(limit: $limit) { id } }",
            {"limit": 1001},
            "BAD_USER_INPUT",
            "limit must be between 1 and 1000, not 1001",
        ),
        ("{ jobLogs { id }", {}, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        ('{ jobLogs(jobName: "a) }', {}, "GRAPHQL_PARSE_FAILED", "Syntax Error: Unterminated string."),
    ],
)
def test_a_mistake_is_told_in_clear_words_with_a_code_to_rely_on(
    query: str, variables: Json, code: str, message: str
) -> None:
    (error,) = body(post({"query": query, "variables": variables}))["errors"]

    assert error["message"] == message
    assert error["extensions"] == {"code": code}
    assert error["locations"]


def test_an_explicit_null_where_a_default_allowed_a_variable_is_the_clients_mistake() -> None:
    query = 'mutation ($name: String = "cleanup_expired_sessions") { triggerJob(jobName: $name) { success } }'

    (error,) = body(post({"query": query, "variables": {"name": None}}))["errors"]

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "jobName" in error["message"]
    assert error["path"] == ["triggerJob"]


def test_every_mistake_in_a_document_is_told_at_once() -> None:
    errors = body(post({"query": "{ nothing jobLogs(nothing: 7) { id nobody } }"}))["errors"]

    assert len(errors) == 3
    assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_VALIDATION_FAILED"}


def test_an_integer_of_any_length_is_the_clients_mistake(caplog: pytest.LogCaptureFixture) -> None:
    response = post({"query": f"{{ jobLogs(limit: {'9' * 5000}) {{ id }} }}"}, accept=GRAPHQL_RESPONSE)

    assert response.status == 400
    assert body(response)["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert caplog.records == []


# ---- Bodies that are no request


@pytest.mark.parametrize(
    "text",
    ["", "{", "query", "'{}'", "{}}", '{"variables": {"n": NaN}}', "-Infinity", "[" * 50_000, "\ud800"],
)
def test_a_body_that_is_no_json_is_refused(text: str) -> None:
    assert refusal(post(text)) == (400, "The body is not valid JSON")


@pytest.mark.parametrize("given", [[], [{"query": JOBS}], [{"query": JOBS}, {"query": LATEST}]])
def test_a_batch_of_requests_is_refused(given: list[object]) -> None:
    assert refusal(post(given)) == (400, "Batches are not served: send one JSON object with a query")


@pytest.mark.parametrize("given", [None, 7, True, f'"{JOBS}"'])
def test_a_body_that_is_no_object_is_refused(given: object) -> None:
    assert refusal(post(given)) == (400, "The body must be a JSON object with a query")


@pytest.mark.parametrize("query", [None, 7, True, [JOBS], {"query": JOBS}])
def test_a_request_without_a_query_is_refused(query: object) -> None:
    expected = (400, "query must be the text of a GraphQL document")

    assert refusal(post({"query": query})) == expected
    assert refusal(post({})) == expected
    assert refusal(get({})) == expected


@pytest.mark.parametrize("variables", [[], "{}", 7, True, [{"limit": 1}]])
def test_variables_that_are_no_object_are_refused(variables: object) -> None:
    assert refusal(post({"query": JOBS, "variables": variables})) == (400, "variables must be a JSON object")


@pytest.mark.parametrize("name", [7, True, [], {}])
def test_the_name_of_an_operation_is_a_string(name: object) -> None:
    assert refusal(post({"query": JOBS, "operationName": name})) == (400, "operationName must be a string")


@pytest.mark.parametrize("extensions", [[], "{}", 7])
def test_extensions_that_are_no_object_are_refused(extensions: object) -> None:
    response = post({"query": JOBS, "extensions": extensions})

    assert refusal(response) == (400, "extensions must be a JSON object")


def test_parameters_that_are_null_or_unknown_are_passed_over() -> None:
    given = {"query": JOBS, "variables": None, "operationName": None, "extensions": None, "id": 7}

    assert body(post(given)) == body(post({"query": JOBS, "extensions": {"any": 1}}))


def test_a_body_may_have_a_hundred_thousand_bytes_and_no_more() -> None:
    query = f"{JOBS} #"
    filled = query + "x" * (MAX_BODY_BYTES - len(json.dumps({"query": query})))

    assert post({"query": filled}).status == 200
    assert refusal(post({"query": filled + "x"})) == (413, "A request may have 100000 bytes at the most")


def test_an_address_may_hold_as_much_and_no_more() -> None:
    filled = f"{JOBS} #" + "ä" * 40_000

    assert get({"query": filled}).status == 200
    assert refusal(get({"query": filled, "extensions": "ä" * 10_000})) == (
        414,
        "A request may have 100000 bytes at the most; send a long one by POST",
    )


def test_the_size_of_a_body_is_counted_in_bytes() -> None:
    text = json.dumps({"query": f"{JOBS} #" + "ä" * 60_000}, ensure_ascii=False)

    assert len(text) < MAX_BODY_BYTES
    assert post(text).status == 413


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{a" * 30_000, "QUERY_TOO_DEEP"),
        ("{a" * 900, "QUERY_TOO_DEEP"),
        ("{ jobLogs(jobName: " + "[" * 60_000, "QUERY_TOO_DEEP"),
        ("{" + "__schema { types { fields { type { fields { type" * 800, "QUERY_TOO_DEEP"),
        (f"{{ availableJobs {{ {'name ' * 19_000} }} }}", "QUERY_TOO_LONG"),
    ],
)
def test_a_document_made_to_exhaust_the_server_is_refused(query: str, code: str) -> None:
    response = post({"query": query}, accept=GRAPHQL_RESPONSE)

    assert response.status == 400
    assert body(response)["errors"][0]["extensions"]["code"] == code


def test_half_of_a_surrogate_pair_does_no_harm() -> None:
    query = "query ($name: String) { jobLogs(jobName: $name) { id } }"

    assert body(post({"query": query, "variables": {"name": "\ud800"}})) == {"data": {"jobLogs": []}}
    assert body(post('{"query": "\\ud800"}'))["errors"][0]["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}
    assert post(f'{{"query": "{JOBS} # \ud800"}}').status == 200


# ---- Methods


def test_queries_may_be_asked_by_get() -> None:
    response = get({"query": JOBS}, accept=GRAPHQL_RESPONSE)

    assert (response.status, response.headers) == (200, typed(GRAPHQL_RESPONSE))
    assert body(response) == body(post({"query": JOBS}))


def test_get_takes_every_parameter_of_post() -> None:
    response = get(
        {
            "query": "query One { availableJobs { name } } query Two($n: Int) { jobLogs(limit: $n) { id } }",
            "operationName": "Two",
            "variables": '{"n": 2}',
            "extensions": '{"any": 1}',
        }
    )

    assert body(response) == {"data": {"jobLogs": [{"id": "42"}, {"id": "41"}]}}


@pytest.mark.parametrize("parameter", ["variables", "extensions"])
@pytest.mark.parametrize(("text", "what"), [("{", "is not valid JSON"), ("[1]", "must be a JSON object")])
def test_a_parameter_of_get_that_is_no_json_object_is_refused(parameter: str, text: str, what: str) -> None:
    assert refusal(get({"query": JOBS, parameter: text})) == (400, f"{parameter} {what}")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
def test_a_mutation_by_get_is_refused_and_does_nothing(accept: str) -> None:
    log, invoker = MemoryExecutionLog(), MemoryInvoker()
    request = HttpRequest("GET", {"accept": accept}, {"query": [TRIGGER]})

    response = respond(request, service(log, invoker))

    assert refusal(response) == (405, "GET runs queries only; send a mutation by POST")
    assert response.headers == {**typed(accept), "allow": "POST"}
    assert invoker.invocations == []
    assert log.get(1) is None


def test_a_query_beside_a_mutation_may_be_asked_by_get() -> None:
    both = f"query Ask {LATEST} {TRIGGER.replace('mutation', 'mutation Act')}"

    assert get({"query": both, "operationName": "Ask"}).status == 200
    assert get({"query": both, "operationName": "Act"}).status == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_refused(method: str) -> None:
    request = HttpRequest(method, {"content-type": JSON}, body=json.dumps({"query": JOBS}))

    response = respond(request, service())

    assert refusal(response) == (405, f"{method} is not served here; use POST, or GET for queries")
    assert response.headers["allow"] == "GET, POST"


# ---- Several operations in a document

TWO = "query One { availableJobs { name } } query Two { jobLogs(limit: 1) { id } }"


def test_the_operation_that_is_named_is_run() -> None:
    assert body(post({"query": TWO, "operationName": "Two"})) == {"data": {"jobLogs": [{"id": "42"}]}}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "Name the operation to run: operationName"),
        ("", "Name the operation to run: operationName"),
        ("Three", "Unknown operation: Three"),
    ],
)
def test_one_of_several_operations_must_be_named(name: str | None, message: str) -> None:
    response = post({"query": TWO, "operationName": name}, accept=GRAPHQL_RESPONSE)

    assert response.status == 400
    assert body(response) == {
        "errors": [{"message": message, "extensions": {"code": "OPERATION_RESOLUTION_FAILURE"}}]
    }


def test_there_are_no_subscriptions() -> None:
    response = post({"query": "subscription { jobLogs { id } }"}, accept=GRAPHQL_RESPONSE)

    assert response.status == 400
    assert "subscription" in body(response)["errors"][0]["message"]


# ---- What goes wrong on our side


class Failing(History):
    """A log that cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def read(self, *_: object, **__: object) -> list[Execution]:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        TableMissing("Cannot read job_executions: there is no such table (ResourceNotFoundException)"),
        StoreUnavailable("Cannot read job_executions: DynamoDB cannot be reached (EndpointConnectionError)"),
    ],
)
def test_a_store_that_fails_is_told_to_the_operator(error: StoreError) -> None:
    response = post({"query": f"{LATEST[:-1]} availableJobs {{ name }} }}"}, service(Failing(error)))

    assert response.status == 200
    assert body(response)["data"] is None
    (told,) = body(response)["errors"]
    assert told["message"] == str(error)
    assert told["path"] == ["jobLogs"]
    assert told["extensions"] == {"code": "SERVICE_UNAVAILABLE"}


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), RuntimeError(f"about {SECRET}")])
def test_a_bug_tells_nobody_outside_what_happened_and_logs_where(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = post({"query": LATEST}, service(Failing(error)))

    assert response.status == 200
    assert body(response) == {
        "data": None,
        "errors": [
            {
                "message": "Internal error",
                "locations": [{"line": 1, "column": 3}],
                "path": ["jobLogs"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR"},
            }
        ],
    }
    (entry,) = caplog.records
    assert entry.getMessage() == "field failed unexpectedly"
    assert vars(entry)["error"] == type(error).__name__
    assert "in read" in "".join(vars(entry)["frames"])
    assert SECRET not in str(vars(entry))


def test_a_start_that_cannot_be_recorded_is_an_error_of_the_mutation() -> None:
    class NeverStarts(MemoryExecutionLog):
        def start(self, start: Start, now: datetime) -> Execution:  # noqa: ARG002 - as the contract has it
            raise StoreUnavailable("Cannot record a start in job_executions: DynamoDB cannot be reached")

    answer = body(post({"query": TRIGGER}, service(NeverStarts())))

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}


def test_a_function_that_cannot_be_invoked_is_told_in_the_answer_of_the_mutation() -> None:
    class Refusing:
        def invoke(self, function: str, execution: Execution, now: datetime) -> None:  # noqa: ARG002
            raise FunctionNotInvoked(f"Function {function} could not be invoked: AccessDeniedException")

    query = TRIGGER.replace("{ success }", "{ success message jobName executionId }")

    assert body(post({"query": query}, service(invoker=Refusing()))) == {
        "data": {
            "triggerJob": {
                "success": False,
                "message": "Job cleanup_expired_sessions could not be triggered: "
                "Function cleanup_sessions could not be invoked: AccessDeniedException",
                "jobName": "cleanup_expired_sessions",
                "executionId": "43",
            }
        }
    }
