"""Every sample event is one that its function understands, so that `sam local invoke` works with it too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from tests.functions.conftest import Load, Stack
from tests.functions.loading import EVENTS, Json, sample, samples
from tests.graphql.service import NOW

ANSWERED: dict[str, Callable[[Any], bool]] = {
    "eventbridge": lambda answer: answer.get("success") is True or "deadRunsClosed" in answer,
    "trigger": lambda answer: answer["success"] is True,
    "stepfunctions": lambda answer: answer["executionId"] == "1",
    "appsync": lambda answer: isinstance(answer, (dict, list)),
    "dynamodb": lambda answer: answer == {"batchItemFailures": []},
    "httpapi": lambda answer: answer["statusCode"] == 200 and '"errors"' not in answer["body"],
}


def folder(name: str) -> str:
    """The function that a sample event is for, by the name of its file."""
    way_in, _, rest = name.partition("_")
    shared = {
        "dynamodb": "account_removals",
        "appsync": "graphql_resolver",
        "httpapi": "http_api",
        "stepfunctions": "cleanup_sessions",
    }
    return shared.get(way_in, rest.replace("reconcile_", "cleanup_"))


def test_every_file_is_a_sample_of_a_way_in_or_out() -> None:
    names = [*samples(), "bus_run_finished"]

    assert sorted(path.name for path in EVENTS.iterdir()) == sorted(f"{name}.json" for name in names)
    assert {name.partition("_")[0] for name in samples()} == set(ANSWERED)


@pytest.mark.parametrize("name", samples())
def test_a_sample_event_is_answered_by_its_function(name: str, function: Load, stack: Stack) -> None:
    if name.startswith("stepfunctions"):  # these are about a run that has begun
        stack.log.start(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1"), NOW)

    answer = function(folder(name))(sample(name))

    assert ANSWERED[name.partition("_")[0]](answer)


def test_the_samples_of_the_apis_say_who_asks(function: Load, stack: Stack) -> None:
    for name in ("appsync_trigger_job", "httpapi_trigger_job"):
        function(folder(name))(sample(name))
        _, running = stack.invoker.invocations[-1]
        stack.log.finish(running.finished(Status.ERROR, NOW))

    asked: list[Json] = [{"by": execution.trigger.by} for _, execution in stack.invoker.invocations]
    assert len(asked) == 2
    assert asked[0] == asked[1] != {"by": None}
