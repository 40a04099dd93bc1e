"""What goes wrong is told as problem details, and what went wrong inside is told to nobody."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from barycenter_jobs.core.errors import StoreUnavailable
from barycenter_jobs.http_messages import HttpRequest
from barycenter_jobs.operations.read_log import ReadLog
from barycenter_jobs.rest.routes import RestApi
from tests.graphql.service import NOW, service
from tests.rest.asking import Ask, FailingLog, asking, problem

READS = [
    *("/api/executions", "/api/executions/stats", "/api/executions/errors", "/api/executions/clearings"),
    *(
        "/api/executions/42",
        "/metrics",
        "/health",
        "/health/jobs?job_id=cleanup_expired_sessions",
        "/openapi.json",
    ),
]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/executions/", "/api/jobs", "/api/executions/1/x", "/metric"]
)
def test_an_unknown_path_is_not_found(path: str, ask: Ask) -> None:
    assert problem(ask(path), 404, "not-found")["instance"] == path


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/api/executions", "POST", "GET, HEAD"),
        ("/api/executions/42", "DELETE", "GET, HEAD"),
        ("/api/executions/clear", "GET", "POST"),
        ("/api/executions/clear", "HEAD", "POST"),
        ("/api/executions/stats", "OPTIONS", "GET, HEAD"),
        ("/metrics", "PUT", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_are_served(path: str, method: str, allowed: str, ask: Ask) -> None:
    answer = ask(path, method)

    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        problem(answer, 405, "method-not-allowed")


@pytest.mark.parametrize("path", READS)
def test_what_a_client_does_not_take_is_not_acceptable(path: str, ask: Ask) -> None:
    told = problem(ask(path, accept="image/png, text/csv;q=0, application/json;q=x"), 406, "not-acceptable")

    assert told["offered"]


@pytest.mark.parametrize("path", READS)
def test_head_answers_like_get_without_a_body(path: str, ask: Ask) -> None:
    got, head = ask(path), ask(path, "HEAD")

    assert (head.status, head.headers, head.body) == (got.status, got.headers, "")


@pytest.mark.parametrize(
    "path", ["/api/executions", "/api/executions/errors", "/api/executions/1", "/health"]
)
def test_a_log_that_cannot_be_read_is_unavailable_and_may_be_asked_again(path: str) -> None:
    answer = asking(service(FailingLog(StoreUnavailable("Cannot read job_executions: no connection"))))(path)

    told = problem(answer, 503, "log-unavailable")
    assert told["detail"] == "Cannot read job_executions: no connection"
    assert answer.headers["retry-after"] == "5"


def test_a_bug_is_logged_without_its_words_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    answer = asking(service(FailingLog(LookupError("tok_s3cr3t"))))("/api/executions?status=error")

    assert problem(answer, 500, "internal-error")["detail"] == "Internal error"
    (record,) = caplog.records
    assert (record.levelno, record.__dict__["error"]) == (logging.ERROR, "LookupError")
    assert any("_page" in frame for frame in record.__dict__["frames"])
    assert "s3cr3t" not in answer.body + caplog.text + str(record.__dict__)


READER = {"sub": "a-reader", "scope": "openid jobs:read"}
WRITER = {"sub": "a-writer", "scope": "jobs:write"}
STRANGER = {"sub": "a-stranger", "scope": "openid"}


@pytest.mark.parametrize("path", READS)
def test_who_may_look_or_act_may_look_and_nobody_else(
    path: str, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(path, claims=READER).status == ask(path, claims=WRITER).status == 200
    assert caplog.records == []

    told = problem(ask(path, claims=STRANGER), 403, "not-allowed")

    assert told["detail"] == "This needs the scope jobs:read; your token has neither jobs:read nor jobs:write"
    (record,) = caplog.records
    assert record.__dict__["caller"] == "a-stranger"


def test_who_may_only_look_clears_nothing_and_the_attempt_is_logged(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    told = problem(ask("/api/executions/clear", "POST", claims=READER), 403, "not-allowed")

    assert told["detail"] == "This needs the scope jobs:write; your token has jobs:read"
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "refused")
    assert {name: record.__dict__[name] for name in ("method", "path", "caller")} == {
        "method": "POST",
        "path": "/api/executions/clear",
        "caller": "a-reader",
    }
    assert ask("/api/executions/clearings").json["count"] == 0
    assert ask("/api/executions/clear", "POST", claims=WRITER).json["records_cleared"] == 41


def test_a_path_that_no_address_can_have_is_no_bug() -> None:
    answer = RestApi(service(), lambda: NOW).respond(HttpRequest("GET", path="/api/\ud800\0"))

    assert answer.status == 404


def test_what_stopped_reading_is_no_failure_of_a_probe() -> None:
    operations = service()
    ask = asking(replace(operations, read_log=ReadLog(operations.read_log.log, lambda: NOW, most_examined=1)))

    assert ask("/health").status == 200
