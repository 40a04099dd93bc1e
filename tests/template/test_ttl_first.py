"""Where TTL goes first: its attribute, the stream, who reads it and what that reader gets."""

from __future__ import annotations

import json

import pytest

from tests.removals.mapping import passes_the_filter
from tests.removals.stream import removed_by_ttl, removed_by_user
from tests.template.reading import resources, template

KINDS = {
    "Sessions": ("SessionsTable", "SessionsTableName"),
    "RefreshTokens": ("RefreshTokensTable", "RefreshTokensTableName"),
    "Challenges": ("WebauthnChallengesTable", "WebauthnChallengesTableName"),
    "DeviceCodes": ("DeviceCodesTable", "DeviceCodesTableName"),
}
STREAM = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_a_kind_gets_ttl_for_its_expiry_and_a_stream_of_old_images(kind: str) -> None:
    table = resources("AWS::DynamoDB::Table")[KINDS[kind][0]]["Properties"]

    condition, ttl, otherwise = table["TimeToLiveSpecification"]["Fn::If"]
    assert condition == f"{kind}TtlFirst"
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}
    assert otherwise == {"AttributeName": "ttl", "Enabled": True}
    assert table["StreamSpecification"]["Fn::If"] == [
        f"{kind}TtlFirst",
        {"StreamViewType": "OLD_IMAGE"},
        {"Ref": "AWS::NoValue"},
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_its_stream_is_read_from_the_beginning_and_nothing_is_given_up_in_haste(kind: str) -> None:
    table, name = KINDS[kind]
    mapping = resources("AWS::Lambda::EventSourceMapping")[f"{kind}Removals"]
    properties = mapping["Properties"]

    assert mapping["Condition"] == f"{kind}StreamRead"
    assert properties["FunctionName"] == {"Ref": "AccountRemovalsFunction"}
    assert properties["EventSourceArn"]["Fn::If"] == [
        "MakesProviderTables",
        {"Fn::GetAtt": [table, "StreamArn"]},
        {"Fn::Sub": f"{STREAM}${{{name}}}/stream/${{{kind}StreamLabel}}"},
    ]
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["MaximumRetryAttempts"] == -1
    assert 3600 < properties["MaximumRecordAgeInSeconds"] < 86_400
    assert properties["DestinationConfig"] == {
        "OnFailure": {"Destination": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
    }


@pytest.mark.parametrize("kind", KINDS)
def test_its_reader_gets_what_ttl_removed_and_nothing_else(kind: str) -> None:
    mapping = resources("AWS::Lambda::EventSourceMapping")[f"{kind}Removals"]["Properties"]
    (only,) = mapping["FilterCriteria"]["Filters"]

    assert json.loads(only["Pattern"]) == {
        "eventName": ["REMOVE"],
        "userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]},
    }
    assert passes_the_filter(removed_by_ttl("key", 1))
    assert not passes_the_filter(removed_by_user("key", 1))


def test_every_kind_is_swept_unless_asked_otherwise() -> None:
    for kind in KINDS:
        parameter = template()["Parameters"][f"{kind}CleanupMode"]
        assert (parameter["Default"], parameter["AllowedValues"]) == ("sweep", ["sweep", "ttl-first"])


def test_removals_are_told_of_only_where_there_is_a_bus() -> None:
    rule = template()["Rules"]["RemovalsHaveABus"]

    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "EmitRemovals"}, "true"]}
