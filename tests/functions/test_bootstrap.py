"""The composition root: the environment in, everything put together out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest

from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.bootstrap import apis, cleanups, watchdog
from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, SESSIONS
from barycenter_jobs.operations.tell_of_runs import TellOfRuns

API = {
    **{f"{job.name.upper()}_FUNCTION": f"stack-{job.function}" for job in JOBS},
    **{f"{job.name.upper()}_SCHEDULE": "cron(0/5 * * * ? *)" for job in JOBS},
    **{f"{job.name.upper()}_TABLE": job.kind.name for job in JOBS},
}


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("RETENTION_DAYS", "EXPIRY_SHARDS", "DELETER", "EVENT_BUS_NAME", *API):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JOB_EXECUTIONS_TABLE", "job_executions")
    monkeypatch.setenv("EXPIRING_TABLE", "sessions")
    monkeypatch.setenv(
        "DYNAMODB_ENDPOINT_URL", "http://127.0.0.1:9"
    )  # nothing listens there, nothing may ask
    made = (cleanups.cleanup, apis.operations, watchdog.watch)
    for each in made:
        each.cache_clear()
    yield
    for each in made:
        each.cache_clear()


@pytest.mark.parametrize(
    ("name", "deleter"),
    [("", PartiqlDeleter), ("partiql", PartiqlDeleter), ("delete-item", ConditionalDeleter)],
)
def test_a_cleanup_deletes_in_the_way_that_its_environment_names(
    name: str, deleter: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELETER", name)

    run = cleanups.cleanup(SESSIONS).run_job

    assert run.job is SESSIONS
    assert type(run.deleter) is deleter
    assert type(run.log) is DynamoDBExecutionLog
    assert run.clock().utcoffset() is not None


def test_a_process_is_put_together_once() -> None:
    assert cleanups.cleanup(SESSIONS) is cleanups.cleanup(SESSIONS)
    assert cleanups.cleanup(SESSIONS) is not cleanups.cleanup(CHALLENGES)


def test_the_ways_in_know_every_jobs_function(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in API.items():
        monkeypatch.setenv(name, value)

    operations = apis.operations()

    assert operations.trigger_job.functions == {job.name: f"stack-{job.function}" for job in JOBS}
    assert [listed.job for listed in operations.list_jobs()] == list(JOBS)
    assert operations.trigger_job.new_id() != operations.trigger_job.new_id()
    assert apis.operations() is operations


def test_every_operation_of_the_ways_in_is_made_when_it_is_asked_for_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in API.items():
        monkeypatch.setenv(name, value)
    operations = apis.operations()
    names = [field.name for field in fields(operations) if field.name != "clock"]

    made = {name: getattr(operations, name) for name in names}

    assert len(names) > 10
    assert {name: type(each).__module__ for name, each in made.items()} == {
        name: f"barycenter_jobs.operations.{name}" for name in names
    }
    assert all(getattr(operations, name) is each for name, each in made.items())


def test_the_watchdog_needs_no_more_than_the_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in API.items():
        if name.endswith("_SCHEDULE"):
            monkeypatch.setenv(name, value)

    watch = watchdog.watch()

    assert set(watch.schedules) == {job.name for job in JOBS}
    assert watch.read_health.schedules == watch.schedules
    assert watch.clock().utcoffset() is not None
    assert watchdog.watch() is watch


def test_whoever_starts_jobs_asks_whether_they_are_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in API.items():
        monkeypatch.setenv(name, value)

    cleanup = cleanups.cleanup(SESSIONS)

    assert type(cleanup.run_job.controls) is DynamoDBJobControls
    assert type(cleanup.reconcile().controls) is DynamoDBJobControls
    assert type(apis.operations().trigger_job.controls) is DynamoDBJobControls


def test_a_log_tells_nobody_unless_a_bus_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    log = cleanups.cleanup(SESSIONS).run_job.log
    monkeypatch.setenv("EVENT_BUS_NAME", "runs")
    telling = cleanups.cleanup(CHALLENGES).run_job.log

    assert isinstance(log, DynamoDBExecutionLog)
    assert log.told is None
    assert isinstance(telling, DynamoDBExecutionLog)
    assert isinstance(telling.told, TellOfRuns)


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPIRING_TABLE")

    with pytest.raises(InvalidSetting, match=r"^EXPIRING_TABLE is not set$"):
        cleanups.cleanup(SESSIONS)
    with pytest.raises(InvalidSetting, match=r"^CLEANUP_EXPIRED_SESSIONS_FUNCTION is not set$"):
        apis.operations()
    with pytest.raises(InvalidSetting, match=r"^CLEANUP_EXPIRED_SESSIONS_SCHEDULE is not set$"):
        watchdog.watch()
