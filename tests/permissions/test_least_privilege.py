"""Every function can do what it does under its own policy, and nothing of that policy could be left out.

The policies are those of template.yaml, resolved, and an emulator enforces them. It was not compared with
AWS's own evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.core.errors import BarycenterJobsError
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.core.pacing import Backoff
from tests.permissions.conftest import ROOT, Cloud
from tests.permissions.policies import Json, environment, function_name, statements
from tests.permissions.scenes import Invoke, Stage, accounted, cleaned, resolved, served, watched
from tests.template.reading import FOLDERS

Loaded = Callable[[str, list[Json]], Invoke]
Play = Callable[[str, list[Json]], None]
OF_FOLDER = {job.function: job for job in JOBS}
# The other cleanups may do the same on their own tables, and the resolver the same as the HTTP API.
UNLIKE = ("cleanup_refresh_tokens", "account_removals", "watchdog", "http_api")
# Lambda's own: by a function's role it writes logs and traces, and keeps the event of an invocation that
# failed.
OF_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
READING_STREAMS = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}


@pytest.fixture
def play(
    cloud: Cloud, invoke: Loaded, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Play:
    """A player of all that a function does, as somebody who is allowed just so much."""

    def played(folder: str, allowed: list[Json]) -> None:
        if folder not in OF_FOLDER:
            _runs_of_long_ago(cloud, monkeypatch)
        stage = Stage(
            cloud.root, invoke(folder, allowed), lambda: [record.getMessage() for record in caplog.records]
        )
        match folder:
            case "watchdog":
                watched(stage)
            case "graphql_resolver":
                resolved(stage)
            case "account_removals":
                accounted(stage)
            case "http_api":
                served(stage)
            case _:
                cleaned(stage, OF_FOLDER[folder])

    return played


def _runs_of_long_ago(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record a run that has died since, one that is to be forgotten, and one more than are to be kept."""
    now = datetime.now(UTC)
    for name, value in ROOT.items():
        monkeypatch.setenv(name, value)
    log = DynamoDBExecutionLog(
        "job_executions",
        DynamoDB(cloud.endpoint),
        retention=timedelta(days=10_000),
        failure_retention=timedelta(days=10_000),
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
    )
    trigger, old = Trigger(TriggerKind.SCHEDULE), now - timedelta(days=1000)
    forgotten = log.start(Start(JOBS[1], trigger, "long-ago", worker="worker-1"), old)
    log.finish(forgotten.finished(Status.SUCCESS, old))
    log.start(Start(JOBS[0], trigger, "died", worker="worker-2"), now - timedelta(minutes=10))
    one_too_many = log.start(Start(JOBS[2], trigger, "one too many"), now - timedelta(hours=1))
    log.finish(one_too_many.finished(Status.SUCCESS, now - timedelta(hours=1)))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_does_all_its_work_under_its_own_policy(folder: str, play: Play) -> None:
    play(folder, statements(folder))


def without_one(folder: str) -> list[pytest.ParameterSet]:
    allowed = statements(folder)
    return [
        pytest.param(
            folder,
            number,
            id=f"{folder} without {each['Action']} on {each['Resource'].rsplit(':', 1)[-1]}",
        )
        for number, each in enumerate(allowed)
        if each["Action"] not in OF_LAMBDA
        and not (folder in OF_FOLDER and each["Action"] == "sqs:SendMessageBatch")
    ]


@pytest.mark.scale
@pytest.mark.parametrize(("folder", "number"), [each for folder in UNLIKE for each in without_one(folder)])
def test_no_permission_could_be_left_out(folder: str, number: int, play: Play) -> None:
    allowed = statements(folder)
    del allowed[number]

    with pytest.raises((BarycenterJobsError, ClientError, AssertionError)):
        play(folder, allowed)


def test_a_function_without_a_policy_can_do_nothing(play: Play) -> None:
    nothing = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}

    with pytest.raises(BarycenterJobsError, match="AccessDeniedException"):
        play("cleanup_sessions", [nothing])


