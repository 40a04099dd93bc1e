"""A run that is handed to Step Functions, from the adapter that sends it to the function that is invoked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from barycenter_jobs.adapters.step_functions import StepFunctions
from barycenter_jobs.core.errors import InvalidEvent, StateMachineNotStarted
from barycenter_jobs.core.executions import Execution, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.tasks import PartDue, PartsDone
from barycenter_jobs.invocations import task

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:jobs-share-out"
EXECUTION = Execution(17, SESSIONS.name, SESSIONS.function, NOON, Trigger(TriggerKind.SCHEDULE), "event-1")


class States:
    """Step Functions' endpoint, which answers as it is told and remembers what it was sent."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.error: str | None = None
        states = self

        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                states.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                answer = (
                    {"executionArn": ARN, "startDate": 1}
                    if states.error is None
                    else {"__type": states.error}
                )
                body = json.dumps(answer).encode()
                self.send_response(200 if states.error is None else 400)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Endpoint)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def states() -> Iterator[States]:
    """An endpoint that starts whatever it is asked for."""
    endpoint = States()
    thread = Thread(target=endpoint.server.serve_forever, args=(0.02,))
    thread.start()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()
    thread.join()


def test_the_machine_is_told_the_function_the_run_and_its_parts(states: States) -> None:
    StepFunctions(ARN, "jobs-cleanup", states.address).start(EXECUTION, parts(3), 2)

    (request,) = states.requests
    assert request["stateMachineArn"] == ARN
    assert json.loads(request["input"]) == {
        "function": "jobs-cleanup",
        "executionId": "17",
        "parts": ["0/3", "1/3", "2/3"],
        "concurrency": 2,
    }


def test_a_run_has_one_name_there_however_often_it_is_handed_over(states: States) -> None:
    machine = StepFunctions(ARN, "jobs-cleanup", states.address)
    machine.start(EXECUTION, parts(3), 2)
    states.error = "com.amazonaws.states#ExecutionAlreadyExists"
    machine.start(EXECUTION, parts(3), 2)

    assert [request["name"] for request in states.requests] == ["cleanup_expired_sessions-17-1771070400"] * 2


def test_a_refusal_is_told_by_its_code(states: States) -> None:
    states.error = "com.amazonaws.states#StateMachineDoesNotExist"

    with pytest.raises(StateMachineNotStarted, match=r"^The state machine .*: StateMachineDoesNotExist$"):
        StepFunctions(ARN, "jobs-cleanup", states.address).start(EXECUTION, parts(3), 2)


def test_an_endpoint_that_is_not_there_is_told_of() -> None:
    with pytest.raises(StateMachineNotStarted, match=r"^The state machine .*: EndpointConnectionError$"):
        StepFunctions(ARN, "jobs-cleanup", "http://127.0.0.1:9").start(EXECUTION, parts(3), 2)


def due(part: object, execution_id: object = "17") -> dict[str, object]:
    return {
        "source": "barycenter.jobs",
        "detail-type": "Part Due",
        "detail": {"executionId": execution_id, "part": part},
    }


def done(results: object) -> dict[str, object]:
    return {
        "source": "barycenter.jobs",
        "detail-type": "Parts Done",
        "detail": {"executionId": "17", "results": results},
    }


def test_a_part_is_worked_on_by_this_very_invocation() -> None:
    assert task(due("3/16"), SESSIONS, "request-1") == PartDue(17, Part(3, 16), "request-1")


def test_the_end_names_the_parts_that_failed() -> None:
    results = [
        {"part": "0/3", "drained": True},
        {"part": "1/3", "drained": False, "error": "States.Timeout"},
        {"part": "2/3"},
    ]

    assert task(done(results), SESSIONS, "request-1") == PartsDone(
        17, {Part(1, 3): "States.Timeout", Part(2, 3): "no reason given"}
    )


@pytest.mark.parametrize("part", [None, 3, "3", "16/16", "-1/16", "3/0", "3/16/2", "a/b", ["3/16"], "9" * 30])
def test_a_part_that_there_cannot_be_is_refused(part: object) -> None:
    with pytest.raises(InvalidEvent, match=r'^A part must be a text like "3/16"$'):
        task(due(part), SESSIONS, "request-1")


@pytest.mark.parametrize("execution_id", [None, 17, "", "seventeen"])
def test_a_part_of_no_run_is_refused(execution_id: object) -> None:
    with pytest.raises(InvalidEvent, match="executionId"):
        task(due("3/16", execution_id), SESSIONS, "request-1")


@pytest.mark.parametrize("results", [None, {}, "all", [1], [None], [["0/3"]]])
def test_an_end_without_results_is_refused(results: object) -> None:
    with pytest.raises(InvalidEvent, match=r"^The results of Parts Done must be a list of objects$"):
        task(done(results), SESSIONS, "request-1")
