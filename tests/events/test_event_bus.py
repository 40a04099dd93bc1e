"""The bus as EventBridge has it: what is sent, and what becomes of refusals."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.event_bus import EventBus
from barycenter_jobs.core.errors import RunNotTold
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from tests.events.bus import Bus, listening_bus

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
FINISHED = (
    Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")
    .recorded(17, 1, NOON)
    .finished(Status.SUCCESS, NOON + timedelta(seconds=2))
)


@pytest.fixture
def bus() -> Iterator[Bus]:
    with listening_bus() as listening:
        yield listening


def tell(bus: Bus, execution: Execution = FINISHED) -> None:
    EventBus("runs", "job_executions", "https://api.example.org", bus.endpoint).tell(execution)


def test_a_run_is_one_event_on_the_bus(bus: Bus) -> None:
    tell(bus)

    (entry,) = bus.entries
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "runs",
        "barycenter-jobs",
        "Job Run Finished",
    )
    assert entry["Time"] == (NOON + timedelta(seconds=2)).timestamp()
    assert bus.details[0]["executionId"] == "17"
    assert bus.details[0]["log"] == "job_executions"
    assert bus.details[0]["links"] == {"execution": "https://api.example.org/api/executions/17"}


def test_an_entry_that_the_bus_refuses_is_not_told(bus: Bus) -> None:
    # PutEvents answers 200 all the same.
    bus.answers = [(200, {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorizedForSource"}]})]

    with pytest.raises(RunNotTold, match=r"^Bus runs did not take the event: NotAuthorizedForSource$"):
        tell(bus)


def test_a_refused_request_names_the_code_and_not_its_words(bus: Bus) -> None:
    bus.answers = [(400, {"__type": "AccessDeniedException", "message": "a-secret"})]

    with pytest.raises(RunNotTold, match=r"^Bus runs did not take the event: AccessDeniedException$"):
        tell(bus)


def test_a_bus_that_fails_once_is_asked_again(bus: Bus) -> None:
    bus.answers = [(500, {"__type": "InternalException"})]

    tell(bus)

    assert [detail["executionId"] for detail in bus.details] == ["17", "17"]


def test_a_bus_that_nobody_reaches_is_an_error_with_a_name() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(RunNotTold, match="EndpointConnectionError"):
            EventBus("runs", "job_executions", endpoint_url=nowhere).tell(FINISHED)
