"""The entity query by both ways in: what the golden files do not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.conditions import OPERATORS
from barycenter_jobs.core.errors import InvalidInput
from barycenter_jobs.core.execution_fields import FIELDS, FieldType
from barycenter_jobs.core.executions import LEASE, Start, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.statistics import JobStatistics
from barycenter_jobs.graphql import appsync
from barycenter_jobs.graphql.schema import schema
from barycenter_jobs.operations.api import Operations
from tests.graphql.service import NOW, History, Json, over_http, service, through_appsync

Ask = Callable[[str, Mapping[str, object], Operations], Json]
both_ways = pytest.mark.parametrize("ask", [over_http, through_appsync], ids=["over HTTP", "through AppSync"])


def with_a_dead_run() -> MemoryExecutionLog:
    log = MemoryExecutionLog()
    at = NOW - LEASE - timedelta(minutes=1)
    log.start(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "dies"), at)
    return log


@both_ways
@pytest.mark.parametrize(
    "asked",
    [
        'status: { eq: "timeout" }',
        "success: { eq: false }",
        "id: { eq: 1 }",
        'errorMessage: { contains: "no sign of life" }',
        "completedAt: { is_not_null: true }",
    ],
)
def test_a_dead_run_is_the_timeout_that_it_is(ask: Ask, asked: str) -> None:
    document = (
        "{ jobExecution { findMany(filter: { %s }) { nodes { id status success recordsProcessed } } } }"
    )

    answer = ask(document % asked, {}, service(with_a_dead_run()))

    dead = {"id": 1, "status": "timeout", "success": False, "recordsProcessed": 0}
    assert answer == {"data": {"jobExecution": {"findMany": {"nodes": [dead]}}}}


@both_ways
@pytest.mark.parametrize("order", ["startedAt", "durationMs"])
def test_an_empty_log_is_an_empty_page_and_nothing_to_find(ask: Ask, order: str) -> None:
    document = """{ jobExecution {
        findMany(orderBy: { %s: ASC }, pagination: { page: { limit: 5, page: 0 } }) {
            nodes { id } pageInfo { hasNextPage endCursor } paginationInfo { pages current offset total }
        }
        findOne { id }
    } }"""

    answer = ask(document % order, {}, service(MemoryExecutionLog()))

    assert answer["data"]["jobExecution"] == {
        "findMany": {
            "nodes": [],
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "paginationInfo": {"pages": 0, "current": 0, "offset": 0, "total": 0},
        },
        "findOne": None,
    }


class WatchedHistory(History):
    """A log that notes when its counters are read."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[str] = []

    def statistics(self, job_name: str) -> JobStatistics:
        self.counted.append(job_name)
        return super().statistics(job_name)


@both_ways
@pytest.mark.parametrize(
    ("selected", "counts"),
    [
        ("nodes { id }", False),
        ("pageInfo { endCursor } ... on JobExecutionConnection { nodes { id } }", False),
        ("paginationInfo { total }", True),
        ("nodes: paginationInfo { total }", True),
        ("... on JobExecutionConnection { paginationInfo { pages } }", True),
    ],
)
def test_nobody_counts_what_nobody_asks_for(ask: Ask, selected: str, counts: bool) -> None:
    log = WatchedHistory()
    document = "{ jobExecution { findMany(pagination: { cursor: { limit: 1 } }) { %s } } }"

    answer = ask(document % selected, {}, service(log))

    assert "errors" not in answer
    assert bool(log.counted) is counts


