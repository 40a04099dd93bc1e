"""What an event says of a run: the documented schema, the sample, and no secret."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import (
    Backlog,
    Execution,
    Method,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from barycenter_jobs.core.run_events import DETAIL_TYPE, SOURCE, detail_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
SAMPLE = json.loads((ROOT / "events" / "bus_run_finished.json").read_text())
NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
OVER = [status for status in Status if status is not Status.RUNNING]
FAILED = replace(
    Start(
        SESSIONS,
        Trigger(TriggerKind.MANUAL, "arn:aws:iam::123456789012:user/operator", "the table was restored"),
        "event-1",
    ).recorded(42, 2, NOON),
    samples=("1f2e3d",),
).finished(
    Status.ERROR,
    NOON + timedelta(seconds=4.25),
    counts=Counts(1200, 3, 1, 25, 0, 2),
    usage=Usage(12.5, 2410.0, 0.0015078125),
    backlog=Backlog(25, datetime(2026, 2, 14, 11, 2, tzinfo=UTC)),
    error_message="25 rows could not be deleted (ThrottlingException 25)",
)


def documented() -> dict[str, Any]:
    """Return the schema as the page prints it."""
    schemas = [block for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "$schema" in block]
    schema: dict[str, Any] = json.loads(schemas[0])
    return schema


DOCUMENTED = jsonschema_rs.validator_for(documented())


def test_the_sample_is_the_event_of_such_a_run() -> None:
    assert SAMPLE["detail"] == detail_of(FAILED, "job_executions", "https://api.example.org")
    assert (SAMPLE["source"], SAMPLE["detail-type"]) == (SOURCE, DETAIL_TYPE)


executions = st.builds(
    lambda job, kind, by, reason, method, status, seconds, counts, backlog, message, warnings, dry_run: (
        Start(job, Trigger(kind, by, reason), "event-1", dry_run=dry_run, method=method)
        .recorded(1, 1, NOON)
        .finished(
            status,
            NOON + timedelta(seconds=seconds),
            counts=Counts(*counts),
            backlog=backlog,
            error_message=message,
            warnings=tuple(warnings),
        )
    ),
    st.sampled_from(JOBS),
    st.sampled_from(TriggerKind),
    st.none() | st.text(),
    st.none() | st.text(),
    st.sampled_from(Method),
    st.sampled_from(OVER),
    st.floats(-10, 1000),
    st.lists(st.integers(0, 10**9), min_size=7, max_size=7),
    st.none()
    | st.builds(
        Backlog, st.integers(0, 10**9), st.none() | st.datetimes(timezones=st.just(UTC)), st.booleans()
    ),
    st.none() | st.text(min_size=0, max_size=3000),
    st.lists(st.text(max_size=3000), max_size=12),
    st.booleans(),
)


@given(executions)
def test_every_event_is_as_documented(execution: Execution) -> None:
    DOCUMENTED.validate(json.loads(json.dumps(detail_of(execution, "job_executions"))))


@pytest.mark.parametrize("field", documented()["required"])
def test_the_schema_misses_a_field_that_is_not_there(field: str) -> None:
    detail = detail_of(FAILED, "job_executions")
    del detail[field]

    assert not DOCUMENTED.is_valid(detail)


def test_every_field_is_in_the_schema() -> None:
    detail = detail_of(FAILED, "job_executions")

    assert set(detail) == set(documented()["required"]) == set(documented()["properties"])
    for name in ("trigger", "counts", "usage", "backlog", "links"):
        inner = detail[name]
        assert isinstance(inner, dict)
        assert set(inner) == set(documented()["properties"][name]["required"])


def test_an_event_is_small_enough_for_an_api_destination() -> None:
    long = replace(FAILED, error_message="e" * 100_000, warnings=("w" * 100_000,) * 50)

    assert len(json.dumps(detail_of(long, "job_executions"))) < 32_000


def test_a_link_is_a_path_where_nobody_knows_the_apis_address() -> None:
    assert detail_of(FAILED, "job_executions")["links"] == {"execution": "/api/executions/42"}
    assert detail_of(FAILED, "job_executions", "https://a.example/")["links"] == {
        "execution": "https://a.example/api/executions/42"
    }


def test_rows_are_not_named() -> None:
    assert "1f2e3d" not in json.dumps(detail_of(FAILED, "job_executions"))
