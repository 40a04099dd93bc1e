"""The GraphQL over HTTP specification, a test for each statement about servers, after graphql-http's audits.

https://graphql.github.io/graphql-over-http/draft/, https://github.com/graphql/graphql-http. The audits' ids
stand in brackets. Where editions differ, docs/decisions/0013-graphql-over-http.md says which one is followed.
"""

from __future__ import annotations

import json

import pytest

from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from tests.graphql.service import Json, service

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EITHER = pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
TYPENAME = "{ __typename }"
TYPE = "query Type($name: String!) { __type(name: $name) { name } }"
NO_OBJECT = pytest.mark.parametrize("invalid", ["string", 0, False, ["array"]])
NO_STRING = pytest.mark.parametrize("invalid", [{"obj": "ect"}, 0, False, ["array"]])


def post(
    body: object, accept: str | None = GRAPHQL_RESPONSE, content_type: str | None = JSON
) -> HttpResponse:
    given = {"accept": accept, "content-type": content_type}
    headers = {name: value for name, value in given.items() if value is not None}
    text = body if isinstance(body, str) else json.dumps(body)
    return respond(HttpRequest("POST", headers, body=text), service())


def get(accept: str | None = GRAPHQL_RESPONSE, **parameters: str) -> HttpResponse:
    headers = {} if accept is None else {"accept": accept}
    return respond(HttpRequest("GET", headers, {name: [parameters[name]] for name in parameters}), service())


def result(response: HttpResponse) -> Json:
    body: Json = json.loads(response.body)
    return body


def media_type(response: HttpResponse) -> str:
    return response.headers["content-type"].partition(";")[0]


# ---- Media types


@EITHER
def test_must_accept_a_media_type_and_match_the_content_type(accept: str) -> None:  # [22EB] [4655]
    response = post({"query": TYPENAME}, accept)

    assert (response.status, media_type(response)) == (200, accept)


def test_should_accept_anything_and_use_application_json() -> None:  # [47DE]
    assert media_type(post({"query": TYPENAME}, "*/*")) == JSON


def test_should_assume_application_json_when_accept_is_missing() -> None:  # [80D8]
    assert media_type(get(None, query=TYPENAME)) == JSON


@EITHER
def test_should_indicate_the_encoding_of_the_response(accept: str) -> None:  # [82A3]
    assert post({"query": TYPENAME}, accept).headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8"])  # [78D5] [BF61] [03D4]
def test_must_accept_a_request_in_utf_8_and_assume_it(content_type: str) -> None:
    text = json.dumps({"query": 'query { __type(name: "Größe") { name } }'}, ensure_ascii=False)

    assert result(post(text, content_type=content_type)) == {"data": {"__type": None}}


def test_must_respond_in_the_highest_priority_media_type_of_accept() -> None:
    assert media_type(post({"query": TYPENAME}, f"{JSON};q=0.9, {GRAPHQL_RESPONSE}")) == GRAPHQL_RESPONSE
    assert media_type(post({"query": TYPENAME}, f"{GRAPHQL_RESPONSE};q=0.9, {JSON}")) == JSON
    assert media_type(post({"query": TYPENAME}, f"{GRAPHQL_RESPONSE}, {JSON};q=0.9")) == GRAPHQL_RESPONSE


@pytest.mark.parametrize("accept", ["text/html", "application/xml, image/*", f"{JSON};q=0"])
def test_should_respond_406_when_no_supported_media_type_is_accepted(accept: str) -> None:
    assert post({"query": TYPENAME}, accept).status == 406


# ---- Requests


def test_must_accept_post_requests() -> None:  # [2C94]
    assert result(post({"query": TYPENAME})) == {"data": {"__typename": "Query"}}


def test_may_accept_urlencoded_get_requests() -> None:  # [5A70]
    assert result(get(query=TYPENAME)) == {"data": {"__typename": "Query"}}


@EITHER
def test_must_not_execute_mutations_on_get_and_respond_405_with_allow(accept: str) -> None:  # [9C48]
    response = get(accept, query="mutation { __typename }")

    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert "data" not in result(response)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_should_respond_405_with_allow_to_an_unsupported_method(method: str) -> None:
    response = respond(HttpRequest(method, {"content-type": JSON}, body='{"query": "{ a }"}'), service())

    assert (response.status, response.headers["allow"]) == (405, "GET, POST")


def test_should_respond_4xx_if_content_type_is_not_supplied_on_post() -> None:  # [9ABE]
    assert post({"query": TYPENAME}, content_type=None).status == 415


def test_should_respond_415_to_an_unsupported_content_type() -> None:
    assert post(f"query={TYPENAME}", content_type="application/x-www-form-urlencoded").status == 415


@EITHER
def test_must_require_a_request_body_on_post(accept: str) -> None:  # [7267]
    assert post("", accept).status == 400


def test_should_respond_413_to_too_large_a_body_and_414_to_too_large_an_address() -> None:
    large = f"{TYPENAME} #{'x' * 100_000}"

    assert post({"query": large}).status == 413
    assert get(query=large).status == 414


# ---- Parameters


@EITHER
def test_should_respond_400_to_a_missing_query(accept: str) -> None:  # [6610] [423L]
    assert post({"notquery": TYPENAME}, accept).status == 400
    assert get(accept, notquery=TYPENAME).status == 400


