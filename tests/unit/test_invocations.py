"""Events that start a cleanup, and the answer that it gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.tasks import Run
from barycenter_jobs.invocations import answer, task

SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "detail": {},
}
TRIGGERED = {
    "version": "0",
    "id": "1f6c2a9e-5b84-4d37-a0e1-93c7d8f4b256",
    "detail-type": "Job Triggered",
    "source": "barycenter.jobs",
    "detail": {"executionId": "7"},
}
REQUEST = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def run(event: object, request_id: str = REQUEST) -> Run:
    """Return the run that an event asks for."""
    asked = task(event, SESSIONS, request_id)
    assert isinstance(asked, Run)
    return asked


def test_a_scheduled_event_starts_a_run_that_is_known_by_the_id_of_the_event() -> None:
    assert task(SCHEDULED, SESSIONS, REQUEST) == Run(
        Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa")
    )


def test_a_trigger_names_the_record_that_it_has_made() -> None:
    assert task(TRIGGERED, SESSIONS, REQUEST) == Run(
        Start(SESSIONS, Trigger(TriggerKind.MANUAL), "1f6c2a9e-5b84-4d37-a0e1-93c7d8f4b256"), 7
    )


@pytest.mark.parametrize("detail", [{}, {"executionId": None}])
def test_a_trigger_may_leave_the_record_to_the_run(detail: object) -> None:
    assert run(TRIGGERED | {"detail": detail}).execution_id is None


def test_the_id_of_an_event_may_be_as_long_as_any_that_a_bus_makes() -> None:
    assert run(SCHEDULED | {"id": "7" * 256}).start.delivery_id == "7" * 256


def test_an_empty_object_starts_a_run_that_is_known_by_the_request() -> None:
    assert task({}, SESSIONS, REQUEST) == Run(Start(SESSIONS, Trigger(TriggerKind.MANUAL), REQUEST))


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (None, "The event must be a JSON object, not NoneType"),
        ([SCHEDULED], "The event must be a JSON object, not list"),
        ("{}", "The event must be a JSON object, not str"),
        (
            {"source": "aws.events", "detail-type": "Scheduled Event"},
            "The event has no id; send a scheduled event of EventBridge, or {} to run the job now",
        ),
        (
            SCHEDULED | {"id": ""},
            "The event has no id; send a scheduled event of EventBridge, or {} to run the job now",
        ),
        (
            SCHEDULED | {"id": 7},
            "The event has no id; send a scheduled event of EventBridge, or {} to run the job now",
        ),
        (SCHEDULED | {"id": "7" * 257}, "The id of an event may have 256 characters at the most"),
        (
            SCHEDULED | {"source": "aws.s3"},
            "The event is neither a scheduled event of EventBridge nor one of barycenter.jobs",
        ),
        (
            SCHEDULED | {"detail-type": "Job Triggered"},
            "The event is neither a scheduled event of EventBridge nor one of barycenter.jobs",
        ),
        (
            TRIGGERED | {"detail-type": "Scheduled Event"},
            "The event is neither a scheduled event of EventBridge nor one of barycenter.jobs",
        ),
        (TRIGGERED | {"detail": None}, "The detail of the event must be a JSON object"),
        (TRIGGERED | {"detail": ["7"]}, "The detail of the event must be a JSON object"),
    ],
)
def test_any_other_event_is_refused_in_clear_words(event: object, message: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        task(event, SESSIONS, REQUEST)

    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "execution_id", [7, "", "-7", "7.0", "seven", "\N{ARABIC-INDIC DIGIT SEVEN}", "²", "9" * 5000, ["7"]]
)
def test_an_execution_id_that_is_none_is_refused_in_clear_words(execution_id: object) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        task(TRIGGERED | {"detail": {"executionId": execution_id}}, SESSIONS, REQUEST)

    assert str(refusal.value) == "The executionId of an event must be the text of a whole number"


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"detail": JSON | st.fixed_dictionaries({"executionId": JSON})}))
def test_an_event_of_any_shape_is_understood_or_refused(event: object) -> None:
    shapes = [event, *([SCHEDULED | event, TRIGGERED | event] if isinstance(event, dict) else [])]
    for shape in shapes:
        try:
            asked = run(shape)
        except InvalidEvent:
            continue
        assert asked.start.job is SESSIONS
        assert asked.start.delivery_id


def test_the_answer_tells_the_record_and_every_count() -> None:
    started_at = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
    execution = Execution(
        id=42,
        job_name="cleanup_expired_sessions",
        handler_id="cleanup_sessions",
        started_at=started_at,
        trigger=Trigger(TriggerKind.SCHEDULE),
        delivery_id="53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    ).finished(
        Status.SUCCESS,
        started_at + timedelta(seconds=1),
        counts=Counts(
            deleted=15, became_live=1, already_gone=2, failed=3, uncertain=4, quarantined=5, stamped=6
        ),
        warnings=("Time ran out.",),
    )

    assert answer(execution) == {
        "executionId": "42",
        "jobName": "cleanup_expired_sessions",
        "methodName": "run_job",
        "status": "success",
        "success": True,
        "recordsProcessed": 15,
        "deleted": 15,
        "becameLive": 1,
        "alreadyGone": 2,
        "failed": 3,
        "uncertain": 4,
        "quarantined": 5,
        "stamped": 6,
        "dryRun": False,
        "backlogRemaining": None,
        "durationMs": 1000,
        "errorMessage": None,
        "warnings": ["Time ran out."],
    }


@pytest.mark.parametrize(
    "event",
    [
        {"dryRun": True},
        {
            "id": "event-1",
            "source": "barycenter.jobs",
            "detail-type": "Job Triggered",
            "detail": {"dryRun": True},
        },
    ],
    ids=["by hand", "a trigger"],
)
def test_an_event_may_ask_for_a_dry_run(event: dict[str, object]) -> None:
    asked = run(event, "request-1")

    assert asked.start.dry_run
    assert asked.execution_id is None


@pytest.mark.parametrize("given", ["true", 1, None, []])
def test_a_dry_run_is_asked_for_by_a_boolean_or_refused(given: object) -> None:
    with pytest.raises(InvalidEvent, match=r"^dryRun must be true or false$"):
        task({"dryRun": given}, SESSIONS, "request-1")


def test_a_dry_run_is_never_taken_for_a_real_one_because_of_a_typing_error() -> None:
    with pytest.raises(InvalidEvent):
        task({"dryrun": True}, SESSIONS, "request-1")