@both_ways
def test_following_the_cursors_of_runs_gives_the_whole_history(ask: Ask) -> None:
    operations = service()
    document = "query Page($after: String) { jobLogs(limit: 5, after: $after) { id cursor } }"
    ids: list[str] = []
    after = None

    while page := ask(document, {"after": after}, operations)["data"]["jobLogs"]:
        ids += [run["id"] for run in page]
        after = page[-1]["cursor"]

    assert ids == [run["id"] for run in ask("{ jobLogs { id } }", {}, operations)["data"]["jobLogs"]]
    assert len(ids) == 42


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"id": {"eq": 1}}
    for level in range(levels):
        inner = {("and", "or")[level % 2]: [inner]}
    return inner


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filter": []}, "filter must be an object"),
        ({"filter": {"jobname": {"eq": "x"}}}, "An execution has no field jobname"),
        ({"filter": {"jobName": "x"}}, "jobName must be an object"),
        ({"filter": {"jobName": {"like": "x"}}}, "jobName cannot be filtered by like"),
        ({"filter": {"success": {"between": [False, True]}}}, "success cannot be filtered by between"),
        ({"filter": {"startedAt": {"contains": "2026"}}}, "startedAt cannot be filtered by contains"),
        ({"filter": {"jobName": {"eq": 7}}}, "jobName.eq must be of type String"),
        ({"filter": {"id": {"eq": True}}}, "id.eq must be of type Int"),
        ({"filter": {"id": {"is_in": ["1"]}}}, "id.is_in must be of type Int"),
        ({"filter": {"id": {"is_in": [None]}}}, "id.is_in must be of type Int"),
        ({"filter": {"costUsd": {"gt": "0"}}}, "costUsd.gt must be of type Float"),
        ({"filter": {"dryRun": {"eq": 1}}}, "dryRun.eq must be of type Boolean"),
        ({"filter": {"reason": {"is_null": "true"}}}, "reason.is_null must be of type Boolean"),
        (
            {"filter": {"startedAt": {"is_in": ["2026-02-14", "soon"]}}},
            "startedAt.is_in must be a time in ISO 8601, such as 2026-02-14T12:00:00Z, not 'soon'",
        ),
        ({"filter": {"and": ["x"]}}, "and must be an object"),
        ({"filter": nested(9)}, "A filter may nest and/or 8 levels deep at the most"),
        (
            {"filter": {"or": [{"id": {"gt": number}} for number in range(101)]}},
            "A filter may have 100 conditions at the most",
        ),
        ({"filter": {"id": {"is_in": [1] * 1001}}}, "id.is_in may have 1000 values at the most"),
        ({"orderBy": {"startedAt": "down"}}, "orderBy.startedAt must be ASC or DESC"),
        ({"orderBy": {"started": "ASC"}}, "An execution has no field started"),
        ({"pagination": {"page": {"page": 0}}}, "limit must be of type Int"),
        ({"pagination": {"page": {"limit": 5}}}, "page must be of type Int"),
        ({"pagination": {"cursor": {"limit": 5, "cursor": 7}}}, "cursor must be of type String"),
        ({"pagination": {"leap": {"limit": 5}}}, "There is no pagination by leap"),
        ({"pagination": {"offset": {"limit": 5, "offset": -1}}}, "offset must be 0 or more, not -1"),
        (
            {"pagination": {"page": {"limit": 1000, "page": 2147484}}},
            "page must be 2147483 at the most where limit is 1000, not 2147484",
        ),
    ],
)
def test_arguments_of_an_event_made_by_hand_are_checked_all_the_same(arguments: Json, message: str) -> None:
    info = {"parentTypeName": "JobExecutionQueries", "fieldName": "findMany"}

    with pytest.raises(InvalidInput) as refusal:
        appsync.resolve({"info": info, "arguments": arguments}, service())

    assert str(refusal.value) == message


def test_a_filter_within_the_limits_is_answered() -> None:
    info = {"parentTypeName": "JobExecutionQueries", "fieldName": "findOne"}
    for asked in (nested(8), {"or": [{"id": {"gt": number}} for number in range(100)]}):
        assert appsync.resolve({"info": info, "arguments": {"filter": asked}}, service())