@EITHER
@NO_STRING
def test_should_respond_400_to_a_query_that_is_no_string(
    accept: str, invalid: object
) -> None:  # [4F5x] [LKJx]
    response = post({"query": invalid}, accept)

    assert response.status == 400
    assert set(result(response)) == {"errors"}


@EITHER
@NO_STRING
def test_should_respond_400_to_an_operation_name_that_is_no_string(  # [E3Ex] [6C0x]
    accept: str, invalid: object
) -> None:
    assert post({"query": TYPENAME, "operationName": invalid}, accept).status == 400


@EITHER
@NO_OBJECT
@pytest.mark.parametrize("parameter", ["variables", "extensions"])
def test_should_respond_400_to_a_map_that_is_none(  # [69Bx] [904x]
    accept: str, invalid: object, parameter: str
) -> None:
    assert post({"query": TYPENAME, parameter: invalid}, accept).status == 400
    assert get(accept, query=TYPENAME, **{parameter: json.dumps(invalid)}).status == 400


@EITHER
def test_must_allow_a_string_as_query_and_operation_name(accept: str) -> None:  # [34A2] [13EE] [8161] [B8B3]
    response = post({"query": f"query Query {TYPENAME}", "operationName": "Query"}, accept)

    assert (response.status, result(response)) == (200, {"data": {"__typename": "Query"}})


@EITHER
def test_must_allow_a_map_as_variables_and_extensions(accept: str) -> None:  # [2EA1] [28B9] [428F] [1B7A]
    body = {"query": TYPE, "variables": {"name": "JobLog"}, "extensions": {"some": "value"}}

    assert result(post(body, accept)) == {"data": {"__type": {"name": "JobLog"}}}


@EITHER
def test_may_allow_urlencoded_json_as_variables_and_extensions(accept: str) -> None:  # [D6D5] [6A70]
    response = get(accept, query=TYPE, variables='{"name": "JobLog"}', extensions='{"some": "value"}')

    assert result(response) == {"data": {"__type": {"name": "JobLog"}}}


@EITHER
@pytest.mark.parametrize("parameter", ["variables", "operationName", "extensions"])
def test_null_and_on_get_the_empty_string_are_as_good_as_no_parameter(  # [94Bx] [022x]
    accept: str, parameter: str
) -> None:
    expected = {"data": {"__typename": "Query"}}

    assert result(post({"query": TYPENAME, parameter: None}, accept)) == expected
    assert result(get(accept, query=TYPENAME, **{parameter: ""})) == expected


def test_on_get_null_is_the_name_of_an_operation() -> None:
    two = "query null { __typename } query other { one: __typename }"

    assert result(get(query=two, operationName="null")) == {"data": {"__typename": "Query"}}


def test_must_ignore_properties_that_it_does_not_understand() -> None:
    assert post({"query": TYPENAME, "id": 7, "operation": "x", "batch": [1]}).status == 200
    assert get(query=TYPENAME, id="7").status == 200


# ---- How far a request got, and what status says so


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},  # [572B] [865D] [556A]
        {"query": ""},
        {"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"},  # [FDE2] [51FE] [74FF]
        {"query": "{ nothing }"},
        {"query": "query A { __typename } query B { __typename }"},
        {"query": TYPENAME, "operationName": "Nothing"},
        {"query": TYPE, "variables": {"name": None}},
        {"query": TYPE, "variables": {"name": 7}},
    ],
    ids=lambda body: body["query"] or "empty",
)
def test_a_well_formed_request_that_fails_is_400_or_as_application_json_200(body: Json) -> None:
    plain, specific = post(body, JSON), post(body, GRAPHQL_RESPONSE)

    assert (plain.status, specific.status) == (200, 400)
    assert set(result(plain)) == set(result(specific)) == {"errors"}  # [D586] [5E5B] [34D6]


@EITHER
@pytest.mark.parametrize("text", ['{ "not a JSON', "NONSENSE", '{"query":', "\ufeff{}"])
def test_should_respond_400_to_a_json_parsing_failure(accept: str, text: str) -> None:  # [60AA] [2163]
    response = post(text, accept)

    assert response.status == 400
    assert set(result(response)) == {"errors"}


@EITHER
@pytest.mark.parametrize("body", [{"qeury": TYPENAME}, {"query": TYPE, "variables": [7]}])
def test_should_respond_400_to_invalid_parameters(accept: str, body: Json) -> None:  # [3E36] [17C5]
    assert post(body, accept).status == 400


@EITHER
def test_must_respond_2xx_if_data_is_not_null(accept: str) -> None:  # [EE52]
    response = post({"query": '{ jobLog(id: "1") { id } other: jobLog(id: "x") { id } }'}, accept)

    assert response.status == 200
    assert result(response)["data"] == {"jobLog": {"id": "1"}, "other": None}


@EITHER
def test_should_respond_200_to_errors_of_fields(accept: str) -> None:
    response = post({"query": "{ jobLogs(limit: 0) { id } }"}, accept)

    assert response.status == 200
    assert result(response)["data"] is None
    assert result(response)["errors"]


@EITHER
def test_should_apply_validation_rules_of_its_own_as_of_the_specification(accept: str) -> None:
    fields = " ".join(f"a{number}: __typename" for number in range(31))
    response = post({"query": f"{{ {fields} }}"}, accept)

    assert response.status == (200 if accept == JSON else 400)
    assert set(result(response)) == {"errors"}
