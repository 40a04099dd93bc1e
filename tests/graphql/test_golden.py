"""Documents in, answers out: every documented query and ours, each by both ways in.

`golden/NAME.graphql` is asked with `golden/NAME.variables.json`, if there is one, and answered with
`golden/NAME.json`. Barycenter's "Job Management" and "Monitoring Job Executions" document those whose names
are listed here; where these documents show an answer, the golden file has it word for word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from graphql import GraphQLObjectType

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.graphql.schema import schema
from barycenter_jobs.operations.api import Operations
from tests.graphql.service import Json, over_http, service, through_appsync

GOLDEN = Path(__file__).with_name("golden")
NAMES = sorted(path.stem for path in GOLDEN.glob("*.graphql"))
DOCUMENTED = {
    "trigger_job",
    "trigger_unknown_job",
    "available_jobs",
    "job_logs",
    "job_logs_of_sessions",
    "failures",
    "failures_of_sessions",
    "combined_queries",
    "job_logs_of_sessions_limit_20",
    "failures_without_limit",
    "failures_of_refresh_tokens",
    "job_logs_of_challenges",
    "health_check",
    "failure_alert",
    "entity_query",
}

Ask = Callable[[str, Mapping[str, object], Operations], Json]


def document(name: str) -> str:
    return (GOLDEN / f"{name}.graphql").read_text()


def variables(name: str) -> Json:
    path = GOLDEN / f"{name}.variables.json"
    given: Json = json.loads(path.read_text()) if path.exists() else {}
    return given


def golden(name: str) -> Json:
    answer: Json = json.loads((GOLDEN / f"{name}.json").read_text())
    return answer


def test_every_documented_query_is_here() -> None:
    assert set(NAMES) > DOCUMENTED


def test_no_file_lies_among_them_unused() -> None:
    answers = {f"{name}.json" for name in NAMES} | {f"{name}.graphql" for name in NAMES}
    used = {f"{name}.variables.json" for name in NAMES if variables(name)}

    assert {path.name for path in GOLDEN.iterdir()} == answers | used


@pytest.mark.parametrize("name", NAMES)
def test_over_http_it_is_answered_to_the_letter(name: str) -> None:
    assert over_http(document(name), variables(name), service()) == golden(name)


@pytest.mark.parametrize("name", NAMES)
def test_appsync_gets_the_same_data_and_errors(name: str) -> None:
    answer, expected = through_appsync(document(name), variables(name), service()), golden(name)

    assert answer["data"] == expected["data"]
    # AppSync makes its own errors of what a resolver raises: the message and the path are ours.
    assert [(error["message"], error["path"]) for error in answer.get("errors", [])] == [
        (error["message"], error["path"]) for error in expected.get("errors", [])
    ]


@pytest.mark.parametrize("ask", [over_http, through_appsync], ids=["over HTTP", "through AppSync"])
@pytest.mark.parametrize("name", ["job_logs", "failures", "everything_by_default"])
def test_an_empty_log_is_an_empty_list(name: str, ask: Ask) -> None:
    assert ask(document(name), {}, service(MemoryExecutionLog())) == {"data": {"jobLogs": []}}


def test_the_newest_run_comes_first_by_its_start_and_not_by_its_id() -> None:
    runs = golden("every_field")["data"]["jobLogs"]
    ids = [int(run["id"]) for run in runs]

    assert [run["startedAt"] for run in runs] == sorted((run["startedAt"] for run in runs), reverse=True)
    assert ids != sorted(ids, reverse=True)


def test_the_golden_history_shows_every_kind_of_run() -> None:
    runs = golden("every_field")["data"]["jobLogs"]

    assert {run["status"] for run in runs} == {"running", "success", "error", "timeout", "skipped"}
    assert {run["trigger"] for run in runs} == {"schedule", "manual"}
    assert {run["attemptNumber"] for run in runs} == {1, 2}
    assert {run["dryRun"] for run in runs} == {True, False}


def test_every_field_of_a_run_is_asked_for() -> None:
    asked = set(re.findall(r"\w+", document("every_field")))
    types = ("JobLog", "JobCounts", "JobTtl", "JobUsage", "JobBacklog")
    fields: set[str] = set()
    for name in types:
        named = schema().type_map[name]
        assert isinstance(named, GraphQLObjectType)
        fields |= named.fields.keys()

    assert asked == fields | {"jobLogs", "limit", "13"}
