"""The share-out, run by a real engine from the very file that the template ships.

ministack 1.5.33 does not honour MaxConcurrencyPath (it starts every part at once), jitter, MaxDelaySeconds
or the machine's TimeoutSeconds, and keeps no history of the states inside a Map: what rests on those is
checked in the definition, by tests/template/test_share_out.py.
"""

from __future__ import annotations

import json

from barycenter_jobs import invocations
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.legs import Drained
from barycenter_jobs.core.parts import Part
from barycenter_jobs.core.tasks import PartDue, PartsDone
from tests.state_machine.conftest import Run


def test_every_part_is_drained_and_then_the_record_is_closed(step_functions: Run) -> None:
    done = step_functions(range(16))

    assert done.status == "SUCCEEDED"
    assert list(done.parts) == list(range(16))
    assert {len(notes) for notes in done.parts.values()} == {1}
    (closing,) = done.closings
    assert max(notes[-1].ended for notes in done.parts.values()) <= closing.started


def test_a_part_is_told_which_it_is_of_how_many(step_functions: Run) -> None:
    done = step_functions([0, 1, 2])

    (closing,) = done.closings
    execution_id = closing.event["detail"]["executionId"]
    assert [notes[0].event for notes in done.parts.values()] == [
        {
            "source": "barycenter.jobs",
            "detail-type": "Part Due",
            "detail": {"executionId": execution_id, "part": part},
        }
        for part in range(3)
    ]


def test_the_last_step_is_told_of_every_part_in_order_and_its_answer_is_the_output(
    step_functions: Run,
) -> None:
    done = step_functions([0, 1, 2])

    (closing,) = done.closings
    execution_id = closing.event["detail"]["executionId"]
    assert closing.event == {
        "source": "barycenter.jobs",
        "detail-type": "Parts Done",
        "detail": {
            "executionId": execution_id,
            "results": [{"part": part, "drained": True} for part in range(3)],
        },
    }
    assert done.output == {"executionId": execution_id, "success": True}


def test_a_part_is_told_and_reported_as_the_function_named_it(step_functions: Run) -> None:
    done = step_functions(["3/16", "9/16"], {"9/16": ["AccessDenied"]})

    assert list(done.parts) == ["3/16", "9/16"]
    assert done.closings[0].event["detail"]["results"] == [
        {"part": "3/16", "drained": True},
        {"part": "9/16", "drained": False, "error": "AccessDenied"},
    ]


def test_the_function_understands_what_the_machine_sends(step_functions: Run) -> None:
    done = step_functions(["3/16", "9/16"], {"9/16": ["AccessDenied"]})
    execution_id = int(done.closings[0].event["detail"]["executionId"])

    due = [invocations.task(notes[0].event, SESSIONS, "request") for notes in done.parts.values()]
    assert due == [
        PartDue(execution_id, Part(3, 16), "request"),
        PartDue(execution_id, Part(9, 16), "request"),
    ]
    assert invocations.task(done.closings[0].event, SESSIONS, "request") == PartsDone(
        execution_id, {Part(9, 16): "AccessDenied"}
    )


def test_the_machine_understands_what_the_function_answers() -> None:
    for stopped_early in (True, False):
        drained = Drained(17, Part(3, 16), stopped_early=stopped_early)

        assert invocations.answer(drained)["stoppedEarly"] is stopped_early


def test_a_part_whose_time_ran_out_goes_on_until_it_is_drained(step_functions: Run) -> None:
    done = step_functions([0, 1], {1: ["stopped early", "stopped early", "drained"]})

    assert done.status == "SUCCEEDED"
    assert [note.outcome for note in done.parts[1]] == ["stopped early", "stopped early", "drained"]
    assert len({json.dumps(note.event) for note in done.parts[1]}) == 1
    assert len(done.parts[0]) == 1
    assert [result["drained"] for result in done.closings[0].event["detail"]["results"]] == [True, True]


def test_a_part_that_fails_is_invoked_again(step_functions: Run) -> None:
    done = step_functions([0, 1], {0: ["Throttled", "Throttled", "drained"]})

    assert done.status == "SUCCEEDED"
    assert [note.outcome for note in done.parts[0]] == ["Throttled", "Throttled", "drained"]
    assert done.closings[0].event["detail"]["results"][0] == {"part": 0, "drained": True}


def test_each_round_of_a_part_has_retries_of_its_own(step_functions: Run) -> None:
    rounds = ["Throttled", "Throttled", "stopped early", "Throttled", "Throttled", "drained"]

    done = step_functions([0], {0: rounds})

    assert done.status == "SUCCEEDED"
    assert [note.outcome for note in done.parts[0]] == rounds


def test_a_part_that_never_succeeds_fails_the_run_and_stops_no_other_part(step_functions: Run) -> None:
    done = step_functions(
        [0, 1, 2], {1: ["AccessDenied"], 2: ["stopped early", "drained"], "close": ["JobFailed"]}
    )

    assert len(done.parts[1]) == 1 + 3
    assert [note.outcome for note in done.parts[2]] == ["stopped early", "drained"]
    # The error's name and nothing else: a cause may be long, and may hold what nobody should read.
    assert done.closings[0].event["detail"]["results"] == [
        {"part": 0, "drained": True},
        {"part": 1, "drained": False, "error": "AccessDenied"},
        {"part": 2, "drained": True},
    ]
    assert done.status == "FAILED"
    assert done.error == "JobFailed"


def test_a_record_that_was_closed_as_failed_is_not_closed_again(step_functions: Run) -> None:
    done = step_functions([0], {"close": ["JobFailed", "drained"]})

    assert done.status == "FAILED"
    assert len(done.closings) == 1


def test_a_record_that_could_not_be_closed_is_closed_on_another_try(step_functions: Run) -> None:
    done = step_functions([0], {"close": ["Lambda.ServiceException", "LogUnavailable", "drained"]})

    assert done.status == "SUCCEEDED"
    assert [note.outcome for note in done.closings] == [
        "Lambda.ServiceException",
        "LogUnavailable",
        "drained",
    ]
    assert len(done.parts[0]) == 1


def test_the_parts_come_first_and_the_record_last(step_functions: Run) -> None:
    done = step_functions([0, 1])

    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in done.history
        if "stateEnteredEventDetails" in event
    ]
    assert entered == ["DrainParts", "CloseRecord"]


def test_parts_are_drained_at_the_same_time(step_functions: Run) -> None:
    done = step_functions([0, 1, 2, 3], {"together": 4})

    assert done.status == "SUCCEEDED"
