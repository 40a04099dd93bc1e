"""Every request of a run fails, one after the other and in every way: the log never lies."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from threading import Event

import pytest
from botocore.retries.standard import ExponentialBackoff

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.errors import JobFailed, StoreError
from barycenter_jobs.core.executions import Execution, Status
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate, Deletion
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.operations import recording
from barycenter_jobs.operations.heartbeat import Heartbeat
from barycenter_jobs.operations.run_job import RunJob
from tests.faults.conftest import SURVIVED
from tests.faults.scene import RETENTION, Scene, scene_on, scheduled
from tests.faults.test_killed_workers import Tell
from tests.faults.wire import Fault, Wire, bad_wire

FAULTS = [
    Fault.THROTTLED,
    Fault.SERVER_ERROR_AFTER_ACTING,
    Fault.CUT_BEFORE_ACTING,
    Fault.CUT_AFTER_ACTING,
]
ROWS = 60
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
# Signs of life come when they come: their first one is enough to know.
SIGN_OF_LIFE = "UpdateItem"
Request = tuple[str, int]


@dataclass
class AfterASignOfLife:
    """Deletes nothing before the run has tried to say that it is alive."""

    deleter: Deleter
    alive: Event

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        assert self.alive.wait(60)
        return self.deleter.delete(batch, cutoffs)


@dataclass
class Trial:
    """A job, each of whose requests goes over a bad wire."""

    scene: Scene
    wire: Wire
    job: RunJob
    alive: Event
    died: list[threading.ExceptHookArgs] = field(default_factory=list)
    runs: int = 0
    survived: int = 0
    unknown: int = 0

    def run(self, broken: Callable[[str, int], Fault] = lambda _operation, _number: Fault.NONE) -> str | None:
        """Run once over new rows, while the wire is broken, and hold the log against the table.

        Return why the run failed, None where it did not. What it has left is done by another run.
        """
        self.runs += 1
        event, before = f"event-{self.runs}", self._last_id()
        self.scene.put(ROWS, live=1, shard=0)  # few shards are few requests
        self.alive.clear()
        self.wire.requests.clear()
        self.wire.plan = partial(self._seen, broken)
        gone = self.scene.gone
        failure = self._failure(event)
        sent = dict(self.wire.requests)
        self.wire.plan = lambda _operation, _number: Fault.NONE
        new = [self.scene.execution(number) for number in range(before + 1, self._last_id() + 1)]
        assert self.died == [], "a thread has ended that nobody waits for"
        self._check(new, failure, self.scene.gone - gone, sent)
        self._clean_up()
        self.wire.requests = sent
        return failure

    def _check(
        self, recorded: Sequence[Execution], failure: str | None, gone: int, sent: dict[str, int]
    ) -> None:
        if not recorded:  # a start that cannot be recorded deletes nothing
            assert failure is not None
            assert gone == 0
            assert "BatchExecuteStatement" not in sent
            return
        (execution,) = recorded
        unrecorded = re.match(r"Execution \d+ deleted (\d+) rows.* has no record of its end", failure or "")
        if unrecorded is not None:
            assert execution.status in {Status.RUNNING, Status.SUCCESS, Status.ERROR}
            assert int(unrecorded[1]) <= gone
            if execution.status is Status.RUNNING:
                assert execution.counts.deleted <= int(unrecorded[1])
                return
        elif failure is None:
            assert execution.status is Status.SUCCESS
            assert gone == ROWS
        elif execution.status is Status.RUNNING:  # its start was recorded, and nobody learned of it
            assert gone == 0
        else:
            assert (execution.status, execution.error_message) == (Status.ERROR, failure)
        assert execution.counts.deleted <= gone <= execution.counts.deleted + execution.counts.uncertain

    def _clean_up(self) -> None:
        """Have another run do what is left, and recount."""
        for dead in self.scene.log.running():
            assert self.scene.log.close(dead)
            self.unknown += ROWS
        if self.scene.stage.keys() != self.scene.live:
            self.scene.run(f"event-{self.runs} of another run")
        self.survived += 1
        self.scene.check_that_all_is_done(unknown=self.unknown)

    def _failure(self, event: str) -> str | None:
        try:
            self.job(scheduled(event), None, lambda: timedelta(minutes=5))
        except (JobFailed, StoreError) as failure:
            return str(failure)
        return None

    def _seen(self, broken: Callable[[str, int], Fault], operation: str, number: int) -> Fault:
        if operation == SIGN_OF_LIFE:
            self.alive.set()
        return broken(operation, number)

    def _last_id(self) -> int:
        return max((int(item["id"]["N"]) for item in self.scene.watcher.records()), default=0)


@pytest.fixture
def trial(engine: str, new_name: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    """A trial whose heart beats fast, and in which the SDK repeats its requests without waiting."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0.0)
    monkeypatch.setattr(recording, "Heartbeat", partial(Heartbeat, every=timedelta(milliseconds=20)))
    with scene_on(engine, new_name, expired=0) as scene, bad_wire(engine) as wire:
        alive = Event()
        deleter = PartiqlDeleter(DynamoDB(wire.address).deleting, scene.sessions, SESSIONS.kind.key)
        log = DynamoDBExecutionLog(
            scene.executions, DynamoDB(wire.address), retention=RETENTION, backoff=BACKOFF
        )
        job = replace(
            scene.run_job(AfterASignOfLife(deleter, alive), log),
            rows=TableRows(DynamoDB(wire.address).reading, scene.sessions, SESSIONS.kind, shards=2),
            backoff=BACKOFF,
        )
        trial = Trial(scene, wire, job, alive)
        monkeypatch.setattr(threading, "excepthook", trial.died.append)
        yield trial


