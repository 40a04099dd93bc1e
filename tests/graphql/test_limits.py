"""How much one request may ask for."""

from __future__ import annotations

import time

import pytest
from graphql import (
    GraphQLObjectType,
    build_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    parse,
)

from barycenter_jobs.graphql.limits import Limits, exceeded
from barycenter_jobs.graphql.schema import schema

NONE = Limits(depth=-1, introspection_depth=-1, cost=-1, root_fields=-1, aliases=-1, directives=-1)
SEAOGRAPHY = build_schema("""
    input Page { page: Int, limit: Int }
    input Pagination { page: Page }
    type Item { id: ID!, name: String, parts: [Part!]! }
    type Part { id: ID! }
    type Items { nodes: [Item!]!, total: Int! }
    type Query { findMany(pagination: Pagination): Items!, all(limit: Int = 7): [Item!]! }
""")


def every_field(of: GraphQLObjectType) -> str:
    """Select all that a type has, as deep as it goes."""
    fields = []
    for name, field in of.fields.items():
        named = get_named_type(field.type)
        fields.append(name if is_leaf_type(named) else f"{name} {every_field(named)}")
    return f"{{ {' '.join(fields)} }}"


def codes(document: str, limits: Limits | None = None) -> set[str]:
    return {
        (error.extensions or {})["code"] for error in exceeded(schema(), parse(document), limits or Limits())
    }


def cost(document: str) -> int:
    """What a query costs, taken from the message of a limit that nothing passes."""
    messages = [error.message for error in exceeded(SEAOGRAPHY, parse(document), NONE)]
    (told,) = [message for message in messages if "points of cost" in message]
    return int(told.split()[3])


@pytest.mark.parametrize(
    ("document", "points"),
    [
        ("{ __typename }", 1),
        ("{ all(limit: 3) { id name } }", 1 + 3 * (1 + 2)),
        ("{ all { id } }", 1 + 7 * (1 + 1)),
        ("query ($n: Int) { all(limit: $n) { id } }", 1 + 1000 * (1 + 1)),
        ("{ all(limit: 99999999999) { id } }", 1 + 1000 * (1 + 1)),
        ("{ all(limit: -4) { id } }", 1 + 1 * (1 + 1)),
        ("{ all(limit: 2) { parts { id } } }", 1 + 2 * (1 + 1 + 10 * (1 + 1))),
        ("{ findMany(pagination: {page: {limit: 5}}) { total nodes { id } } }", 1 + 1 + 1 + 5 * (1 + 1)),
        ("{ findMany { nodes { id } } }", 1 + 1 + 1000 * (1 + 1)),
        ("query ($p: Pagination) { findMany(pagination: $p) { nodes { id } } }", 2 + 1000 * (1 + 1)),
        ("query ($p: Page) { findMany(pagination: {page: $p}) { nodes { id } } }", 2 + 1000 * (1 + 1)),
        ("{ ...A } fragment A on Query { all(limit: 3) { ...B } } fragment B on Item { id name }", 10),
        ("{ all(limit: 3) { ...B ...B } } fragment B on Item { id }", 1 + 3 * (1 + 1)),
        ("{ findMany(pagination: {page: {limit: 5}}) { ...C } } fragment C on Items { nodes { id } }", 12),
        ("{ unknown(limit: 9) { id } }", 2),
        ("query A { __typename } query B { all(limit: 3) { id } }", 7),
    ],
)
def test_lists_cost_as_many_elements_as_they_may_have(document: str, points: int) -> None:
    assert cost(document) == points


def test_a_thousand_runs_with_every_field_are_allowed() -> None:
    job_log = schema().type_map["JobLog"]
    assert isinstance(job_log, GraphQLObjectType)

    assert codes(f"{{ jobLogs(limit: 1000) {every_field(job_log)} }}") == set()


