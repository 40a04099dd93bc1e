"""`/api/executions/clear` and `/api/executions/clearings`."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from barycenter_jobs.operations.clear_history import ClearHistory
from tests.graphql.service import ALICE, NOW, History, service
from tests.rest.asking import Ask, asking, problem

CLEAR = "/api/executions/clear"


@pytest.mark.parametrize("content_type", [None, "application/json", "application/x-www-form-urlencoded", "x"])
@pytest.mark.parametrize("body", [b"", b" \n"])
def test_everything_is_cleared_as_documented_whatever_the_type_of_no_body(
    content_type: str | None, body: bytes, ask: Ask
) -> None:
    if content_type is None:
        answer = ask(CLEAR, "POST", body)
    else:
        answer = ask(CLEAR, "POST", body, content_type=content_type)

    assert (answer.status, answer.json) == (
        200,
        {"status": "success", "message": "Execution history cleared", "records_cleared": 41},
    )
    assert [record["status"] for record in ask("/api/executions").json["records"]] == ["running"]


@pytest.mark.parametrize(
    "target",
    [
        f"{CLEAR}?handler_id=cleanup_sessions&reason=test+data",
        f"{CLEAR}?job_id=cleanup_expired_sessions&reason=test+data",
    ],
)
def test_one_job_may_be_cleared_and_the_audit_tells_why(target: str, ask: Ask) -> None:
    assert ask(target, "POST").json["records_cleared"] == 3

    assert ask("/api/executions/clearings").json == {
        "count": 1,
        "limit": 100,
        "clearings": [
            {
                "id": 1,
                "cleared_at": "2026-02-14T12:10:00.000000Z",
                "cleared_by": ALICE,
                "reason": "test data",
                "job_id": "cleanup_expired_sessions",
                "handler_id": "cleanup_sessions",
                "records_cleared": 3,
            }
        ],
    }


def test_a_body_may_say_what_to_clear(ask: Ask) -> None:
    body = {"job_id": "cleanup_expired_sessions", "handler_id": None, "reason": "wegen é"}

    answer = ask(CLEAR, "POST", json.dumps(body).encode(), content_type="application/json; charset=utf-8")

    assert answer.json["records_cleared"] == 3
    assert ask("/api/executions/clearings?limit=1").json["clearings"][0]["reason"] == "wegen é"


def test_clearings_come_the_latest_first(ask: Ask) -> None:
    for reason in ("first", "second", "third"):
        ask(f"{CLEAR}?reason={reason}", "POST")

    answer = ask("/api/executions/clearings?limit=2").json

    assert [clearing["reason"] for clearing in answer["clearings"]] == ["third", "second"]


def test_what_there_was_no_time_for_is_not_claimed() -> None:
    log = History()
    ticks = itertools.count()
    clear = ClearHistory(log, log, lambda: NOW + timedelta(seconds=8 * next(ticks)))
    ask = asking(replace(service(log), clear_history=clear))

    answer = ask(CLEAR, "POST")

    assert answer.status == 202
    assert answer.json["status"] == "partial"
    assert "ask again" in answer.json["message"]
    assert 0 < answer.json["records_cleared"] < 41


@pytest.mark.parametrize(
    ("target", "body", "status", "kind"),
    [
        (f"{CLEAR}?job_id=dingdong", b"", 400, "invalid-parameters"),
        (
            f"{CLEAR}?job_id=cleanup_expired_sessions&handler_id=cleanup_challenges",
            b"",
            400,
            "invalid-parameters",
        ),
        (f"{CLEAR}?job=cleanup_expired_sessions", b"", 400, "invalid-parameters"),
        (f"{CLEAR}?reason={501 * 'x'}", b"", 400, "invalid-parameters"),
        (f"{CLEAR}?reason=x", b'{"reason": "y"}', 400, "invalid-parameters"),
        (CLEAR, b'{"job": "x"}', 400, "invalid-parameters"),
        (CLEAR, b'{"reason": "\\ud800"}', 400, "invalid-parameters"),
        (CLEAR, b'{"reason": 1}', 400, "invalid-body"),
        (CLEAR, b"[]", 400, "invalid-body"),
        (CLEAR, b"{", 400, "invalid-body"),
        (CLEAR, b"\xff", 400, "invalid-body"),
        (CLEAR, b"[" * 90_000, 400, "invalid-body"),
        (CLEAR, b'{"reason": "' + 100_000 * b"x" + b'"}', 413, "body-too-large"),
    ],
)
def test_a_doubtful_request_clears_nothing(
    target: str, body: bytes, status: int, kind: str, ask: Ask
) -> None:
    problem(ask(target, "POST", body, content_type="application/json"), status, kind)

    assert len(ask("/api/executions").json["records"]) == 42
    assert ask("/api/executions/clearings").json["count"] == 0


def test_a_body_of_another_type_clears_nothing(ask: Ask) -> None:
    answer = ask(
        CLEAR, "POST", b"job_id=cleanup_expired_sessions", content_type="application/x-www-form-urlencoded"
    )

    problem(answer, 415, "unsupported-media-type")
    assert ask("/api/executions/clearings").json["count"] == 0


def test_a_client_that_takes_no_json_clears_nothing(ask: Ask) -> None:
    problem(ask(CLEAR, "POST", accept="text/csv"), 406, "not-acceptable")

    assert ask("/api/executions/clearings").json["count"] == 0
