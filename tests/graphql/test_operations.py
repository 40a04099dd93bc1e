"""The operations that we hand out work as they are, by both ways in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from barycenter_jobs.operations.api import Operations
from tests.graphql.service import SCHEMA, Json, over_http, service, through_appsync

FILES = sorted((SCHEMA.parent / "operations").glob("*.graphql"))
VARIABLES = {
    "failures_since": {"since": "2026-02-14T11:00:00Z"},
    "longest_runs": {"jobName": "cleanup_expired_challenges"},
    "run_now": {"jobName": "cleanup_expired_sessions", "reason": "to see"},
    "follow_run": {"id": "40"},
}


@pytest.mark.parametrize("ask", [over_http, through_appsync], ids=["over HTTP", "through AppSync"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_operation_is_answered_with_data(
    path: Path, ask: Callable[[str, Mapping[str, object], Operations], Json]
) -> None:
    answer = ask(path.read_text(), VARIABLES.get(path.stem, {}), service())

    assert "errors" not in answer
    assert all(answer["data"].values())


def test_every_operation_says_in_its_first_line_what_it_is_for() -> None:
    assert FILES
    assert [path for path in FILES if not path.read_text().startswith("# ")] == []
