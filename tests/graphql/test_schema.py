"""The schema: what the documentation promises of it, and that AppSync and our own server read it alike."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    build_schema,
    get_introspection_query,
    is_specified_scalar_type,
    print_schema,
)

from barycenter_jobs.graphql.resolvers import RESOLVERS
from barycenter_jobs.graphql.schema import schema
from tests.graphql.service import SCHEMA, Json, post

TYPE = """
{ __type(name: "%s") {
  fields { name type { ...T } args { name defaultValue type { ...T } } }
} }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
"""


FIGURES = {
    "total": "Int!",
    "successCount": "Int!",
    "errorCount": "Int!",
    "successRate": "Float!",
    "averageDurationMs": "Float!",
    "p50": "Float",
    "p95": "Float",
    "p99": "Float",
    "recordsProcessed": "Float!",
}


def shown(of: Json) -> str:
    """A type of the introspection, as the schema language writes it."""
    match of["kind"]:
        case "NON_NULL":
            return f"{shown(of['ofType'])}!"
        case "LIST":
            return f"[{shown(of['ofType'])}]"
    return str(of["name"])


def introspected(type_name: str) -> Json:
    """The fields of a type by name, as any GraphQL tool sees them."""
    answer = json.loads(post({"query": TYPE % type_name}).body)
    return {field["name"]: field for field in answer["data"]["__type"]["fields"]}


@pytest.mark.parametrize(
    ("type_name", "fields"),
    [
        (
            "JobLog",
            {
                "id": "ID!",
                "jobName": "String!",
                "methodName": "String!",
                "startedAt": "String!",
                "completedAt": "String",
                "success": "Boolean",
                "errorMessage": "String",
                "recordsProcessed": "Int",
                "status": "String!",
                "trigger": "String!",
                "triggeredBy": "String",
                "reason": "String",
                "cancelledBy": "String",
                "attemptNumber": "Int!",
                "durationMs": "Int",
                "counts": "JobCounts!",
                "ttl": "JobTtl",
                "dryRun": "Boolean!",
                "usage": "JobUsage!",
                "backlog": "JobBacklog",
                "samples": "[String!]!",
                "warnings": "[String!]!",
                "cursor": "String!",
            },
        ),
        ("JobUsage", {"readUnits": "Float!", "writeUnits": "Float!", "costUsd": "Float!"}),
        ("JobBacklog", {"remaining": "Int!", "oldestExpiredAt": "String", "exact": "Boolean!"}),
        (
            "JobCounts",
            {
                "deleted": "Int!",
                "becameLive": "Int!",
                "alreadyGone": "Int!",
                "failed": "Int!",
                "uncertain": "Int!",
                "quarantined": "Int!",
                "stamped": "Int!",
            },
        ),
        (
            "JobTtl",
            {
                "rows": "Int!",
                "sizeBytes": "Float!",
                "latenessP50Seconds": "Int",
                "latenessP95Seconds": "Int",
                "latenessMaxSeconds": "Int",
                "writeUnitsSaved": "Int!",
                "undated": "Int!",
                "unreadable": "Int!",
                "patienceSeconds": "Int!",
                "behindSeconds": "Int!",
            },
        ),
        ("JobInfo", {"name": "String!", "description": "String!", "schedule": "String!"}),
        (
            "JobTriggerResult",
            {"success": "Boolean!", "message": "String!", "jobName": "String!", "executionId": "ID"},
        ),
        ("QuarantinedRow", {"name": "String!", "attribute": "String!", "value": "String!"}),
        (
            "Query",
            {
                "availableJobs": "[JobInfo!]!",
                "jobLogs": "[JobLog!]!",
                "jobLog": "JobLog",
                "jobHealth": "[JobHealth!]!",
                "jobStats": "JobStats!",
                "quarantine": "[QuarantinedRow!]!",
                "backlog": "[KindBacklog!]!",
                "jobExecution": "JobExecutionQueries!",
            },
        ),
        (
            "Mutation",
            {
                "triggerJob": "JobTriggerResult!",
                "pauseJob": "JobControlResult!",
                "resumeJob": "JobControlResult!",
                "cancelRun": "JobCancelResult!",
                "clearHistory": "ClearResult!",
            },
        ),
        (
            "JobStats",
            {
                **FIGURES,
                "byJob": "[JobFigures!]!",
                "lifetime": "JobFigures!",
                "recordsKept": "Int!",
                "bufferUtilization": "Float",
            },
        ),
        ("JobFigures", {"jobName": "String", **FIGURES}),
        ("ClearResult", {"success": "Boolean!", "message": "String!", "recordsCleared": "Int!"}),
        (
            "JobHealth",
            {
                "jobName": "String!",
                "state": "String!",
                "nextDueAt": "String",
                "lateSince": "String",
                "lateSeconds": "Int",
                "consecutiveFailures": "Int!",
                "paused": "JobPause",
                "running": "JobLog",
                "lastRun": "JobLog",
                "lastSuccess": "JobLog",
            },
        ),
        ("JobPause", {"by": "String", "at": "String!", "reason": "String"}),
        (
            "JobControlResult",
            {"success": "Boolean!", "message": "String!", "jobName": "String!", "paused": "JobPause"},
        ),
        (
            "JobCancelResult",
            {"success": "Boolean!", "message": "String!", "executionId": "ID!", "jobName": "String"},
        ),
    ],
)
def test_fields_have_their_documented_names_and_types(type_name: str, fields: dict[str, str]) -> None:
    assert {name: shown(field["type"]) for name, field in introspected(type_name).items()} == fields


@pytest.mark.parametrize(
    ("type_name", "field", "arguments"),
    [
        ("Query", "availableJobs", []),
        (
            "Query",
            "jobLogs",
            [
                ("jobName", "String", None),
                ("limit", "Int", "100"),
                ("onlyFailures", "Boolean", "false"),
                ("status", "String", None),
                ("since", "String", None),
                ("until", "String", None),
                ("after", "String", None),
            ],
        ),
        ("Query", "backlog", [("jobName", "String", None)]),
        ("Query", "quarantine", [("jobName", "String!", None), ("limit", "Int", "100")]),
        ("Query", "jobLog", [("id", "ID!", None)]),
        ("Query", "jobHealth", [("jobName", "String", None)]),
        (
            "Mutation",
            "triggerJob",
            [("jobName", "String!", None), ("dryRun", "Boolean", "false"), ("reason", "String", None)],
        ),
        ("Mutation", "pauseJob", [("jobName", "String!", None), ("reason", "String", None)]),
        ("Mutation", "resumeJob", [("jobName", "String!", None), ("reason", "String", None)]),
        ("Mutation", "cancelRun", [("id", "ID!", None), ("reason", "String", None)]),
    ],
)
def test_arguments_have_their_documented_names_types_and_defaults(
    type_name: str, field: str, arguments: list[tuple[str, str, str | None]]
) -> None:
    args = introspected(type_name)[field]["args"]

    assert [(arg["name"], shown(arg["type"]), arg["defaultValue"]) for arg in args] == arguments


def test_every_root_field_and_every_query_of_an_entity_is_resolved_and_nothing_else() -> None:
    roots = [root for root in (schema().query_type, schema().mutation_type) if root is not None]
    entity = schema().type_map["JobExecutionQueries"]
    assert isinstance(entity, GraphQLObjectType)

    assert set(RESOLVERS) == {(root.name, field) for root in [*roots, entity] for field in root.fields}
    assert schema().subscription_type is None


class Commented(NamedTuple):
    """A definition of the file, and the comment right above it, as AppSync reads it."""

    name: str
    description: str | None


def commented() -> list[Commented]:
    """What the lines of the file say, read without any parser of GraphQL."""
    found: list[Commented] = []
    comment: list[str] = []
    type_name = ""
    for line in SCHEMA.read_text().splitlines():
        words = line.strip()
        if words.startswith("#"):
            comment.append(words.lstrip("# "))
            continue
        if match := re.match(r"(?:type|input|enum) (\w+) \{", line):
            type_name = match[1]
            found.append(Commented(type_name, " ".join(comment) or None))
        elif match := re.match(r"  (\w+)[(:]", line):
            found.append(Commented(f"{type_name}.{match[1]}", " ".join(comment) or None))
        comment = []
    return found


def described(named: GraphQLNamedType) -> list[Commented]:
    if isinstance(named, GraphQLEnumType):
        return [Commented(named.name, named.description)]
    assert isinstance(named, GraphQLObjectType | GraphQLInputObjectType)
    fields = [Commented(f"{named.name}.{name}", field.description) for name, field in named.fields.items()]
    return [Commented(named.name, named.description), *fields]


def test_the_comment_above_a_definition_is_its_description() -> None:
    own = [
        named
        for name, named in schema().type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(named)
    ]

    assert sorted(one for named in own for one in described(named)) == sorted(commented())
    assert all(one.description for one in commented() if "." not in one.name)


def test_a_comment_of_two_lines_is_one_description() -> None:
    description = dict(described(schema().type_map["Query"]))["Query.jobLogs"]

    assert description is not None
    assert description.startswith("The history of runs, the most recently started first. jobName keeps")


def test_appsync_finds_no_description_that_it_would_refuse() -> None:
    definitions = [line for line in SCHEMA.read_text().splitlines() if not line.strip().startswith("#")]

    assert '"' not in "".join(definitions)


def test_our_server_serves_what_the_file_defines() -> None:
    served = re.sub(r'^ *""".*?"""$', "", print_schema(schema()), flags=re.MULTILINE | re.DOTALL)

    assert served.split() == print_schema(build_schema(SCHEMA.read_text())).split()


def test_tools_may_ask_for_the_whole_schema() -> None:
    answer = json.loads(post({"query": get_introspection_query()}).body)

    assert "errors" not in answer
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
    assert answer["data"]["__schema"]["mutationType"]["name"] == "Mutation"
