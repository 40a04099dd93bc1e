"""The alarms: every one on a metric that there is, told to somebody, and explained in the runbook."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
from barycenter_jobs.core.executions import Backlog, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.health import health_of
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.core.watched import Watched, measurements
from tests.template.alarms import STACK, Alarm, alarms
from tests.template.reading import FOLDERS, ROOT, Json, functions, nested, resources, template

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
OF_A_JOB = {
    "Failed",
    "Late",
    "Stuck",
    "DiedSilently",
    "BreakerTripped",
    "QuarantineGrowing",
    "BacklogGrowing",
    "NotTold",
}
OF_A_FUNCTION = {"Throttled", "NearTimeout"}
OF_THE_STACK = {
    "WatchdogSilent",
    "WatchdogFailing",
    "DeadLettersWaiting",
    "WebhookDeadLettersWaiting",
    "RemovalsBehind",
    "ShareOutFailed",
    "HttpApiFailing",
    "GraphqlApiFailing",
    "ErrorsLogged",
}
PAGING = OF_A_JOB - {"QuarantineGrowing", "BacklogGrowing", "NotTold"}
# What whatever ends a run tells, and only when something is wrong; the watchdog tells all else every minute.
BY_RUNS = {"NotTold"}
QUEUES = {"DeadLettersWaiting", "WebhookDeadLettersWaiting"}
# AWS's own metrics, each with the dimensions that it has (the services' "CloudWatch metrics" pages).
OF_AWS = {
    ("AWS/Lambda", "Throttles"): ["FunctionName"],
    ("AWS/Lambda", "Duration"): ["FunctionName"],
    ("AWS/Lambda", "Errors"): ["FunctionName"],
    ("AWS/Lambda", "IteratorAge"): ["FunctionName"],
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ["QueueName"],
    ("AWS/States", "ExecutionsFailed"): ["StateMachineArn"],
    ("AWS/ApiGateway", "Count"): ["ApiId"],
    ("AWS/ApiGateway", "4xx"): ["ApiId"],
    ("AWS/ApiGateway", "5xx"): ["ApiId"],
    ("AWS/AppSync", "4XXError"): ["GraphQLAPIId"],
    ("AWS/AppSync", "5XXError"): ["GraphQLAPIId"],
}
PERIODS = (10, 30, *range(60, 86_401, 60))  # seconds, what CloudWatch takes
ALARMS = alarms()


def named(logical_id: str) -> list[Alarm]:
    return [alarm for alarm in ALARMS if alarm.logical_id == logical_id]


def what_the_watchdog_tells(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """The metrics of a job in the embedded format, each with its dimensions."""
    start = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event").recorded(1, 1, NOON)
    run = start.finished(Status.SUCCESS, NOON, backlog=Backlog(1))
    schedule = parse("cron(0 * * * ? *)")
    health = health_of(SESSIONS, schedule, NOON, watched_since=NOON, last_run=run, last_success=run)
    EmbeddedMetrics(STACK).show(
        SESSIONS,
        measurements(Watched([], [health], {SESSIONS.name: [run]}), SESSIONS, NOON + timedelta(minutes=1)),
    )
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "BarycenterJobs"
    (dimensions,) = directive["Dimensions"]
    assert {name: line[name] for name in dimensions} == {"job": SESSIONS.name, "stack": STACK}
    return {metric["Name"]: dimensions for metric in directive["Metrics"]}


def test_every_alarm_watches_a_metric_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    told = what_the_watchdog_tells(capsys)

    for alarm in ALARMS:
        given = [dimension["Name"] for dimension in alarm.properties.get("Dimensions", [])]
        if alarm.properties["Namespace"] == "BarycenterJobs":
            # RunsNotTold and what a job's alarms compare: tests/template/test_told_metrics.py.
            assert given == told.get(alarm.properties["MetricName"], ["job", "stack"]), alarm.name
        elif alarm.logical_id == "ErrorsLogged":
            assert given == []  # a filter's, see below
        else:
            assert given == OF_AWS[alarm.properties["Namespace"], alarm.properties["MetricName"]], alarm.name


def test_every_job_and_every_function_has_its_alarms() -> None:
    of_jobs = {
        (str(each["Value"]), alarm.logical_id)
        for alarm in ALARMS
        for each in alarm.properties.get("Dimensions", [])
    }
    assert of_jobs >= {(job.name, logical_id) for job in JOBS for logical_id in OF_A_JOB}

    for folder in FOLDERS:
        found = {alarm.logical_id for alarm in ALARMS if alarm.name.startswith(f"{STACK}-{folder}-")}
        assert found - OF_THE_STACK == OF_A_FUNCTION

    assert {alarm.logical_id for alarm in ALARMS} == OF_A_JOB | OF_A_FUNCTION | OF_THE_STACK
    assert len(ALARMS) == 4 * len(OF_A_JOB) + 8 * len(OF_A_FUNCTION) + len(OF_THE_STACK)


def test_metrics_are_those_of_this_stack() -> None:
    for alarm in ALARMS:
        dimensions = {each["Name"]: each["Value"] for each in alarm.properties.get("Dimensions", [])}
        if alarm.properties["Namespace"] == "BarycenterJobs":
            assert dimensions["stack"] == STACK
            assert dimensions["job"] in {job.name for job in JOBS}

    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert shared["STACK_NAME"] == {"Ref": "AWS::StackName"}


def test_what_the_functions_behind_the_apis_log_as_errors_is_counted() -> None:
    (alarm,) = named("ErrorsLogged")
    filters = [body["Properties"] for body in resources("AWS::Logs::MetricFilter").values()]

    assert {each["LogGroupName"]["Ref"] for each in filters} == {
        functions()[folder]["LoggingConfig"]["LogGroup"]["Ref"] for folder in ("graphql_resolver", "http_api")
    }
    # As Powertools names the severity of a line, and as Lambda tells of what Powertools cannot.
    patterns = [(each["LogGroupName"]["Ref"], each["FilterPattern"]) for each in filters]
    assert sorted(patterns) == [
        (
            "GraphqlResolverLogGroup",
            '?"[ERROR] Runtime." ?"Error Type: Runtime." ?"Task timed out" ?"[ERROR] InvalidSetting"',
        ),
        ("GraphqlResolverLogGroup", '{ $.level = "ERROR" }'),
        ("HttpApiLogGroup", '{ $.level = "ERROR" }'),
    ]
    for each in filters:
        (transformation,) = each["MetricTransformations"]
        assert transformation["MetricName"] == alarm.properties["MetricName"]
        assert transformation["MetricNamespace"] == {"Fn::Sub": "BarycenterJobs/${AWS::StackName}"}
    assert alarm.properties["Namespace"] == f"BarycenterJobs/{STACK}"


def test_no_two_alarms_share_a_name() -> None:
    names = [alarm.name for alarm in ALARMS]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(rf"{STACK}-[a-z_-]+", name) for name in names)


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_an_alarm_and_its_recovery_are_told(alarm: Alarm) -> None:
    topic = {"Ref": "AlarmTopic"}

    assert alarm.properties["AlarmActions"] == alarm.properties["OKActions"] == [topic]
    assert f"Runbook: docs/operations.md, {alarm.logical_id}." in alarm.properties["AlarmDescription"]
    assert len(alarm.properties["AlarmDescription"]) <= 1024


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_cloudwatch_takes_the_alarm(alarm: Alarm) -> None:
    properties = alarm.properties

    assert properties["Period"] in PERIODS
    assert properties["Period"] * properties["EvaluationPeriods"] <= 86_400
    assert properties.get("DatapointsToAlarm", 1) <= properties["EvaluationPeriods"]
    assert properties["Statistic"] in {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
    assert properties["TreatMissingData"] in {"breaching", "notBreaching", "ignore", "missing"}


def test_who_says_nothing_is_late_and_what_was_wrong_stays_wrong() -> None:
    """The watchdog's silence is an alarm, and no recovery of any other."""
    for alarm in ALARMS:
        if alarm.logical_id in QUEUES:
            # SQS falls silent after six hours in which nobody touched the queue, whatever waits in it.
            assert alarm.properties["TreatMissingData"] == "ignore"
        elif alarm.properties["Namespace"] == "BarycenterJobs" and alarm.logical_id not in {
            "DiedSilently",
            *BY_RUNS,
        }:
            silent = "breaching" if alarm.logical_id in {"Late", "WatchdogSilent"} else "ignore"
            assert alarm.properties["TreatMissingData"] == silent
        else:
            assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_the_watchdog_is_silent_when_it_has_said_nothing_for_five_minutes() -> None:
    (alarm,) = named("WatchdogSilent")

    assert alarm.properties["Statistic"] == "SampleCount"
    assert (alarm.properties["ComparisonOperator"], alarm.properties["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm.properties["Period"] * alarm.properties["EvaluationPeriods"] == 300


def test_a_job_that_is_in_time_and_well_raises_nothing() -> None:
    """Each alarm of a job compares with what the watchdog says of a job that is well."""
    run = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event").recorded(1, 1, NOON)
    run = run.finished(Status.SUCCESS, NOON, backlog=Backlog(0))
    health = health_of(SESSIONS, parse("cron(0 * * * ? *)"), NOON, watched_since=NOON)
    watched = Watched([], [health], {SESSIONS.name: [run]})
    shown = {each.name: each.value for each in measurements(watched, SESSIONS, NOON)}
    defaults = {name: body["Default"] for name, body in template()["Parameters"].items()}

    for logical_id in OF_A_JOB - BY_RUNS:
        for alarm in named(logical_id):
            threshold = alarm.properties["Threshold"]
            threshold = defaults[threshold["Ref"]] if isinstance(threshold, dict) else threshold
            value = shown[alarm.properties["MetricName"]]
            raised = {
                "GreaterThanThreshold": value > threshold,
                "GreaterThanOrEqualToThreshold": value >= threshold,
            }
            assert not raised[alarm.properties["ComparisonOperator"]], alarm.name


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_invocation_is_near_its_timeout_only_after_its_work_should_be_done(folder: str) -> None:
    (alarm,) = [alarm for alarm in named("NearTimeout") if alarm.name == f"{STACK}-{folder}-near-timeout"]
    timeout = functions()[folder]["Timeout"] * 1000
    # A sweep stops 15 seconds before the timeout, and then writes its record.
    done = timeout - 12_000 if folder.startswith("cleanup_") else timeout * 0.7

    assert done < alarm.properties["Threshold"] < timeout
    logical_id = "".join(word.capitalize() for word in folder.split("_"))
    assert alarm.properties["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": f"{logical_id}Function"}}
    ]


