"""`/api/executions` and its relatives: the documented shapes, filters that combine, pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.executions import Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from barycenter_jobs.operations.read_log import ReadLog
from tests.graphql.service import ALICE, BY_SCHEDULE, NOON, NOW, service
from tests.rest.asking import Ask, Json, asking, problem

DOCUMENTED = [
    *("job_id", "handler_id", "method_name", "started_at", "completed_at", "duration_ms"),
    *("status", "result", "error", "attempt_number"),
]
ASK = asking()


def records(target: str, ask: Ask = ASK, name: str = "records") -> list[Json]:
    answer = ask(target)
    assert answer.status == 200, answer.body
    assert answer.json["count"] == len(answer.json[name])
    found: list[Json] = answer.json[name]
    return found


def pages(target: str, ask: Ask = ASK, name: str = "records") -> Iterator[list[Json]]:
    """Yield page after page, following each one's link."""
    following: str | None = target
    while following is not None:
        answer = ask(following)
        assert answer.status == 200, answer.body
        yield answer.json[name]
        link = answer.headers.get("link")
        assert (link is None) == (answer.json["next_cursor"] is None)
        assert answer.headers.get("x-next-cursor") == answer.json["next_cursor"]
        following = None if link is None else link.removeprefix("<").removesuffix('>; rel="next"')


def test_a_page_has_the_documented_shape() -> None:
    answer = ASK("/api/executions?limit=2").json

    assert list(answer)[:3] == ["count", "limit", "records"]
    assert (answer["count"], answer["limit"]) == (2, 2)
    assert [list(record)[: len(DOCUMENTED)] for record in answer["records"]] == [DOCUMENTED] * 2


def test_a_record_is_as_documented() -> None:
    (record,) = records("/api/executions?job_id=cleanup_expired_sessions&until=2026-02-14T11:05:00Z")

    assert {name: record[name] for name in DOCUMENTED} == {
        "job_id": "cleanup_expired_sessions",
        "handler_id": "cleanup_sessions",
        "method_name": "run_job",
        "started_at": "2026-02-14T11:00:00.000000Z",
        "completed_at": "2026-02-14T11:00:03.000000Z",
        "duration_ms": 3000,
        "status": "success",
        "result": {
            "success": True,
            "message": "120 expired records deleted",
            "counts": {
                "deleted": 120,
                "became_live": 3,
                "already_gone": 1,
                "failed": 0,
                "uncertain": 4,
                "quarantined": 2,
                "stamped": 0,
            },
            "usage": {"read_units": 16.5, "write_units": 256, "cost_usd": 0.000164},
            "backlog": {"remaining": 17, "oldest_expired_at": None, "exact": False},
        },
        "error": None,
        "attempt_number": 1,
    }


def test_a_failure_tells_its_error_and_what_it_did() -> None:
    record = ASK("/api/executions/35").json

    assert record["error"] == "5 rows could not be deleted (ItemCollectionSizeLimitExceededException 5)"
    assert (record["result"]["success"], record["result"]["message"]) == (False, record["error"])
    assert record["result"]["counts"]["failed"] == 5
    assert (record["trigger"], record["triggered_by"]) == ("manual", ALICE)


def test_a_run_under_way_has_no_result_yet_but_progress() -> None:
    (record,) = records("/api/executions?status=running")

    assert (record["result"], record["completed_at"], record["duration_ms"]) == (None, None, None)
    assert record["progress"]["counts"]["deleted"] == 250


@pytest.mark.parametrize(
    ("path", "name", "usual", "most"),
    [("executions", "records", 100, 1000), ("executions/errors", "errors", 50, 500)],
)
def test_the_limit_has_its_documented_default_and_most(path: str, name: str, usual: int, most: int) -> None:
    log = MemoryExecutionLog()
    for number in range(most + 1):
        execution = log.start(
            Start(SESSIONS, BY_SCHEDULE, f"event {number}"), NOON + timedelta(seconds=number)
        )
        log.finish(execution.finished(Status.ERROR, execution.started_at, error_message="x"))
    ask = asking(service(log))

    assert ask(f"/api/{path}").json["limit"] == len(records(f"/api/{path}", ask, name)) == usual
    assert len(records(f"/api/{path}?limit={most}", ask, name)) == most
    for refused in (0, most + 1, "x", "", "1.5", "-1", "1e2"):
        told = problem(ask(f"/api/{path}?limit={refused}"), 400, "invalid-parameters")
        assert told["errors"] == [
            {"parameter": "limit", "detail": f"limit must be a whole number from 1 to {most}"}
        ]


def test_errors_are_failures_newest_first() -> None:
    answer = ASK("/api/executions/errors?limit=20").json

    assert list(answer)[:3] == ["count", "limit", "errors"]
    assert [(error["id"], error["status"]) for error in answer["errors"]] == [
        (36, "error"),
        (35, "error"),
        (33, "timeout"),
        (31, "error"),
    ]
    assert records("/api/executions/errors?status=success", name="errors") == []
    assert [each["id"] for each in records("/api/executions/errors?status=timeout", name="errors")] == [33]


def test_names_that_no_job_has_or_not_both_of_them_find_nothing() -> None:
    assert records("/api/executions?job_id=dingdong_1") == []
    assert records("/api/executions?job_id=") == []
    assert records("/api/executions?handler_id=" + 5000 * "x") == []
    assert records("/api/executions?job_id=cleanup_expired_sessions&handler_id=cleanup_challenges") == []
    assert len(records("/api/executions?job_id=cleanup_expired_sessions&handler_id=cleanup_sessions")) == 3