@pytest.mark.parametrize("folder", ["cleanup_sessions", "cleanup_challenges", "cleanup_device_codes"])
def test_cleanups_may_do_the_same_on_tables_of_their_own(folder: str) -> None:
    def shape(of: str) -> set[tuple[str, str]]:
        table = environment(of)["EXPIRING_TABLE"]
        log_group = f"{function_name(of).removesuffix('Function')}LogGroup"
        return {
            (each["Action"], each["Resource"].replace(f"/{table}", "/own").replace(log_group, "own"))
            for each in statements(of)
        }

    rotation = {each for each in shape("cleanup_refresh_tokens") if each[1].endswith("/index/rotation-index")}

    assert shape(folder) == shape("cleanup_refresh_tokens") - rotation
    assert len(rotation) == 1


def allowed_actions(folder: str, **given: object) -> set[tuple[str, str]]:
    return {(each["Action"], each["Resource"]) for each in statements(folder, given)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_without_a_bus_nobody_may_tell_anybody(folder: str) -> None:
    assert "events:PutEvents" not in {action for action, _ in allowed_actions(folder)}


def test_removals_may_be_told_of_only_where_that_is_asked_for() -> None:
    told = ("events:PutEvents", "arn:aws:events:us-east-1:000000000000:event-bus/runs")

    assert told not in allowed_actions("account_removals", EventBusName="runs")
    assert told in allowed_actions("account_removals", EventBusName="runs", EmitRemovals="true")
    assert told in allowed_actions("cleanup_sessions", EventBusName="runs")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_stream_may_be_read_and_its_reader_be_looked_at_only_where_ttl_goes_first(job: Job) -> None:
    first = {{"webauthn_challenges": "Challenges"}.get(job.kind.name, pascal(job.kind.name)): "ttl-first"}
    given = {f"{kind}CleanupMode": mode for kind, mode in first.items()}
    (kind,) = first
    table = {"Challenges": "WebauthnChallenges"}.get(kind, kind)
    listing = f"arn:aws:dynamodb:us-east-1:000000000000:table/{job.kind.name}/stream/*"

    reading = allowed_actions("account_removals", **given) - allowed_actions("account_removals")
    assert reading == {(action, f"{table}Table.StreamArn") for action in READING_STREAMS} | {
        ("dynamodb:ListStreams", listing)
    }
    looking = allowed_actions(job.function, **given) - allowed_actions(job.function)
    assert looking == {("cloudwatch:GetMetricStatistics", "*")}

    adopted = {**given, "AdoptExistingTables": "true"}
    assert allowed_actions("account_removals", **adopted) == allowed_actions("account_removals")
    labelled = {**adopted, f"{kind}StreamLabel": "2026-11-20T08:00:00.000"}
    stream = listing.replace("*", "2026-11-20T08:00:00.000")
    assert allowed_actions("account_removals", **labelled) - allowed_actions("account_removals") == {
        (action, stream) for action in READING_STREAMS
    } | {("dynamodb:ListStreams", listing)}


def pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_cleanup_may_delete_in_one_way_only(job: Job) -> None:
    def ways(deleter: str) -> set[str]:
        actions = {action for action, _ in allowed_actions(job.function, Deleter=deleter)}
        return actions & {"dynamodb:PartiQLDelete", "dynamodb:DeleteItem"}

    assert ways("partiql") == {"dynamodb:PartiQLDelete"}
    assert ways("delete-item") == {"dynamodb:DeleteItem"}


def test_rotated_tokens_may_be_looked_for_only_where_they_are_removed() -> None:
    grown = allowed_actions("cleanup_refresh_tokens", RotatedTokenGraceHours=24) - allowed_actions(
        "cleanup_refresh_tokens"
    )

    assert [action for action, index in grown if index.endswith("/index/rotation-index")] == [
        "dynamodb:Query"
    ]
    assert len(grown) == 1


def test_the_two_apis_may_do_the_same() -> None:
    def work(folder: str) -> list[Json]:
        return [each for each in statements(folder) if each["Action"] not in OF_LAMBDA]

    assert work("graphql_resolver") == work("http_api")


ROW = {"session_id": {"S": "somebody-elses"}}
TOKEN = {"token": {"S": "somebody-elses"}}
RECORD = {"log": {"S": "executions"}, "id": {"N": "1"}}
KEY = {"session_id": ROW["session_id"]}
PUT = {"Source": "barycenter-jobs", "DetailType": "Job Run Finished", "Detail": "{}"}
FORBIDDEN: list[tuple[str, str, str, Json]] = [
    ("cleanup_sessions", "dynamodb", "get_item", {"TableName": "refresh_tokens", "Key": TOKEN}),
    ("cleanup_sessions", "dynamodb", "scan", {"TableName": "refresh_tokens"}),
    ("cleanup_sessions", "dynamodb", "delete_item", {"TableName": "refresh_tokens", "Key": TOKEN}),
    ("cleanup_sessions", "dynamodb", "get_item", {"TableName": "sessions", "Key": KEY}),
    ("cleanup_sessions", "dynamodb", "put_item", {"TableName": "sessions", "Item": ROW}),
    ("cleanup_sessions", "dynamodb", "delete_table", {"TableName": "sessions"}),
    ("cleanup_sessions", "dynamodb", "delete_item", {"TableName": "job_executions", "Key": RECORD}),
    ("cleanup_sessions", "lambda", "invoke", {"FunctionName": "CleanupSessionsFunction"}),
    ("cleanup_sessions", "events", "put_events", {"Entries": [{**PUT, "EventBusName": "default"}]}),
    ("cleanup_sessions", "iam", "list_users", {}),
    ("account_removals", "dynamodb", "get_item", {"TableName": "sessions", "Key": KEY}),
    ("account_removals", "dynamodb", "scan", {"TableName": "sessions"}),
    ("account_removals", "dynamodb", "delete_item", {"TableName": "sessions", "Key": KEY}),
    ("account_removals", "dynamodb", "delete_item", {"TableName": "job_executions", "Key": RECORD}),
    ("account_removals", "lambda", "invoke", {"FunctionName": "CleanupSessionsFunction"}),
    ("watchdog", "lambda", "invoke", {"FunctionName": "CleanupSessionsFunction"}),
    ("watchdog", "dynamodb", "scan", {"TableName": "sessions"}),
    ("watchdog", "dynamodb", "delete_item", {"TableName": "sessions", "Key": KEY}),
    ("watchdog", "dynamodb", "scan", {"TableName": "job_executions"}),
    ("http_api", "dynamodb", "delete_item", {"TableName": "sessions", "Key": KEY}),
    ("http_api", "dynamodb", "get_item", {"TableName": "sessions", "Key": KEY}),
    ("http_api", "dynamodb", "scan", {"TableName": "sessions"}),
    ("http_api", "dynamodb", "update_item", {"TableName": "sessions", "Key": KEY}),
    ("http_api", "lambda", "invoke", {"FunctionName": "WatchdogFunction"}),
    ("graphql_resolver", "dynamodb", "delete_item", {"TableName": "refresh_tokens", "Key": TOKEN}),
    ("graphql_resolver", "dynamodb", "scan", {"TableName": "job_executions"}),
]


@pytest.mark.parametrize(
    ("folder", "service", "operation", "request_of"),
    [
        pytest.param(*each, id=f"{each[0]} {each[2]} {next(iter(each[3].values()), '')}"[:70])
        for each in FORBIDDEN
    ],
)
def test_a_function_is_kept_from_what_is_not_its_business(
    folder: str, service: str, operation: str, request_of: Json, cloud: Cloud
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(cloud.client(service, folder), operation)(**request_of)

    assert "AccessDenied" in refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(("service", "operation", "request_of"), [each[1:] for each in FORBIDDEN])
def test_whoever_may_do_everything_is_not_kept_from_it(
    service: str, operation: str, request_of: Json, cloud: Cloud
) -> None:
    getattr(cloud.root(service), operation)(**request_of)