def test_a_run_is_not_stuck_before_its_function_would_have_been_stopped() -> None:
    longest = max(function["Timeout"] for function in functions().values())
    parameter = template()["Parameters"]["StuckAfterMinutes"]

    assert parameter["MinValue"] * 60 > longest
    assert parameter["Default"] >= parameter["MinValue"]


def test_somebody_is_paged_once_for_all_that_should_wake_them() -> None:
    (composite,) = resources("AWS::CloudWatch::CompositeAlarm").values()
    rule: Any = nested("monitoring/job_alarms.yaml")["Outputs"]["PagingRule"]["Value"]["Fn::Sub"]
    (glue, parts) = composite["Properties"]["AlarmRule"]["Fn::Join"]

    assert glue == " OR "
    assert parts == [
        *(
            {"Fn::GetAtt": [f"{kind}Alarms", "Outputs.PagingRule"]}
            for kind in ("Sessions", "RefreshTokens", "Challenges", "DeviceCodes")
        ),
        {"Fn::Sub": 'ALARM("${WatchdogSilent}")'},
    ]
    terms = rule.split(" OR ")
    assert sorted(terms) == sorted(f'ALARM("${{{name}}}")' for name in PAGING)
    assert composite["Condition"] == "HasPager"
    assert composite["Properties"]["AlarmActions"] == composite["Properties"]["OKActions"]
    assert composite["Properties"]["AlarmActions"] == [{"Ref": "PagingTopic"}]