def requests_of_a_run(trial: Trial) -> list[Request]:
    """Return the requests of a run that nothing disturbs, by operation and number."""
    assert trial.run() is None
    assert trial.run() is None  # the second one: the first finds no counter and no holder
    sent = trial.wire.requests
    assert {"TransactWriteItems", SIGN_OF_LIFE, "BatchExecuteStatement", "Query"} <= sent.keys()
    assert sent["BatchExecuteStatement"] == 3
    trial.survived = 0
    return [
        (operation, number)
        for operation, times in sent.items()
        for number in range(1 if operation == SIGN_OF_LIFE else times)
    ]


@pytest.mark.parametrize(
    "fault",
    [
        fault if fault is Fault.CUT_AFTER_ACTING else pytest.param(fault, marks=pytest.mark.scale)
        for fault in FAULTS
    ],
)
def test_a_run_survives_the_failure_of_any_one_request(
    trial: Trial, fault: Fault, record_property: Tell
) -> None:
    requests = requests_of_a_run(trial)

    def failing(request: Request) -> Callable[[str, int], Fault]:
        return lambda *this: fault if this == request else Fault.NONE

    failures = {request: trial.run(failing(request)) for request in requests}

    assert {request: failure for request, failure in failures.items() if failure is not None} == {}
    record_property(SURVIVED, trial.survived)


def failing_from(first: Request, fault: Fault) -> Callable[[str, int], Fault]:
    """Return the plan of a wire over which one operation does not come through any more."""
    return lambda *this: fault if this[0] == first[0] and this[1] >= first[1] else Fault.NONE


@pytest.mark.scale
@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_is_loud_where_something_does_not_answer_any_more(
    trial: Trial, fault: Fault, record_property: Tell
) -> None:
    cut = fault in {Fault.CUT_BEFORE_ACTING, Fault.CUT_AFTER_ACTING}
    acts = fault in {Fault.CUT_AFTER_ACTING, Fault.SERVER_ERROR_AFTER_ACTING}
    requests = [request for request in requests_of_a_run(trial) if not (cut and request[0] == SIGN_OF_LIFE)]

    for request in requests:
        failure = trial.run(failing_from(request, fault))
        # A run lives without signs of life as long as its lease lasts, and may find in the log what it wrote.
        silent = request[0] == SIGN_OF_LIFE or (acts and request[0] in {"TransactWriteItems", "PutItem"})
        assert failure is not None or silent, request

    record_property(SURVIVED, trial.survived)


@pytest.mark.scale
@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE_ACTING, Fault.CUT_AFTER_ACTING])
def test_a_run_whose_signs_of_life_do_not_come_through_any_more_goes_on(trial: Trial, fault: Fault) -> None:
    assert trial.run() is None

    assert trial.run(failing_from((SIGN_OF_LIFE, 0), fault)) is None
