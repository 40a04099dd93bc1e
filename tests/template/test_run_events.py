"""The bus that hears of finished runs, and the webhook that hears of it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.run_events import DETAIL_TYPE, SOURCE
from console.local_stack.intrinsics import ACCOUNT, REGION, Evaluator
from tests.template.reading import FOLDERS, ROOT, Json, resources, template

RESOURCES = (
    ("AWS::Events::EventBus", "RunEventBus"),
    ("AWS::IAM::Policy", "TellOfRunsPolicy"),
    ("AWS::Events::Connection", "WebhookConnection"),
    ("AWS::Events::ApiDestination", "WebhookDestination"),
    ("AWS::Events::Rule", "WebhookRule"),
    ("AWS::IAM::Role", "WebhookRole"),
    ("AWS::SQS::Queue", "WebhookDeadLetters"),
    ("AWS::SQS::QueuePolicy", "WebhookDeadLettersPolicy"),
)
ANY_BUS, ANY_URL = ("none", "default", "events"), ("", "https://hooks.example.org/jobs")


def evaluator(**parameters: Any) -> Evaluator:  # noqa: ANN401 - parameters are of any type
    """Return what CloudFormation would make of the template with these parameters."""
    return Evaluator(template(), lambda name: name, lambda name, attribute: f"{name}.{attribute}", parameters)


def made(stack: Evaluator) -> set[str]:
    return {name for kind, name in RESOURCES if stack.holds(resources(kind)[name]["Condition"])}


def bus_of(stack: Evaluator) -> str:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    return str(stack.value(variables["EVENT_BUS_NAME"]))


def test_a_stack_without_parameters_tells_nobody() -> None:
    assert made(evaluator()) == set()
    assert bus_of(evaluator()) == ""


def test_a_bus_by_name_gets_events_and_no_webhook() -> None:
    stack = evaluator(EventBusName="default")

    assert made(stack) == {"TellOfRunsPolicy"}
    assert bus_of(stack) == "default"


def test_a_webhook_alone_makes_a_bus() -> None:
    stack = evaluator(WebhookUrl="https://hooks.example.org/jobs")

    assert made(stack) == {name for _, name in RESOURCES}
    assert bus_of(stack) == "local-runs"


@pytest.mark.parametrize(("bus", "url"), list(itertools.product(ANY_BUS, ANY_URL)))
def test_functions_may_put_events_where_they_put_them_and_the_rule_listens_there(bus: str, url: str) -> None:
    stack = evaluator(EventBusName=bus, WebhookUrl=url)
    if not bus_of(stack):
        assert (bus, url) == ("none", "")
        return
    policy = stack.value(resources("AWS::IAM::Policy")["TellOfRunsPolicy"]["Properties"]["PolicyDocument"])
    rule = stack.value(resources("AWS::Events::Rule")["WebhookRule"]["Properties"])
    own = stack.value(resources("AWS::Events::EventBus")["RunEventBus"]["Properties"])["Name"]

    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "events:PutEvents")
    assert statement["Resource"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus_of(stack)}"
    assert statement["Condition"] == {"StringEquals": {"events:source": SOURCE}}
    assert {"RunEventBus": own}.get(rule["EventBusName"], rule["EventBusName"]) == bus_of(stack)


def test_every_function_that_ends_runs_may_tell_of_them() -> None:
    """Which leaves what accounts for TTL's removals: it tells of those, where that is asked for."""
    roles = resources("AWS::IAM::Policy")["TellOfRunsPolicy"]["Properties"]["Roles"]
    removals = {"Ref": "AccountRemovalsFunctionRole"}

    assert [role for role in roles if "Ref" not in role] == [
        {"Fn::If": ["EmitsRemovals", removals, {"Ref": "AWS::NoValue"}]}
    ]
    assert sorted(role["Ref"] for role in roles if "Ref" in role) == sorted(
        "".join(word.capitalize() for word in folder.split("_")) + "FunctionRole"
        for folder in FOLDERS
        if folder != "account_removals"
    )


def test_the_webhook_hears_of_this_stacks_runs_by_their_status() -> None:
    pattern = resources("AWS::Events::Rule")["WebhookRule"]["Properties"]["EventPattern"]
    event = json.loads((ROOT / "events" / "bus_run_finished.json").read_text())

    assert pattern == {
        "source": [SOURCE],
        "detail-type": [DETAIL_TYPE],
        "detail": {"log": [{"Ref": "JobExecutionsTableName"}], "status": {"Ref": "WebhookStatuses"}},
    }
    assert pattern["detail"].keys() <= event["detail"].keys()
    statuses = template()["Parameters"]["WebhookStatuses"]
    assert statuses["Type"] == "CommaDelimitedList"
    assert set(statuses["Default"].split(",")) == {status.value for status in Status} - {"running"}


def test_what_the_webhook_does_not_take_is_kept() -> None:
    (target,) = resources("AWS::Events::Rule")["WebhookRule"]["Properties"]["Targets"]
    queue = resources("AWS::SQS::Queue")["WebhookDeadLetters"]["Properties"]
    policy: Json = resources("AWS::SQS::QueuePolicy")["WebhookDeadLettersPolicy"]["Properties"]
    allow, deny = policy["PolicyDocument"]["Statement"]

    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["WebhookDeadLetters", "Arn"]}}
    assert queue == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 1_209_600}
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["WebhookRule", "Arn"]}}}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_rule_may_call_the_webhook_and_nothing_else() -> None:
    (policy,) = resources("AWS::IAM::Role")["WebhookRole"]["Properties"]["Policies"]

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "events:InvokeApiDestination",
            "Resource": {"Fn::GetAtt": ["WebhookDestination", "Arn"]},
        }
    ]


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ({"WebhookSecret": "Bearer abc"}, "Bearer abc"),
        ({"WebhookSecretArn": "jobs/webhook"}, "{{resolve:secretsmanager:jobs/webhook}}"),
    ],
)
def test_the_secret_is_given_or_kept_elsewhere(parameters: dict[str, str], key: str) -> None:
    stack = evaluator(WebhookUrl="https://hooks.example.org/jobs", **parameters)
    connection = stack.value(resources("AWS::Events::Connection")["WebhookConnection"]["Properties"])

    assert connection["AuthParameters"]["ApiKeyAuthParameters"] == {
        "ApiKeyName": "Authorization",
        "ApiKeyValue": key,
    }
    assert template()["Parameters"]["WebhookSecret"]["NoEcho"] is True


@pytest.mark.parametrize(
    ("parameters", "accepted"),
    [
        ({"WebhookSecret": "Bearer abc"}, True),
        ({"WebhookSecretArn": "jobs/webhook"}, True),
        ({}, False),
    ],
)
def test_a_webhook_without_a_secret_is_refused(parameters: dict[str, str], accepted: bool) -> None:
    rule = template()["Rules"]["WebhookHasASecret"]
    stack = evaluator(WebhookUrl="https://hooks.example.org/jobs", **parameters)
    (assertion,) = rule["Assertions"]

    assert stack.value(rule["RuleCondition"]) is True
    assert stack.value(assertion["Assert"]) is accepted
    assert evaluator().value(rule["RuleCondition"]) is False
