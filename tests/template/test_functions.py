import pytest

from tests.template.reading import (
    CLEANUPS,
    FOLDERS,
    ROOT,
    SHARE_OUT_ARN,
    Cleanup,
    Json,
    functions,
    resources,
    template,
)


def logical_id(folder: str) -> str:
    return "".join(word.capitalize() for word in folder.split("_"))


def test_every_folder_of_functions_is_a_function_of_the_stack() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}

    assert folders == set(functions()) == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_is_named_after_its_folder(folder: str) -> None:
    body = resources("AWS::Serverless::Function")[f"{logical_id(folder)}Function"]

    assert body["Properties"]["CodeUri"] == f"functions/{folder}/"


def test_functions_share_one_runtime_one_handler_and_the_layers() -> None:
    shared = template()["Globals"]["Function"]

    assert shared["Runtime"] == "python3.13"
    assert shared["Handler"] == "app.handler"
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert shared["Layers"] == [{"Ref": "DependenciesLayer"}, {"Ref": "JobsLayer"}]
    assert shared["Tracing"] == "Active"


@pytest.mark.parametrize("cleanup", CLEANUPS, ids=FOLDERS[:4])
def test_a_cleanup_runs_on_the_schedule_of_its_parameter(cleanup: Cleanup) -> None:
    function = functions()[cleanup.folder]
    (event,) = function["Events"].values()
    grace = {"ROTATED_TOKEN_GRACE_HOURS": {"Ref": "RotatedTokenGraceHours"}}

    assert event["Type"] == "Schedule"
    assert event["Properties"]["Schedule"] == {"Ref": cleanup.schedule}
    assert function["EventInvokeConfig"]["MaximumEventAgeInSeconds"] == cleanup.interval_seconds
    assert function["Timeout"] < cleanup.interval_seconds
    assert function["Environment"]["Variables"] == {
        "EXPIRING_TABLE": {"Ref": cleanup.table},
        "EXPIRY_SHARDS": {"Ref": "ExpiryShards"},
        "DELETER": {"Ref": "Deleter"},
        "MAX_RECORDS_PER_RUN": {"Ref": cleanup.schedule.replace("Schedule", "MaxRecordsPerRun")},
        "MAX_WRITE_UNITS_PER_SECOND": {"Ref": cleanup.schedule.replace("Schedule", "MaxWriteUnitsPerSecond")},
        "RECONCILE_READ_UNITS_PER_SECOND": {"Ref": "ReconcileReadUnitsPerSecond"},
        "MILLION_WRITE_UNITS_PRICE": {"Ref": "MillionWriteUnitsPrice"},
        "MILLION_READ_UNITS_PRICE": {"Ref": "MillionReadUnitsPrice"},
        "CLEANUP_MODE": {"Ref": cleanup.schedule.replace("Schedule", "CleanupMode")},
        "TTL_PATIENCE_SECONDS": {"Ref": "TtlPatienceSeconds"},
        "STREAM_READER": {"Ref": "AccountRemovalsFunction"},
        "EMIT_REMOVALS": {"Ref": "EmitRemovals"},
        "SHARE_OUT_THRESHOLD": {"Ref": "ShareOutThreshold"},
        "SHARE_OUT_CONCURRENCY": {"Ref": "ShareOutConcurrency"},
        "SHARE_OUT_STATE_MACHINE": {"Fn::Sub": SHARE_OUT_ARN},
        **(grace if cleanup.folder == "cleanup_refresh_tokens" else {}),
    }


def test_every_function_can_be_pointed_at_engines_elsewhere() -> None:
    assert template()["Globals"]["Function"]["Environment"]["Variables"] == {
        "JOB_EXECUTIONS_TABLE": {"Ref": "JobExecutionsTableName"},
        "RETENTION_DAYS": {"Ref": "ExecutionRetentionDays"},
        "FAILURE_RETENTION_DAYS": {"Ref": "FailureRetentionDays"},
        "MAX_EXECUTION_RECORDS": {"Ref": "MaxExecutionRecords"},
        "DYNAMODB_ENDPOINT_URL": "",
        "LAMBDA_ENDPOINT_URL": "",
        "STEP_FUNCTIONS_ENDPOINT_URL": "",
        "EVENTS_ENDPOINT_URL": "",
        "EVENT_BUS_NAME": {
            "Fn::If": [
                "NamesEventBus",
                {"Ref": "EventBusName"},
                {"Fn::If": ["HasWebhook", {"Fn::Sub": "${AWS::StackName}-runs"}, ""]},
            ]
        },
        "STACK_NAME": {"Ref": "AWS::StackName"},
        "PUBLIC_URL": {"Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
        "POWERTOOLS_SERVICE_NAME": "barycenter_jobs",
        "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
    }


@pytest.mark.parametrize("folder", ["graphql_resolver", "http_api"])
def test_who_triggers_and_lists_jobs_knows_their_schedules_functions_and_tables(folder: str) -> None:
    expected: Json = {
        "EXPIRY_SHARDS": {"Ref": "ExpiryShards"},
        "OIDC_SCOPE_PREFIX": {"Ref": "JwtScopePrefix"},
    }
    if folder == "http_api":
        expected["GRAPHQL_INTROSPECTION"] = {"Ref": "GraphqlIntrospection"}
        client = {"Fn::If": ["HasPageClientId", {"Ref": "PageClientId"}, {"Ref": "JwtAudience"}]}
        expected |= {"OIDC_ISSUER": {"Ref": "JwtIssuer"}, "OIDC_CLIENT_ID": client}
        expected["OIDC_TOKEN_ORIGIN"] = {"Ref": "PageTokenOrigin"}
    for cleanup in CLEANUPS:
        job = cleanup.folder.replace("cleanup_", "cleanup_expired_").upper()
        expected[f"{job}_SCHEDULE"] = {"Ref": cleanup.schedule}
        expected[f"{job}_FUNCTION"] = {"Ref": f"{logical_id(cleanup.folder)}Function"}
        expected[f"{job}_TABLE"] = {"Ref": cleanup.table}

    assert functions()[folder]["Environment"]["Variables"] == expected


def test_the_watchdog_runs_every_minute_and_is_not_repeated() -> None:
    watchdog = functions()["watchdog"]
    (event,) = watchdog["Events"].values()

    assert event["Type"] == "Schedule"
    assert event["Properties"]["Schedule"] == "cron(* * * * ? *)"
    assert watchdog["EventInvokeConfig"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    assert watchdog["Timeout"] < 60


def test_the_watchdog_knows_the_schedules_that_are_deployed() -> None:
    expected = {}
    for cleanup in CLEANUPS:
        job = cleanup.folder.replace("cleanup_", "cleanup_expired_").upper()
        expected[f"{job}_SCHEDULE"] = {"Ref": cleanup.schedule}

    assert functions()["watchdog"]["Environment"]["Variables"] == expected


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_logs_to_a_group_of_its_own_that_forgets(folder: str) -> None:
    name = f"{logical_id(folder)}LogGroup"

    assert functions()[folder]["LoggingConfig"] == {"LogGroup": {"Ref": name}}
    assert resources("AWS::Logs::LogGroup")[name]["Properties"]["RetentionInDays"] == {
        "Ref": "LogRetentionDays"
    }


def test_every_log_group_forgets() -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert [name for name, body in groups.items() if "RetentionInDays" not in body["Properties"]] == []