EVERYTHING = records("/api/executions?limit=1000")
INSTANTS = sorted({record["started_at"] for record in EVERYTHING})


@given(
    filters=st.fixed_dictionaries(
        {},
        optional={
            "job_id": st.sampled_from([job.name for job in JOBS]),
            "handler_id": st.sampled_from([job.function for job in JOBS]),
            "status": st.sampled_from(["success", "error", "timeout", "skipped", "running", "cancelled"]),
            "method_name": st.sampled_from(["run_job", "reconcile"]),
            "trigger": st.sampled_from(["schedule", "manual"]),
            "dry_run": st.sampled_from(["true", "false"]),
            "since": st.sampled_from(INSTANTS),
            "until": st.sampled_from(INSTANTS),
        },
    ),
    limit=st.integers(1, 50),
    order=st.sampled_from(["asc", "desc"]),
)
@settings(max_examples=60, deadline=None)
def test_filters_combine_and_pages_are_the_whole(filters: dict[str, str], limit: int, order: str) -> None:
    def wanted(record: Json) -> bool:
        equal = {name: value for name, value in filters.items() if name in record and name != "dry_run"}
        return (
            all(record[name] == value for name, value in equal.items())
            and filters.get("dry_run") in (None, str(record["dry_run"]).lower())
            and filters.get("since", "") <= record["started_at"] < filters.get("until", "~")
        )

    found = [*pages(f"/api/executions?{urlencode({**filters, 'limit': limit, 'order': order})}")]

    expected = [record for record in EVERYTHING if wanted(record)]
    assert [record for page in found for record in page] == (expected if order == "desc" else expected[::-1])
    assert all(len(page) <= limit for page in found)


def test_a_range_takes_its_start_in_and_leaves_its_end_out() -> None:
    found = records("/api/executions?since=2026-02-14T11:00:00Z&until=2026-02-14T11:30:00Z&order=asc")

    assert [record["started_at"][11:19] for record in found] == ["11:00:00", "11:10:00", "11:25:00"]


@given(
    at=st.datetimes(NOON.replace(tzinfo=None) - timedelta(hours=5), NOON.replace(tzinfo=None)),
    offset=st.integers(-14 * 60, 14 * 60),
    space=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_times_may_be_of_any_offset_and_are_in_utc_without_one(
    at: datetime, offset: int, *, space: bool
) -> None:
    aware = at.replace(tzinfo=UTC)
    abroad = aware.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    expected = records(f"/api/executions?since={aware:%Y-%m-%dT%H:%M:%S.%fZ}")

    assert records(f"/api/executions?since={at.isoformat()}") == expected
    assert records(f"/api/executions?since={quote(abroad)}") == expected
    # As curl sends it: a plus in an address is a space.
    assert records(f"/api/executions?since={abroad.replace('T', '+') if space else abroad}") == expected


@pytest.mark.parametrize(
    "since", ["yesterday", "", "1771070400", "2026-02-30", "0001-01-01T00:00:00%2B14:00", "%00"]
)
def test_what_is_no_time_is_refused(since: str) -> None:
    told = problem(ASK(f"/api/executions?since={since}&until={since}"), 400, "invalid-parameters")

    assert [error["parameter"] for error in told["errors"]] == ["since", "until"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problem(
        ASK(
            "/api/executions?limit=0&job=x&status=broken&order=asc&order=desc&cursor=abc&format=xml&dry_run=1"
        ),
        400,
        "invalid-parameters",
    )

    assert [error["parameter"] for error in told["errors"]] == [
        *("job", "limit", "status", "dry_run", "order", "cursor", "format")
    ]
    assert told["errors"][0]["detail"] == (
        "'job' is no parameter of this path; it accepts limit, job_id, handler_id, status, method_name, "
        "trigger, dry_run, since, until, order, cursor, format"
    )
    assert told["errors"][4]["detail"] == "order is given 2 times; once is meant"


def test_a_search_that_stopped_says_so_and_goes_on() -> None:
    log = MemoryExecutionLog()
    for number in range(30):
        trigger = Trigger(TriggerKind.MANUAL if number % 10 == 0 else TriggerKind.SCHEDULE)
        started = log.start(Start(SESSIONS, trigger, f"event {number}"), NOON + timedelta(seconds=number))
        log.finish(started.finished(Status.SUCCESS, started.started_at))
    ask = asking(replace(service(log), read_log=ReadLog(log, lambda: NOW, most_examined=12)))

    first = ask("/api/executions?trigger=manual&limit=5").json
    found = [record for page in pages("/api/executions?trigger=manual&limit=5", ask) for record in page]

    assert (first["count"], first["complete"], first["examined"]) == (1, False, 12)
    assert first["next_cursor"] is not None
    assert [record["started_at"][17:19] for record in found] == ["20", "10", "00"]


def test_a_reconciling_scan_is_found_by_its_method() -> None:
    log = MemoryExecutionLog()
    log.start(Start(SESSIONS, BY_SCHEDULE, "event 1"), NOON)
    log.start(Start(SESSIONS, BY_SCHEDULE, "event 2", method=Method.RECONCILE), NOON)

    (record,) = records("/api/executions?method_name=reconcile", asking(service(log)))

    assert (record["method_name"], record["id"]) == ("reconcile", 2)


@pytest.mark.parametrize("execution_id", ["0", "43", "x", "-1", "1.0", "%31%2F", 30 * "9", "%EF%BC%91"])
def test_an_execution_that_is_not_there_is_not_found(execution_id: str) -> None:
    problem(ASK(f"/api/executions/{execution_id}"), 404, "not-found")
