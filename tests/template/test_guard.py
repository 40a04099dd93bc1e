"""AWS's rules for templates: what breaks one is found, and every exception is named, explained and needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from guard.checking import (
    ANY,
    Breach,
    GuardDidNotRun,
    Verdict,
    needless,
    read_exceptions,
    unexcused,
    unpacked,
    verdict,
)
from tests.template.reading import ROOT, Json, template

EXCEPTIONS = ROOT / "guard" / "exceptions.yaml"
GUARD = ROOT / ".venv" / "guard"
OPEN = Breach("routes_are_closed", "OpenRoute")
FOUND = Verdict(frozenset({"routes_are_closed", "keys_rotate"}), {OPEN: "template.yaml"})


def test_what_breaks_a_rule_is_wrong_unless_it_is_excused() -> None:
    assert unexcused(FOUND, {}) == {OPEN: "template.yaml"}
    assert unexcused(FOUND, {"routes_are_closed": ["AnotherRoute"]}) == {OPEN: "template.yaml"}
    assert unexcused(FOUND, {"keys_rotate": [ANY]}) == {OPEN: "template.yaml"}
    assert unexcused(FOUND, {"routes_are_closed": ["OpenRoute"]}) == {}
    assert unexcused(FOUND, {"routes_are_closed": [ANY]}) == {}


def test_an_exception_that_nothing_needs_is_wrong() -> None:
    assert needless(FOUND, {"routes_are_closed": ["OpenRoute"]}) == []
    assert needless(FOUND, {"routes_are_closed": [ANY]}) == []
    assert needless(FOUND, {"routes_are_closed": ["OpenRoute", "AnotherRoute"]}) == [
        Breach("routes_are_closed", "AnotherRoute")
    ]
    assert needless(FOUND, {"keys_rotate": [ANY]}) == [Breach("keys_rotate", ANY)]


@pytest.mark.parametrize("data", [None, ["keys_rotate"], {"keys_rotate": "any resource"}])
def test_exceptions_of_another_form_are_refused(data: object) -> None:
    with pytest.raises(GuardDidNotRun, match="lists of resources"):
        read_exceptions(data)


def test_every_exception_says_why_and_names_resources_that_there_are() -> None:
    text = EXCEPTIONS.read_text()
    exceptions = read_exceptions(yaml.safe_load(text))

    for rule, names in exceptions.items():
        assert re.search(rf"^\n(# .+\n)+{rule}: ", text, re.MULTILINE), rule
        assert set(names) <= template()["Resources"].keys() | {ANY}


BAD: Json = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {
        "Open": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": "api", "RouteKey": "GET /", "AuthorizationType": "NONE"},
        },
        "Plain": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": False}},
        "Fixed": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": False, "KeyPolicy": {}}},
        "Mighty": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                }
            },
        },
        "Anybodys": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": "function", "Principal": "*"},
        },
    },
}


class Bad(NamedTuple):
    """A template that nobody should approve."""

    name: str = "bad"
    body: Json = BAD


@pytest.mark.skipif(not (GUARD / "ready").exists(), reason="make audit has not set up cfn-guard here")
def test_a_bad_template_breaks_the_rules(tmp_path: Path) -> None:
    found = verdict(unpacked(GUARD), [Bad()], tmp_path)

    assert set(found.breaches) >= {
        Breach("api_gw_v2_authorization_type_configured_check", "Open"),
        Breach("sqs_queue_encrypted_check", "Plain"),
        Breach("kms_key_rotation_enabled_check", "Fixed"),
        Breach("iam_managed_policy_no_statements_with_admin_access_check", "Mighty"),
        Breach("lambda_function_public_access_prohibited_check", "Anybodys"),
    }
