"""Reads that fail are repeated by the SDK, unseen by the run; deletes are sent once a time of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import botocore.endpoint
import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.dynamodb.shard_stamper import ShardStamper
from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import AnswerLost, JobFailed, RequestRefused
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.reconciliation import stamped
from barycenter_jobs.core.rows import Candidate, Deletion, Page, Stamping
from barycenter_jobs.core.sweep_report import SweepReport
from barycenter_jobs.operations.run_job import RunJob
from tests.contracts.stages import DynamoDBStage
from tests.engine import client, create_table
from tests.faults.wire import Fault, Wire, bad_wire

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
SECOND = int(NOW.timestamp())
START = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
ATTEMPTS = 5
FAULTS = [
    Fault.THROTTLED,
    Fault.LIMITED,
    Fault.PROVISIONED_THROUGHPUT,
    Fault.CUT_BEFORE_ACTING,
    Fault.CUT_AFTER_ACTING,
    Fault.SERVER_ERROR_AFTER_ACTING,
]


@dataclass
class Scene:
    """Sixty expired sessions and a live one, and a job whose every request goes over a bad wire."""

    wire: Wire
    stage: DynamoDBStage
    table: str
    engine: str

    def run(self) -> Execution:
        job = RunJob(
            job=SESSIONS,
            rows=TableRows(DynamoDB(self.wire.address).reading, self.table, SESSIONS.kind),
            deleter=PartiqlDeleter(DynamoDB(self.wire.address).deleting, self.table, SESSIONS.kind.key),
            log=MemoryExecutionLog(),
            clock=lambda: NOW,
            backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        )
        return job(START, None, lambda: timedelta(minutes=5))

    def fails(self, operation: str, fault: Fault, times: int) -> None:
        """Have the first requests of an operation fail."""
        self.wire.plan = lambda name, number: fault if name == operation and number < times else Fault.NONE


class InstantTime:
    """Time for the SDK, in which a backoff takes none."""

    def sleep(self, seconds: float) -> None:
        assert 0 <= seconds <= 20


@pytest.fixture(params=[True, False], ids=["indexed", "scanned"])
def scene(
    request: pytest.FixtureRequest,
    engine: str,
    new_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    monkeypatch.setattr(botocore.endpoint, "time", InstantTime())
    table, dynamodb = new_name("sessions"), client(engine)
    create_table(dynamodb, "sessions", table, indexed=request.param)
    stage = DynamoDBStage(dynamodb, engine, table, SESSIONS.kind, PartiqlDeleter)
    stage.put({f"session-{number}": {"expires_at": SECOND - 1 - number} for number in range(60)})
    stage.put({"live": {"expires_at": SECOND + 60}})
    with bad_wire(engine) as wire:
        yield Scene(wire, stage, table, engine)
    dynamodb.delete_table(TableName=table)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", ["DescribeTable", "Query", "Scan"])
def test_a_read_that_fails_is_repeated_and_every_row_is_counted_once(
    scene: Scene, operation: str, fault: Fault
) -> None:
    plain = scene.wire.requests
    scene.fails(operation, fault, times=2)

    execution = scene.run()

    assert execution.status is Status.SUCCESS
    assert execution.counts == Counts(deleted=60)
    assert scene.stage.keys() == {"live"}
    if operation in plain:  # a table without the index is not queried
        assert plain[operation] > 2
    assert scene.wire.requests["BatchExecuteStatement"] == 3


@pytest.mark.parametrize("scene", [True], indirect=True)
@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.CUT_AFTER_ACTING], ids=lambda fault: fault.name)
def test_a_read_is_asked_five_times_and_no_more(scene: Scene, fault: Fault) -> None:
    scene.fails("DescribeTable", fault, times=10**9)

    with pytest.raises(JobFailed, match=rf"^Cannot describe {scene.table}: "):
        scene.run()

    assert scene.wire.requests == {"DescribeTable": ATTEMPTS}


@pytest.mark.parametrize("scene", [True], indirect=True)
def test_a_read_that_is_refused_is_asked_once_of_each_shard(scene: Scene) -> None:
    scene.fails("Query", Fault.REFUSED_REPEATING_THE_REQUEST, times=10**9)

    with pytest.raises(JobFailed, match="ValidationException"):
        scene.run()

    assert 1 <= scene.wire.requests["Query"] <= DEFAULT_SHARDS


@pytest.mark.parametrize("scene", [True], indirect=True)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_delete_is_sent_once_for_each_time_that_the_sweep_asks(scene: Scene, fault: Fault) -> None:
    deleter = PartiqlDeleter(DynamoDB(scene.wire.address).deleting, scene.table, SESSIONS.kind.key)
    asked = 0

    class Counting:
        def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
            nonlocal asked
            asked += 1
            return deleter.delete(batch, cutoffs)

    scene.fails("BatchExecuteStatement", fault, times=2)
    job = RunJob(
        job=SESSIONS,
        rows=TableRows(DynamoDB(scene.wire.address).reading, scene.table, SESSIONS.kind),
        deleter=Counting(),
        log=MemoryExecutionLog(),
        clock=lambda: NOW,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
    )

    execution = job(START, None, lambda: timedelta(minutes=5))

    acted = fault in (Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING)
    assert scene.wire.requests["BatchExecuteStatement"] == asked == 5
    assert execution.counts.deleted + execution.counts.uncertain == 60
    assert (execution.counts.uncertain > 0) == acted
    assert execution.counts.already_gone == 0
    assert scene.stage.keys() == {"live"}


# ---- Stamps, which may be sent twice


@pytest.mark.parametrize("scene", [True], indirect=True)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_stamp_whose_answer_is_lost_is_repeated_and_counted_once(scene: Scene, fault: Fault) -> None:
    scene.stage.put({"outside": {"expires_at": SECOND + 60, "expiry_shard": None}})
    scene.fails("UpdateItem", fault, times=2)
    stamper = ShardStamper(DynamoDB(scene.wire.address).reading, scene.table, SESSIONS.kind.key, 16)

    stamping = stamper.stamp(["outside", "gone"])

    assert stamping.stamped == 1
    assert scene.wire.requests["UpdateItem"] == 4
    assert scene.stage.keys() & {"outside", "gone"} == {"outside"}


@pytest.mark.parametrize("scene", [True], indirect=True)
def test_rows_that_were_stamped_before_one_was_refused_are_counted(scene: Scene) -> None:
    keys = [f"outside-{number}" for number in range(90)]
    scene.stage.put({key: {"expires_at": SECOND + 60, "expiry_shard": None} for key in keys})
    scene.wire.plan = lambda operation, number: (
        Fault.REFUSED_REPEATING_THE_REQUEST if operation == "UpdateItem" and number >= 40 else Fault.NONE
    )
    stamper = ShardStamper(DynamoDB(scene.wire.address).reading, scene.table, SESSIONS.kind.key, 16)
    report = SweepReport()

    with pytest.raises(RequestRefused, match=rf"^Cannot stamp a row of {scene.table}: ValidationException$"):
        list(stamped([Page(unstamped=keys)], stamper, report, time_is_left=lambda: True))

    rows = client(scene.engine).scan(TableName=scene.table)["Items"]
    really = sum("expiry_shard" in row and row["session_id"]["S"] in keys for row in rows)
    assert report.counts == Counts(stamped=really)
    assert really == 40


@pytest.mark.parametrize("scene", [True], indirect=True)
def test_a_stamp_that_keeps_failing_names_no_row(scene: Scene) -> None:
    scene.fails("UpdateItem", Fault.CUT_BEFORE_ACTING, times=10**9)
    stamper = ShardStamper(DynamoDB(scene.wire.address).reading, scene.table, SESSIONS.kind.key, 16)

    with pytest.raises(AnswerLost, match=rf"^Cannot stamp a row of {scene.table}: ") as lost:
        list(stamped([Page(unstamped=["s3cr3t"])], stamper, SweepReport(), time_is_left=lambda: True))

    assert "s3cr3t" not in str(lost.value)
    assert stamper.stamp([]) == Stamping(0)
