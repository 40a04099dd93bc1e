"""A search is the same one by REST and by GraphQL: the same pages, which together are the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.executions import Method, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.operations.find_executions import FindExecutions
from barycenter_jobs.operations.read_log import ReadLog
from tests.graphql.entity_queries import START, naive
from tests.graphql.service import service
from tests.rest.asking import Ask, Json, asking

NOW = START + timedelta(minutes=10)
TIMES = tuple(f"2026-02-14T12:00:0{second}Z" for second in range(7))
FIND_MANY = """
query ($filter: JobExecutionFilterInput, $order: JobExecutionOrderInput, $limit: Int!, $cursor: String) {
  jobExecution {
    findMany(filter: $filter, orderBy: $order, pagination: {cursor: {limit: $limit, cursor: $cursor}}) {
      nodes { id }
      pageInfo { hasNextPage endCursor }
      examined
    }
  }
}
"""

# What parameters of REST mean in the entity query: the log has keys for some, the others are examined.
KEYED = {
    "job_id": ("jobName", "eq", st.sampled_from([job.name for job in JOBS])),
    "status": ("status", "eq", st.sampled_from([each.value for each in Status])),
    "since": ("startedAt", "gte", st.sampled_from(TIMES[:4])),
    "until": ("startedAt", "lt", st.sampled_from(TIMES[3:])),
}
EXAMINED = {
    "method_name": ("methodName", "eq", st.sampled_from([each.value for each in Method])),
    "trigger": ("trigger", "eq", st.sampled_from([each.value for each in TriggerKind])),
    "dry_run": ("dryRun", "eq", st.sampled_from(["true", "false"])),
}
MEANINGS = KEYED | EXAMINED


@st.composite
def questions(draw: st.DrawFn) -> dict[str, str]:
    """Up to two parameters that are keys, and up to two that are not."""
    keyed = draw(st.lists(st.sampled_from(sorted(KEYED)), max_size=2, unique=True))
    examined = draw(st.lists(st.sampled_from(sorted(EXAMINED)), max_size=2, unique=True))
    return {name: draw(MEANINGS[name][2]) for name in keyed + examined}


@st.composite
def histories(draw: st.DrawFn) -> MemoryExecutionLog:
    """Runs of which many started together; some of those without an end are dead, the others alive."""
    log = MemoryExecutionLog()
    for number in range(draw(st.integers(3, 24))):
        manual, dry_run, ends, lives = (draw(st.booleans()) for _ in range(4))
        start = Start(
            draw(st.sampled_from(JOBS)),
            Trigger(TriggerKind.MANUAL if manual else TriggerKind.SCHEDULE),
            f"event-{number}",
            dry_run,
            draw(st.sampled_from(Method)),
        )
        started = start.recorded(1, 1, START + timedelta(seconds=draw(st.integers(0, 6))))
        status = draw(st.sampled_from([each for each in Status if each is not Status.RUNNING]))
        if ends:
            log.supplement(started.finished(status, started.started_at))
        else:
            log.supplement(replace(started, lease_until=NOW + timedelta(days=1)) if lives else started)
    return log


class Page(NamedTuple):
    """The ids on a page, the cursor of the next one, and how many executions were examined for it."""

    ids: list[int]
    following: str | None
    examined: int


def meant(asked: dict[str, str], *, only_failures: bool) -> Json:
    """What is asked of REST as a filter of the entity query."""
    conditions: list[Json] = []
    for name, value in asked.items():
        field, operator, _ = MEANINGS[name]
        conditions.append({field: {operator: value == "true" if name == "dry_run" else value}})
    if only_failures:
        conditions.append({"status": {"is_in": ["error", "timeout"]}})
    return {"and": conditions}


def by_rest(ask: Ask, path: str, asked: dict[str, str]) -> Iterator[Page]:
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = ask(f"{path}?{urlencode({**asked, **cursor})}").json
        rows, following = answer["errors" if "errors" in answer else "records"], answer["next_cursor"]
        assert answer["complete"] == (following is None or len(rows) == answer["limit"])
        yield Page([each["id"] for each in rows], following, answer["examined"])
        if following is None:
            return
        cursor = {"cursor": following}
    raise AssertionError("the pages never end")


def by_graphql(ask: Ask, variables: Json) -> Iterator[Page]:
    cursor: str | None = None
    for _ in range(100):
        body = {"query": FIND_MANY, "variables": {**variables, "cursor": cursor}}
        answer = ask(
            "/admin/graphql", "POST", json.dumps(body).encode(), content_type="application/json"
        ).json
        found = answer["data"]["jobExecution"]["findMany"]
        info = found["pageInfo"]
        cursor = info["endCursor"] if info["hasNextPage"] else None
        yield Page([each["id"] for each in found["nodes"]], cursor, found["examined"])
        if not info["hasNextPage"]:
            return
    raise AssertionError("the pages never end")


@settings(deadline=None, max_examples=150)
@given(
    log=histories(),
    asked=questions(),
    only_failures=st.booleans(),
    newest_first=st.booleans(),
    limit=st.integers(1, 8),
    most_examined=st.integers(1, 9) | st.just(10_000),
)
def test_rest_and_graphql_give_the_same_pages_and_each_execution_exactly_once(
    *,
    log: MemoryExecutionLog,
    asked: dict[str, str],
    only_failures: bool,
    newest_first: bool,
    limit: int,
    most_examined: int,
) -> None:
    read_log = ReadLog(log, lambda: NOW, most_examined)
    ask = asking(replace(service(log), read_log=read_log, find_executions=FindExecutions(read_log)))
    order = {"startedAt": "DESC" if newest_first else "ASC"}
    path = "/api/executions/errors" if only_failures else "/api/executions"
    where = meant(asked, only_failures=only_failures)

    rest = [*by_rest(ask, path, {**asked, "limit": str(limit), "order": order["startedAt"].lower()})]
    graphql = [*by_graphql(ask, {"filter": where, "order": order, "limit": limit})]

    expected = naive(log, NOW, where, order)
    assert [each for page in rest for each in page.ids] == expected
    assert [each for page in graphql for each in page.ids] == expected
    assert rest == graphql
    for page in rest:
        assert len(page.ids) <= limit
        assert page.examined <= most_examined
    if most_examined == 10_000:  # no full page had to leave it open whether another follows
        assert len(rest) == max(1, -(-len(expected) // limit))
