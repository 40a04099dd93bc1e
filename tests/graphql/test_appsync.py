"""AppSync's direct Lambda resolvers: what they may send, and who asks."""

from __future__ import annotations

import traceback

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.bugs import InternalError
from barycenter_jobs.core.errors import InvalidEvent, InvalidInput, InvalidLimit, StoreUnavailable
from barycenter_jobs.core.executions import Execution, TriggerKind
from barycenter_jobs.graphql import appsync
from tests.graphql.service import ALICE, service

SECRET = "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"


def event(field: str, arguments: object = None, parent: str = "Query", **others: object) -> dict[str, object]:
    return {"info": {"parentTypeName": parent, "fieldName": field}, "arguments": arguments, **others}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (None, "The event of an AppSync resolver must be a JSON object, not NoneType"),
        ([], "The event of an AppSync resolver must be a JSON object, not list"),
        ({}, "The info of an AppSync resolver must be a JSON object, not NoneType"),
        ({"info": "Query"}, "The info of an AppSync resolver must be a JSON object, not str"),
        ({"info": {}}, "There is no field None.None"),
        (event("jobLegs"), "There is no field Query.jobLegs"),
        (event("triggerJob"), "There is no field Query.triggerJob"),
        (
            event("jobLogs", [10]),
            "The arguments of an AppSync resolver must be a JSON object, not list",
        ),
    ],
)
def test_an_event_that_is_not_appsyncs_is_refused_in_clear_words(sent: object, message: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        appsync.resolve(sent, service())

    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"limit": "10"}, "limit must be of type Int"),
        ({"limit": True}, "limit must be of type Int"),
        ({"limit": 1.5}, "limit must be of type Int"),
        ({"jobName": 7}, "jobName must be of type String"),
        ({"onlyFailures": "true"}, "onlyFailures must be of type Boolean"),
        ({"onlyFailures": 1}, "onlyFailures must be of type Boolean"),
    ],
)
def test_arguments_of_an_event_made_by_hand_are_checked_all_the_same(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        appsync.resolve(event("jobLogs", arguments), service())

    assert str(refusal.value) == message


def test_a_dry_run_is_asked_for_by_true_and_nothing_else() -> None:
    arguments = {"jobName": "cleanup_expired_sessions", "dryRun": "yes"}

    with pytest.raises(InvalidInput, match=r"^dryRun must be of type Boolean$"):
        appsync.resolve(event("triggerJob", arguments, "Mutation"), service())


@pytest.mark.parametrize("dry_run", [True, False, None])
def test_a_dry_run_is_recorded_as_one(dry_run: bool | None) -> None:
    log = MemoryExecutionLog()
    arguments = {"jobName": "cleanup_expired_sessions", "dryRun": dry_run}

    appsync.resolve(event("triggerJob", arguments, "Mutation"), service(log))

    execution = log.get(1)
    assert execution is not None
    assert execution.dry_run is (dry_run is True)


@pytest.mark.parametrize("arguments", [None, {}, {"jobName": None}])
def test_a_trigger_without_a_name_is_refused_in_clear_words(arguments: object) -> None:
    with pytest.raises(InvalidInput, match=r"^jobName is needed$"):
        appsync.resolve(event("triggerJob", arguments, "Mutation"), service())


@pytest.mark.parametrize(
    ("field", "parent", "arguments", "message"),
    [
        ("jobLog", "Query", {}, "id is needed"),
        ("jobLog", "Query", {"id": 40}, "id must be of type String"),
        ("pauseJob", "Mutation", {"reason": "why not"}, "jobName is needed"),
        ("resumeJob", "Mutation", {}, "jobName is needed"),
        ("cancelRun", "Mutation", {}, "id is needed"),
        ("cancelRun", "Mutation", {"id": "40", "reason": 7}, "reason must be of type String"),
    ],
)
def test_what_a_field_needs_is_asked_for_in_clear_words(
    field: str, parent: str, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^{message}$"):
        appsync.resolve(event(field, arguments, parent), service())


@pytest.mark.parametrize(
    ("field", "name"),
    [("triggerJob", "jobName"), ("pauseJob", "jobName"), ("resumeJob", "jobName"), ("cancelRun", "id")],
)
def test_a_reason_is_no_novel(field: str, name: str) -> None:
    arguments = {name: "cleanup_expired_sessions", "reason": "x" * 501}

    with pytest.raises(InvalidInput, match=r"^reason may have 500 characters at the most, not 501$"):
        appsync.resolve(event(field, arguments, "Mutation"), service())


@pytest.mark.parametrize(
    ("given", "kept"), [(" to try it ", "to try it"), ("x" * 500, "x" * 500), (" ", None)]
)
def test_a_trigger_keeps_its_reason(given: str, kept: str | None) -> None:
    log = MemoryExecutionLog()
    arguments = {"jobName": "cleanup_expired_sessions", "reason": given}

    appsync.resolve(event("triggerJob", arguments, "Mutation"), service(log))

    execution = log.get(1)
    assert execution is not None
    assert execution.trigger.reason == kept


def test_a_limit_outside_1_to_1000_is_refused_in_clear_words() -> None:
    with pytest.raises(InvalidLimit, match=r"^limit must be between 1 and 1000, not 1001$"):
        appsync.resolve(event("jobLogs", {"limit": 1001}), service())


def test_what_the_store_refuses_reaches_appsync_as_it_is() -> None:
    class Unreachable(MemoryExecutionLog):
        def read(self, *_: object, **__: object) -> list[Execution]:
            raise StoreUnavailable("Cannot read job_executions: DynamoDB cannot be reached")

    with pytest.raises(StoreUnavailable, match=r"^Cannot read job_executions: DynamoDB cannot be reached$"):
        appsync.resolve(event("jobLogs"), service(Unreachable()))


@pytest.mark.parametrize("bug", [ValueError(SECRET), KeyError(SECRET), RuntimeError(f"about {SECRET}")])
def test_a_bug_tells_nobody_outside_what_happened_and_logs_where(
    bug: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryExecutionLog):
        def read(self, *_: object, **__: object) -> list[Execution]:
            raise bug

    with pytest.raises(InternalError, match=r"^Internal error$") as told:
        appsync.resolve(event("jobLogs"), service(Broken()))

    # What Lambda's runtime makes of it is errorType and errorMessage, and AppSync shows both.
    assert type(told.value).__name__ == "InternalError"
    assert SECRET not in "".join(traceback.format_exception(told.value))
    (entry,) = caplog.records
    assert vars(entry)["error"] == type(bug).__name__
    assert "in read" in "".join(vars(entry)["frames"])
    assert SECRET not in str(vars(entry))


@pytest.mark.parametrize(
    ("identity", "by"),
    [
        ({"userArn": ALICE, "username": "AROAIOSFODNN7EXAMPLE:alice"}, ALICE),
        (
            {
                "sub": "248289761001",
                "issuer": "https://id.example.com",
                "claims": {"scope": "openid jobs:write"},
            },
            "248289761001",
        ),
        ({"username": "alice"}, "alice"),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_a_triggered_run_tells_who_asked_for_it(identity: object, by: str | None) -> None:
    log = MemoryExecutionLog()

    appsync.resolve(
        event("triggerJob", {"jobName": "cleanup_expired_sessions"}, "Mutation", identity=identity),
        service(log),
    )

    execution = log.get(1)
    assert execution is not None
    assert execution.trigger.kind is TriggerKind.MANUAL
    assert execution.trigger.by == by