@both_ways
def test_the_last_page_that_can_be_asked_for_is_empty_and_says_where_it_is(ask: Ask) -> None:
    document = """{ jobExecution { findMany(pagination: { page: { limit: 1000, page: 2147483 } }) {
        nodes { id } paginationInfo { current offset total }
    } } }"""

    answer = ask(document, {}, service(MemoryExecutionLog()))

    place = {"current": 2147483, "offset": 2147483000, "total": 0}
    assert answer == {"data": {"jobExecution": {"findMany": {"nodes": [], "paginationInfo": place}}}}


# ---- The schema says what the code does


FILTER_TYPES = {
    FieldType.TEXT: ("String", "StringFilterInput"),
    FieldType.INSTANT: ("String", "TextFilterInput"),
    FieldType.WHOLE: ("Int", "IntegerFilterInput"),
    FieldType.NUMBER: ("Float", "FloatFilterInput"),
    FieldType.TRUTH: ("Boolean", "BooleanFilterInput"),
}


def fields_of(name: str) -> dict[str, str]:
    named = schema().type_map[name]
    assert isinstance(named, GraphQLObjectType | GraphQLInputObjectType)
    return {field: str(each.type) for field, each in named.fields.items()}


def test_every_field_can_be_shown_filtered_and_sorted_in_one_order() -> None:
    shown = {name: kind.removesuffix("!") for name, kind in fields_of("JobExecution").items()}
    filtered, sorted_by = fields_of("JobExecutionFilterInput"), fields_of("JobExecutionOrderInput")

    assert list(shown) == list(sorted_by) == list(FIELDS)
    assert shown == {name: FILTER_TYPES[field.type][0] for name, field in FIELDS.items()}
    assert filtered == {name: FILTER_TYPES[field.type][1] for name, field in FIELDS.items()} | {
        "and": "[JobExecutionFilterInput!]",
        "or": "[JobExecutionFilterInput!]",
    }
    assert set(sorted_by.values()) == {"OrderByEnum"}


@pytest.mark.parametrize("of_type", list(FieldType))
def test_a_filter_has_the_operators_that_its_type_is_compared_by(of_type: FieldType) -> None:
    scalar, name = FILTER_TYPES[of_type]
    operators = fields_of(name)

    assert set(operators) == {operator.value for operator in OPERATORS[of_type]}
    for operator, kind in operators.items():
        if operator in ("is_in", "is_not_in", "between", "not_between"):
            assert kind == f"[{scalar}!]"
        else:
            assert kind == ("Boolean" if operator.endswith("null") else scalar)


def test_a_run_as_an_entity_has_what_it_has_in_the_log() -> None:
    history, entity = fields_of("JobLog"), fields_of("JobExecution")
    # null where TTL does not go first
    ttl = {
        f"ttl{name[0].upper()}{name[1:]}": kind.removesuffix("!")
        for name, kind in fields_of("JobTtl").items()
    }
    flat = {**history, **fields_of("JobCounts"), **fields_of("JobUsage"), **ttl}

    own = {"id", "handlerId", "backlogRemaining", "backlogExact", "oldestExpiredAt"}
    assert {name: kind for name, kind in entity.items() if name not in own} == {
        name: flat[name] for name in entity if name not in own
    }
    nested = {"counts", "usage", "ttl", "backlog", "samples", "warnings", "cursor"}
    assert flat.keys() - entity.keys() == nested


def test_directions_and_pages_are_named_as_in_seaography() -> None:
    directions = schema().type_map["OrderByEnum"]
    assert isinstance(directions, GraphQLEnumType)

    assert list(directions.values) == ["ASC", "DESC"]
    assert fields_of("PaginationInput") == {
        "page": "PageInput",
        "offset": "OffsetInput",
        "cursor": "CursorInput",
    }
    assert fields_of("PageInput") == {"limit": "Int!", "page": "Int!"}
    assert fields_of("OffsetInput") == {"limit": "Int!", "offset": "Int!"}
    assert fields_of("CursorInput") == {"cursor": "String", "limit": "Int!"}
    assert fields_of("PaginationInfo") == dict.fromkeys(("pages", "current", "offset", "total"), "Int")
