from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.reading import (
    CLEANUPS,
    FOLDERS,
    SHARE_OUT_ARN,
    Cleanup,
    Json,
    functions,
    policies,
    resources,
)

Permission = tuple[str, str]

TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
CLEARING = {"dynamodb:BatchGetItem", "dynamodb:DeleteItem"}
EXECUTIONS = f"{TABLE}${{JobExecutionsTableName}}"
WRITING = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
RECORDING = WRITING | {"dynamodb:ConditionCheckItem"}
SWEEPING = {"dynamodb:DescribeTable", "dynamodb:Scan", "dynamodb:PartiQLDelete", "dynamodb:DeleteItem"}
# Conditions leave out what a stack does not do; tests/permissions holds them to its parameters.
STAMPING = {"dynamodb:UpdateItem"}

# Where AWS leaves no choice: the log group of an AppSync API carries an id that the API gets after its role.
# An index of the one table that is read in every way is the other exception, and the third is what a state
# machine needs to log and to trace: AWS knows no resource for log deliveries and for traces.
# Lambda lists the streams of a table before it reads one, which is known by the moment at which it was
# switched on.
STREAMS = {f"{TABLE}${{{cleanup.table}}}/stream/*" for cleanup in CLEANUPS}
LABELLED_STREAMS = {
    f"{TABLE}${{{cleanup.table}}}/stream/${{{cleanup.schedule.removesuffix('Schedule')}StreamLabel}}"
    for cleanup in CLEANUPS
}
OWN_STREAMS = {f"{cleanup.table.removesuffix('Name')}.StreamArn" for cleanup in CLEANUPS}
WILDCARDS = {
    "*",
    *STREAMS,
    f"{EXECUTIONS}/index/*",
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/appsync/apis/*",
}
ON_ANYTHING = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}


def as_list(value: str | Json | list[str | Json]) -> list[str | Json]:
    return value if isinstance(value, list) else [value]


def arn(resource: str | Json) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::Sub" in resource:
        return str(resource["Fn::Sub"])
    return ".".join(resource["Fn::GetAtt"])


def permissions(given: list[Json]) -> Iterator[Permission]:
    """Yield all that policies may grant, whatever the stack's conditions leave of it."""
    for policy in either(given):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in either(as_list(statement["Action"])):
                for resource in either(as_list(statement["Resource"])):
                    yield str(action), arn(resource)


def either(values: list[Any]) -> Iterator[Any]:
    """Yield values with both branches in the place of each Fn::If."""
    for value in values:
        if isinstance(value, dict) and "Fn::If" in value:
            yield from either(value["Fn::If"][1:])
        elif value != {"Ref": "AWS::NoValue"}:
            yield value


def of_every_function(folder: str) -> set[Permission]:
    """To write its own log, and traces, which are no resources."""
    log_group = functions()[folder]["LoggingConfig"]["LogGroup"]["Ref"]
    return {
        ("logs:CreateLogStream", f"{log_group}.Arn"),
        ("logs:PutLogEvents", f"{log_group}.Arn"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    }


@pytest.mark.parametrize("cleanup", CLEANUPS, ids=FOLDERS[:4])
def test_a_cleanup_may_touch_its_own_table_record_its_runs_and_share_them_out(cleanup: Cleanup) -> None:
    own_table = f"{TABLE}${{{cleanup.table}}}"
    expected = (
        {(action, own_table) for action in SWEEPING | STAMPING}
        | {("dynamodb:Query", f"{own_table}/index/expiry-index")}
        | {(action, EXECUTIONS) for action in RECORDING | {"dynamodb:Query"}}
        | {("states:StartExecution", SHARE_OUT_ARN)}
        | {("cloudwatch:GetMetricStatistics", "*")}
        | {("sqs:SendMessage", "DeadLetters.Arn")}
        | of_every_function(cleanup.folder)
    )
    if cleanup.folder == "cleanup_refresh_tokens":
        expected |= {("dynamodb:Query", f"{own_table}/index/rotation-index")}

    assert set(permissions(policies(cleanup.folder))) == expected


def test_what_accounts_for_removals_reads_streams_and_writes_the_accounts() -> None:
    reading = ("DescribeStream", "GetRecords", "GetShardIterator")

    assert set(permissions(policies("account_removals"))) == (
        {(f"dynamodb:{action}", stream) for action in reading for stream in OWN_STREAMS | LABELLED_STREAMS}
        | {("dynamodb:ListStreams", streams) for streams in STREAMS}
        | {(f"dynamodb:{action}", EXECUTIONS) for action in ("Query", "PutItem", "UpdateItem")}
        | {("sqs:SendMessage", "DeadLetters.Arn")}
        | of_every_function("account_removals")
    )


def test_the_watchdog_may_close_runs_note_schedules_read_what_health_is_made_of_and_prune() -> None:
    indexes = ("by-start", "by-job", "by-status", "by-job-and-status")

    assert set(permissions(policies("watchdog"))) == (
        {(f"dynamodb:{action}", EXECUTIONS) for action in ("GetItem", "PutItem", "UpdateItem", "Query")}
        | {(action, EXECUTIONS) for action in CLEARING}
        | {("dynamodb:Query", f"{EXECUTIONS}/index/{index}") for index in indexes}
        | of_every_function("watchdog")
    )


@pytest.mark.parametrize("folder", ["graphql_resolver", "http_api"])
def test_an_api_may_keep_the_log_list_expired_keys_and_start_the_four_jobs(folder: str) -> None:
    expected = (
        {(action, EXECUTIONS) for action in WRITING | CLEARING | {"dynamodb:Query"}}
        | {("dynamodb:Query", f"{EXECUTIONS}/index/*")}
        | {("dynamodb:Query", f"{TABLE}${{{cleanup.table}}}/index/expiry-index") for cleanup in CLEANUPS}
        | {
            ("lambda:InvokeFunction", f"{name}.Arn")
            for name in resources("AWS::Serverless::Function")
            if name.startswith("Cleanup")
        }
        | of_every_function(folder)
    )

    assert set(permissions(policies(folder))) == expected


def test_appsync_may_invoke_only_the_resolver() -> None:
    (policy,) = resources("AWS::IAM::Role")["GraphqlDataSourceRole"]["Properties"]["Policies"]

    assert list(permissions([policy])) == [("lambda:InvokeFunction", "GraphqlResolverFunction.Arn")]


def test_the_state_machine_may_invoke_only_the_cleanups() -> None:
    granted = set(permissions(resources("AWS::IAM::Role")["ShareOutRole"]["Properties"]["Policies"]))

    assert {(action, resource) for action, resource in granted if resource != "*"} == {
        ("lambda:InvokeFunction", f"{name}.Arn")
        for name in resources("AWS::Serverless::Function")
        if name.startswith("Cleanup")
    }
    assert {action for action, resource in granted if resource == "*"} == ON_ANYTHING


def test_only_the_reconcile_rule_and_the_api_may_invoke_functions_from_outside_sams_events() -> None:
    allowed = [
        body["Properties"]
        for name, body in resources("AWS::Lambda::Permission").items()
        if name != "HttpApiPermission"
    ]

    assert {one["FunctionName"]["Ref"] for one in allowed} == {
        name for name in resources("AWS::Serverless::Function") if name.startswith("Cleanup")
    }
    for one in allowed:
        assert one["Action"] == "lambda:InvokeFunction"
        assert one["Principal"] == "events.amazonaws.com"
        assert one["SourceArn"] == {"Fn::GetAtt": ["ReconcileRule", "Arn"]}


def test_nothing_is_granted_by_wildcard_where_a_name_would_do() -> None:
    given = []
    for role in resources("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
        given += role["Properties"]["Policies"]
    granted = set(permissions(given))

    assert {action for action, _ in granted if "*" in action} == set()
    assert {resource for _, resource in granted if "*" in resource} == WILDCARDS
    assert {action for action, resource in granted if resource == "*"} == {
        *ON_ANYTHING,
        "cloudwatch:GetMetricStatistics",  # CloudWatch knows no resources for it
    }


def test_only_this_accounts_services_may_take_their_roles() -> None:
    for name, role in resources("AWS::IAM::Role").items():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if name.endswith("FunctionRole"):
            # Who may make a function in this account may hand it a role; nobody from elsewhere may.
            assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
            continue
        service = {"ShareOutRole": "states", "WebhookRole": "events"}.get(name, "appsync")
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
