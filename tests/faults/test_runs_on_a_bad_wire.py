"""Whole runs against a real engine, with faults on the wire: the counts stay exact and no secret gets out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.errors import JobFailed, StoreError
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.operations.run_job import RunJob
from tests.contracts.stages import DynamoDBStage
from tests.engine import client, create_table
from tests.faults.wire import Fault, Wire, bad_wire

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
SECOND = int(NOW.timestamp())
SECRET = "s3cr3t-session"


@dataclass
class Scene:
    """A job whose sweep runs over a bad wire and whose log is read over a good one."""

    wire: Wire
    stage: DynamoDBStage
    log: DynamoDBExecutionLog
    log_over_the_wire: DynamoDBExecutionLog
    rows: TableRows
    deleters: dict[str, PartiqlDeleter | ConditionalDeleter]
    failure: str = ""

    def run(self, deleter: str = "partiql", log: DynamoDBExecutionLog | None = None) -> Execution:
        """Run the job and return its record, whether it failed or not."""
        job = RunJob(
            job=SESSIONS,
            rows=self.rows,
            deleter=self.deleters[deleter],
            log=log or self.log,
            clock=lambda: NOW,
            backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        )
        start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
        try:
            job(start, None, remaining=lambda: timedelta(minutes=5))
        except JobFailed as failure:
            self.failure = str(failure)
        return self.log.read(LogFilter(), 1)[0]


@pytest.fixture
def scene(engine: str, new_name: Callable[[str], str]) -> Iterator[Scene]:
    """Sixty expired sessions and a live one, whose keys are recognisable."""
    sessions, executions = new_name("sessions"), new_name("job_executions")
    dynamodb = client(engine)
    create_table(dynamodb, "sessions", sessions)
    create_table(dynamodb, "job_executions", executions)
    stage = DynamoDBStage(dynamodb, engine, sessions, SESSIONS.kind, PartiqlDeleter)
    stage.put({f"{SECRET}-{number}": {"expires_at": SECOND - 1 - number} for number in range(60)})
    stage.put({f"{SECRET}-live": {"expires_at": SECOND + 60}})
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
    with bad_wire(engine) as wire:
        sweeping = DynamoDB(wire.address).deleting
        yield Scene(
            wire=wire,
            stage=stage,
            log=DynamoDBExecutionLog(
                executions, DynamoDB(engine), retention=timedelta(days=90), backoff=backoff
            ),
            log_over_the_wire=DynamoDBExecutionLog(
                executions, DynamoDB(wire.address), retention=timedelta(days=90), backoff=backoff
            ),
            rows=TableRows(sweeping, sessions, SESSIONS.kind),
            deleters={
                "partiql": PartiqlDeleter(sweeping, sessions, SESSIONS.kind.key),
                "delete-item": ConditionalDeleter(sweeping, sessions, SESSIONS.kind.key),
            },
        )


DELETES = {"partiql": "BatchExecuteStatement", "delete-item": "DeleteItem"}


@pytest.mark.parametrize("deleter", DELETES)
@pytest.mark.parametrize(
    "fault", [Fault.THROTTLED, Fault.LIMITED, Fault.PROVISIONED_THROUGHPUT, Fault.CUT_BEFORE_ACTING]
)
def test_a_request_that_did_nothing_is_sent_again_and_every_row_is_counted(
    scene: Scene, deleter: str, fault: Fault
) -> None:
    scene.wire.plan = lambda operation, number: (
        fault if operation == DELETES[deleter] and number < 2 else Fault.NONE
    )

    execution = scene.run(deleter)

    assert execution.status is Status.SUCCESS
    assert execution.counts.deleted == 60
    assert scene.stage.keys() == {f"{SECRET}-live"}


@pytest.mark.parametrize("deleter", DELETES)
@pytest.mark.parametrize("fault", [Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING])
def test_a_lost_answer_is_reported_as_uncertain_and_nothing_is_guessed(
    scene: Scene, deleter: str, fault: Fault
) -> None:
    scene.wire.plan = lambda operation, number: (
        fault if operation == DELETES[deleter] and number == 0 else Fault.NONE
    )
    rows_of_a_request = {"partiql": (10, 25), "delete-item": (1,)}[deleter]

    execution = scene.run(deleter)

    assert execution.status is Status.SUCCESS
    assert execution.counts.uncertain in rows_of_a_request
    assert execution.counts.deleted + execution.counts.uncertain == 60
    assert execution.counts.already_gone == 0
    assert any("an answer was lost" in warning for warning in execution.warnings)
    assert scene.stage.keys() == {f"{SECRET}-live"}


@pytest.mark.parametrize("operation", ["DescribeTable", "Query", "Scan", "BatchExecuteStatement"])
def test_a_run_that_fails_says_why_and_keeps_its_account(scene: Scene, operation: str) -> None:
    scene.wire.plan = lambda name, _number: (
        Fault.REFUSED_REPEATING_THE_REQUEST if name == operation else Fault.NONE
    )

    execution = scene.run()

    assert execution.status is Status.ERROR
    assert execution.error_message is not None
    assert execution.error_message.startswith("Cannot ")
    assert execution.error_message.endswith(": ValidationException")
    assert scene.failure == execution.error_message
    assert execution.counts.deleted == 61 - len(scene.stage.keys())


@pytest.mark.parametrize("deleter", DELETES)
@pytest.mark.parametrize(
    "fault",
    [Fault.REFUSED_REPEATING_THE_REQUEST, Fault.CUT_AFTER_ACTING, Fault.NONE],
    ids=lambda fault: fault.name,
)
def test_no_secret_reaches_a_record_an_error_or_a_log(
    scene: Scene, deleter: str, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scene.wire.plan = lambda operation, _number: fault if operation == DELETES[deleter] else Fault.NONE

    execution = scene.run(deleter)

    assert SECRET not in repr(execution)
    assert SECRET not in caplog.text
    assert SECRET not in scene.failure


def test_a_start_that_cannot_be_recorded_deletes_nothing(scene: Scene) -> None:
    scene.wire.plan = lambda operation, _number: (
        Fault.REFUSED_REPEATING_THE_REQUEST if operation == "TransactWriteItems" else Fault.NONE
    )
    job = RunJob(
        job=SESSIONS,
        rows=scene.rows,
        deleter=scene.deleters["partiql"],
        log=scene.log_over_the_wire,
        clock=lambda: NOW,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
    )

    with pytest.raises(StoreError, match=r"^Cannot record a start in .*: ValidationException$"):
        job(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1"), None, lambda: timedelta(minutes=5))

    assert len(scene.stage.keys()) == 61
    assert "BatchExecuteStatement" not in scene.wire.requests


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING])
def test_a_start_whose_answer_is_lost_is_recorded_once(scene: Scene, fault: Fault) -> None:
    scene.wire.plan = lambda operation, number: (
        fault if operation == "TransactWriteItems" and number == 0 else Fault.NONE
    )

    scene.run(log=scene.log_over_the_wire)

    assert [execution.id for execution in scene.log.read(LogFilter(), 10)] == [1]


@pytest.mark.parametrize(
    "fault", [Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING, Fault.CUT_BEFORE_ACTING]
)
def test_an_end_whose_answer_is_lost_is_recorded_all_the_same(scene: Scene, fault: Fault) -> None:
    scene.wire.plan = lambda operation, number: (
        fault if operation == "TransactWriteItems" and number == 1 else Fault.NONE  # 0 is the start
    )

    execution = scene.run(log=scene.log_over_the_wire)

    assert scene.failure == ""
    assert execution.status is Status.SUCCESS
    assert execution.counts.deleted == 60


def test_an_end_that_cannot_be_recorded_is_loud(scene: Scene) -> None:
    scene.wire.plan = lambda operation, number: (
        Fault.REFUSED_REPEATING_THE_REQUEST if operation == "TransactWriteItems" and number else Fault.NONE
    )

    execution = scene.run(log=scene.log_over_the_wire)

    assert scene.failure.startswith(
        "Execution 1 deleted 60 rows and has no record of its end: Cannot record the end"
    )
    assert execution.status is Status.RUNNING
