"""The two functions as their environment puts them together: TTL removes, and a run tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.bootstrap import cleanups, removals
from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.core.executions import Execution, Start, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.tasks import Run
from barycenter_jobs.settings.cleanups import CleanupSettings
from barycenter_jobs.settings.removals import RemovalSettings
from console.local_stack.credentials import Credentials
from console.local_stack.tables import connect, put_rows
from console.local_stack.template import Table
from console.local_stack.ttl_player import remove_expired
from tests.engine import client, create_table

TABLES = {f"{job.name.upper()}_TABLE": job.kind.name for job in JOBS}
HOUR = 3600


@dataclass(frozen=True)
class Made:
    """A table of sessions and one of executions, and what a function's environment says of them."""

    engine: str
    sessions: str
    environment: dict[str, str]

    def rows(self) -> set[str]:
        found = client(self.engine).scan(TableName=self.sessions)["Items"]
        return {row["session_id"]["S"] for row in found}


@pytest.fixture
def made(engine: str, new_name: Callable[[str], str]) -> Iterator[Made]:
    sessions, executions = new_name("sessions"), new_name("job_executions")
    create_table(client(engine), "sessions", sessions)
    create_table(client(engine), "job_executions", executions)
    yield Made(
        engine,
        sessions,
        {
            **TABLES,
            "CLEANUP_EXPIRED_SESSIONS_TABLE": sessions,
            "EXPIRING_TABLE": sessions,
            "JOB_EXECUTIONS_TABLE": executions,
            "DYNAMODB_ENDPOINT_URL": engine,
            "CLEANUP_MODE": "ttl-first",
            "TTL_PATIENCE_SECONDS": str(2 * HOUR),
        },
    )
    for table in (sessions, executions):
        client(engine).delete_table(TableName=table)


def test_a_run_tells_what_ttl_removed_and_sweeps_what_it_left(made: Made) -> None:
    now = int(datetime.now(UTC).timestamp())
    database = connect(made.engine, Credentials())
    late = [{"session_id": f"ttl-{number}", "expires_at": now - HOUR - number} for number in range(7)]
    put_rows(database, made.sessions, late)
    records = remove_expired(database, Table(made.sessions, "session_id", {}), now)
    put_rows(
        database,
        made.sessions,
        [
            {"session_id": "stalled", "expires_at": now - 3 * HOUR, "expiry_shard": 1},
            {"session_id": "for ttl", "expires_at": now - HOUR, "expiry_shard": 2},
            {"session_id": "live", "expires_at": now + HOUR, "expiry_shard": 3},
        ],
    )
    account = removals.made(made.environment)
    cleanup = cleanups.made(SESSIONS, made.environment)

    assert account(records) == (7, 0, None)
    assert account(records) == (0, 0, None)
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
    execution = cleanup(Run(start), lambda: timedelta(minutes=5))

    assert isinstance(execution, Execution)
    assert execution.ttl is not None
    assert (execution.records_processed, execution.counts.deleted, execution.ttl.rows) == (8, 1, 7)
    assert execution.ttl.lateness_p50_seconds == pytest.approx(HOUR, rel=0.02)
    assert made.rows() == {"for ttl", "live"}


def test_a_kind_is_swept_unless_its_environment_says_otherwise() -> None:
    settings = CleanupSettings.of({"EXPIRING_TABLE": "sessions"})

    assert (settings.mode, settings.patience) == (Mode.SWEEP, timedelta())
    first = CleanupSettings.of({"EXPIRING_TABLE": "sessions", "CLEANUP_MODE": "ttl-first"})
    assert first.patience == timedelta(days=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("CLEANUP_MODE", "ttl"), ("TTL_PATIENCE_SECONDS", "0"), ("TTL_PATIENCE_SECONDS", "2592001")],
)
def test_a_setting_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        CleanupSettings.of({"EXPIRING_TABLE": "sessions", name: value})


def test_removals_are_told_of_where_asked_and_only_with_a_bus() -> None:
    assert RemovalSettings.of(TABLES).event_bus is None
    assert RemovalSettings.of(TABLES | {"EVENT_BUS_NAME": "default"}).event_bus is None
    told = RemovalSettings.of(TABLES | {"EVENT_BUS_NAME": "default", "EMIT_REMOVALS": "true"})
    assert told.event_bus is not None
    with pytest.raises(InvalidSetting, match="EVENT_BUS_NAME"):
        RemovalSettings.of(TABLES | {"EMIT_REMOVALS": "true"})
    with pytest.raises(InvalidSetting, match="EMIT_REMOVALS"):
        RemovalSettings.of(TABLES | {"EMIT_REMOVALS": "yes"})