def subscription(logical_id: str) -> Json:
    body: Json = resources("AWS::SNS::Subscription")[logical_id]
    return body


def test_mails_tell_of_every_alarm_and_the_pager_of_those_that_wake() -> None:
    mail, pager = subscription("AlarmEmailSubscription"), subscription("PagerSubscription")

    assert (mail["Condition"], pager["Condition"]) == ("HasAlarmEmail", "HasPager")
    assert mail["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }
    assert pager["Properties"] == {
        "TopicArn": {"Ref": "PagingTopic"},
        "Protocol": "https",
        "Endpoint": {"Ref": "AlarmHttpsEndpoint"},
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
    }


def test_topics_are_encrypted_with_a_key_that_lets_cloudwatch_in() -> None:
    for topic in resources("AWS::SNS::Topic").values():
        assert topic["Properties"]["KmsMasterKeyId"] == {"Ref": "AlarmKey"}
    (key,) = resources("AWS::KMS::Key").values()
    (cloudwatch,) = [
        statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]

    assert cloudwatch["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert cloudwatch["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert key["Properties"]["EnableKeyRotation"] is True


def test_the_deployment_page_counts_what_is_paid_for(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()
    always = [alarm for alarm in ALARMS if not alarm.optional]
    of_jobs, of_functions = (
        sum(alarm.logical_id in kind for alarm in always) for kind in (OF_A_JOB, OF_A_FUNCTION)
    )
    assert {alarm.logical_id for alarm in ALARMS if alarm.optional} == {
        "NotTold",
        "WebhookDeadLettersWaiting",
    }
    of_the_stack = len(always) - of_jobs - of_functions
    metrics = len(what_the_watchdog_tells(capsys))

    assert (
        f"| {of_jobs} of jobs, {of_functions} of functions, {of_the_stack} of the stack, at 0.10 each |"
        in text
    )
    assert f"| {(of_jobs + of_functions + of_the_stack) * 0.1:.2f} |" in text
    assert f"| {metrics} a job, at 0.30 each | {metrics * len(JOBS) * 0.3:.2f} |" in text


@pytest.mark.parametrize("logical_id", sorted(OF_A_JOB | OF_A_FUNCTION | OF_THE_STACK | {"CleanupUnhealthy"}))
def test_the_runbook_has_an_entry_that_says_what_to_do(logical_id: str) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    (entry,) = re.findall(rf"^### {logical_id}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)

    for part in ("**Means:**", "**Look at:**", "**Do:**"):
        assert part in entry


def test_the_runbook_has_no_entry_for_an_alarm_that_is_gone() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    (runbook,) = re.findall(r"^## Runbook\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)

    entries = re.findall(r"^### (\w+)$", runbook, re.MULTILINE)
    assert sorted(entries) == sorted(OF_A_JOB | OF_A_FUNCTION | OF_THE_STACK | {"CleanupUnhealthy"})
