"""Documents that are kept: parsed, measured and validated once."""

from __future__ import annotations

import json

import pytest

from barycenter_jobs.core.callers import Caller, Permission
from barycenter_jobs.graphql import documents
from barycenter_jobs.graphql.documents import KEPT_DOCUMENTS, LONGEST_KEPT, Documents
from barycenter_jobs.graphql.limits import Limits
from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.http_messages import HttpRequest
from tests.graphql.service import Json, service

JOBS = "{ availableJobs { name } }"
SCHEMA = "{ __schema { queryType { name } } }"


def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each time that graphql-core parses or validates."""
    worked: list[str] = []
    for name in ("parse", "exceeded", "validate"):
        work = getattr(documents, name)

        def noted(*given: object, name: str = name, work: object = work, **more: object) -> object:
            worked.append(name)
            assert callable(work)
            return work(*given, **more)

        monkeypatch.setattr(documents, name, noted)
    return worked


def test_the_second_time_nothing_is_parsed_or_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    worked, kept = count(monkeypatch), Documents()

    first = kept.prepared(JOBS)
    once = list(worked)

    assert kept.prepared(JOBS) is first
    assert once == worked == ["parse", "exceeded", "validate"]


@pytest.mark.parametrize("wrong", ["{", "{ nothing }"])
def test_what_is_wrong_with_a_document_is_kept_too(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worked, kept = count(monkeypatch), Documents()

    first = kept.prepared(wrong)
    once = list(worked)

    assert first.document is None
    assert kept.prepared(wrong) is first
    assert worked == once


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Documents()
    for number in range(KEPT_DOCUMENTS + 1):
        kept.prepared(f"{{ a{number}: __typename }}")
    worked = count(monkeypatch)

    kept.prepared(f"{{ a{KEPT_DOCUMENTS}: __typename }}")
    assert worked == []
    kept.prepared("{ a0: __typename }")
    assert worked == ["parse", "exceeded", "validate"]


def test_a_long_text_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    worked, kept = count(monkeypatch), Documents()
    long = JOBS + " " * LONGEST_KEPT

    kept.prepared(long)
    kept.prepared(long)

    assert worked == ["parse", "exceeded", "validate"] * 2


def answered(query: str, variables: Json, caller: Caller) -> Json:
    body = json.dumps({"query": query, "variables": variables})
    request = HttpRequest("POST", {"content-type": "application/json"}, body=body, caller=caller)
    answer: Json = json.loads(respond(request, service()).body)
    return answer


def test_variables_and_callers_are_not_kept() -> None:
    query = "query Kept($n: Int) { jobLogs(limit: $n) { id } }"
    reader = Caller("reader", frozenset({Permission.READ}))
    nobody = Caller("nobody", frozenset())

    assert len(answered(query, {"n": 1}, reader)["data"]["jobLogs"]) == 1
    assert len(answered(query, {"n": 2}, reader)["data"]["jobLogs"]) == 2
    assert answered(query, {"n": 2}, nobody)["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert len(answered(query, {"n": 3}, reader)["data"]["jobLogs"]) == 3


@pytest.mark.parametrize(
    "query", [SCHEMA, '{ __type(name: "JobLog") { name } }', f"query A {SCHEMA} query B {JOBS}"]
)
def test_introspection_can_be_off(query: str) -> None:
    assert Documents().prepared(query).errors == ()

    (error,) = Documents(introspection=False).prepared(query).errors[:1]
    assert error["extensions"] == {"code": "INTROSPECTION_DISABLED"}
    assert "introspection has been disabled" in str(error["message"])


def test_without_introspection_queries_run_and_names_can_be_asked_for() -> None:
    assert Documents(introspection=False).prepared("{ __typename availableJobs { name } }").errors == ()


def test_without_introspection_no_error_suggests_a_name() -> None:
    query = "{ availableJob { name } }"

    assert "Did you mean" in str(Documents().prepared(query).errors)
    assert "Did you mean" not in str(Documents(introspection=False).prepared(query).errors)


def test_a_text_of_too_many_tokens_is_told_the_limit() -> None:
    (error,) = Documents(Limits(tokens=4)).prepared("{ a b c }").errors

    assert error["message"] == "The query has more than 4 tokens; 4 are allowed"
    assert error["extensions"] == {"code": "QUERY_TOO_LONG", "limit": 4}
    assert Documents(Limits(tokens=6)).prepared("{ __typename }").errors == ()


def test_a_text_that_is_nested_too_deeply_to_be_parsed_is_too_deep() -> None:
    (error,) = Documents().prepared("{ a" * 600).errors

    assert error["extensions"] == {"code": "QUERY_TOO_DEEP", "limit": 10}
