"""A trigger's event, from the operation that sends it to the function that gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from barycenter_jobs.adapters.lambda_invoker import LambdaInvoker
from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.errors import FunctionNotInvoked, JobFailed, Throttled
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import CHALLENGES, SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Page
from barycenter_jobs.core.tasks import Run
from barycenter_jobs.invocations import task
from barycenter_jobs.operations.run_job import RunJob
from barycenter_jobs.operations.trigger_job import TriggerJob

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
SECOND = int(NOON.timestamp())


class Lambda:
    """Lambda's invoke endpoint, which remembers what it was sent."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        received = self.events

        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                known = "missing" not in self.path
                self.send_response(202 if known else 404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Endpoint)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def endpoint() -> Iterator[Lambda]:
    """A Lambda endpoint that accepts every asynchronous invocation."""
    endpoint = Lambda()
    thread = Thread(target=endpoint.server.serve_forever, args=(0.02,))
    thread.start()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()
    thread.join()


def started(log: MemoryExecutionLog, *, dry_run: bool) -> Execution:
    return log.start(Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1", dry_run=dry_run), NOON)


def run(event: object) -> Run:
    """Return the run that an event asks for."""
    asked = task(event, SESSIONS, "request-1")
    assert isinstance(asked, Run)
    return asked


def job(table: MemoryTable, log: MemoryExecutionLog) -> RunJob:
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
    return RunJob(job=SESSIONS, rows=table, deleter=table, log=log, clock=lambda: NOON, backoff=backoff)


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_sent_is_what_arrives(endpoint: Lambda, dry_run: bool) -> None:
    execution = started(MemoryExecutionLog(), dry_run=dry_run)

    LambdaInvoker(endpoint.address).invoke("cleanup", execution, NOON)

    (event,) = endpoint.events
    asked = run(event)
    assert asked.execution_id == execution.id
    assert asked.start.dry_run is dry_run
    assert asked.start.delivery_id == execution.delivery_id


def test_a_dry_run_that_is_repeated_after_a_failure_is_a_dry_run_still(endpoint: Lambda) -> None:
    table = MemoryTable({"session-1": {"expires_at": SECOND - 60}})
    log = MemoryExecutionLog()
    LambdaInvoker(endpoint.address).invoke("cleanup", started(log, dry_run=True), NOON)
    asked = run(endpoint.events[0])

    class Busy(MemoryTable):
        def pages(self, cutoffs: object) -> Iterator[Page]:
            del cutoffs
            raise Throttled("busy")

    with pytest.raises(JobFailed):
        job(Busy(), log)(asked.start, asked.execution_id, lambda: timedelta(minutes=5))
    second = job(table, log)(asked.start, asked.execution_id, lambda: timedelta(minutes=5))

    assert (second.attempt_number, second.dry_run, second.status) == (2, True, Status.SUCCESS)
    assert list(table.rows) == ["session-1"]


def test_a_run_does_not_take_over_the_record_of_another_job() -> None:
    log = MemoryExecutionLog()
    of_another = log.start(Start(CHALLENGES, Trigger(TriggerKind.MANUAL), "event-0"), NOON)
    start = Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1")

    execution = job(MemoryTable(), log)(start, of_another.id, lambda: timedelta(minutes=5))

    assert (execution.id, execution.job_name) == (2, SESSIONS.name)
    assert log.get(of_another.id) == of_another


@pytest.mark.parametrize("expires_at", [-(10**12), -(10**30), 0])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_row_that_expired_before_the_calendar_breaks_no_run(expires_at: int, dry_run: bool) -> None:
    table = MemoryTable({"ancient": {"expires_at": expires_at}, "more": {"expires_at": SECOND - 60}})
    start = Start(SESSIONS, Trigger(TriggerKind.MANUAL), "event-1", dry_run=dry_run)
    limited = replace(job(table, MemoryExecutionLog()), max_records=None if dry_run else 5)

    execution = limited(start, None, lambda: timedelta(minutes=5))

    assert execution.status is Status.SUCCESS
    assert execution.backlog is not None
    assert execution.backlog.remaining == (2 if dry_run else 0)


def test_a_function_that_does_not_exist_is_named(endpoint: Lambda) -> None:
    with pytest.raises(FunctionNotInvoked, match=r"^Function missing could not be invoked: "):
        LambdaInvoker(endpoint.address).invoke("missing", started(MemoryExecutionLog(), dry_run=False), NOON)


def test_lambda_out_of_reach_is_said_so() -> None:
    with pytest.raises(FunctionNotInvoked, match=r"could not be invoked: EndpointConnectionError$"):
        LambdaInvoker("http://127.0.0.1:9").invoke(
            "cleanup", started(MemoryExecutionLog(), dry_run=False), NOON
        )


def test_a_trigger_whose_answer_alone_was_lost_is_a_success() -> None:
    log = MemoryExecutionLog()

    class RunsAndLosesTheAnswer:
        def invoke(self, function: str, execution: Execution, now: datetime) -> None:
            log.finish(execution.finished(Status.SUCCESS, now))
            raise FunctionNotInvoked(f"Function {function} could not be invoked: ReadTimeoutError")

    trigger = TriggerJob(
        functions={SESSIONS.name: "cleanup"},
        log=log,
        invoker=RunsAndLosesTheAnswer(),
        clock=lambda: NOON,
        new_id=lambda: "event-1",
    )

    triggered = trigger(SESSIONS.name, by=None)

    assert (triggered.success, triggered.execution_id) == (True, 1)