def test_a_hundred_times_a_thousand_runs_are_not() -> None:
    hundred = " ".join(f"a{number}: jobLogs(limit: 1000) {{ id }}" for number in range(100))

    assert codes(f"{{ {hundred} }}") == {"QUERY_TOO_COMPLEX", "TOO_MANY_ALIASES", "TOO_MANY_ROOT_FIELDS"}


def test_what_graphiql_asks_when_it_starts_is_allowed() -> None:
    assert codes(get_introspection_query()) == set()
    every = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    assert codes(every) == set()


@pytest.mark.parametrize(
    ("document", "limits", "code", "message"),
    [
        (
            "{ jobLogs { counts { deleted } } }",
            Limits(depth=2),
            "QUERY_TOO_DEEP",
            "The query has 3 levels of fields; 2 are allowed",
        ),
        (
            "{ jobLogs { ...A } } fragment A on JobLog { counts { deleted } }",
            Limits(depth=2),
            "QUERY_TOO_DEEP",
            "The query has 3 levels of fields; 2 are allowed",
        ),
        (
            "{ __schema { types { fields { name } } } }",
            Limits(introspection_depth=3),
            "QUERY_TOO_DEEP",
            "The query has 4 levels of introspection; 3 are allowed",
        ),
        (
            "{ jobLogs(limit: 50) { id } }",
            Limits(cost=100),
            "QUERY_TOO_COMPLEX",
            "The query has 101 points of cost; 100 are allowed",
        ),
        (
            "{ a: __typename ...A } fragment A on Query { b: __typename }",
            Limits(aliases=1),
            "TOO_MANY_ALIASES",
            "The query has 2 aliases; 1 are allowed",
        ),
        (
            "{ __typename ...A ...A ... { jobLogs { id } } } fragment A on Query { availableJobs { name } }",
            Limits(root_fields=2),
            "TOO_MANY_ROOT_FIELDS",
            "The query has 3 root fields; 2 are allowed",
        ),
        (
            "{ availableJobs { name @skip(if: false) @include(if: true) } }",
            Limits(directives=1),
            "TOO_MANY_DIRECTIVES",
            "The query has 2 directives; 1 are allowed",
        ),
    ],
)
def test_the_error_says_what_is_allowed_and_what_was_asked_for(
    document: str, limits: Limits, code: str, message: str
) -> None:
    (error,) = exceeded(schema(), parse(document), limits)

    assert error.message == message
    assert (error.extensions or {})["code"] == code
    roomy = {name: getattr(limits, name) + 100_000 for name in Limits.__slots__}
    assert exceeded(schema(), parse(document), Limits(**roomy)) == []


def test_fragments_within_themselves_are_nothing_to_measure() -> None:
    cycle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A jobLogs(limit: 1) { id } }"

    assert codes(cycle) == set()
    assert codes("{ ...A } fragment A on Query { ...A }") == set()
    assert codes("{ ...Nowhere }") == set()


def bomb(fragments: int) -> str:
    """Fragments that each hold the next one twice, under two names: 2 to the power of their number fields."""
    doubled = "".join(
        f" fragment F{n} on __Type {{ a: ofType {{ ...F{n + 1} }} b: ofType {{ ...F{n + 1} }} }}"
        for n in range(fragments)
    )
    return f'{{ __type(name: "JobLog") {{ ...F0 }} }}{doubled} fragment F{fragments} on __Type {{ name }}'


def test_a_fragment_bomb_is_measured_in_no_time() -> None:
    document = parse(bomb(40))
    started = time.perf_counter()

    errors = exceeded(schema(), document, Limits(aliases=1000, introspection_depth=1000))

    assert time.perf_counter() - started < 1
    assert [error.message for error in errors] == [
        "The query has more than 1000000000000 points of cost; 150000 are allowed"
    ]


def test_fragments_that_lead_deeper_and_deeper_are_too_deep() -> None:
    chain = "".join(f" fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(300))

    (error,) = exceeded(
        schema(), parse(f"{{ ...F0 }}{chain} fragment F300 on Query {{ __typename }}"), Limits()
    )

    assert error.message == "The query has more than 100 levels of fields; 10 are allowed"
