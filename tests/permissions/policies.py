"""Each function's environment and policy, as CloudFormation would make them of template.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from console.local_stack.intrinsics import ACCOUNT, REGION, STACK_NAME, Evaluator
from tests.template.reading import FOLDERS, functions, resources, template

Json = dict[str, Any]

BUS = "runs"
SHARE_OUT = f"{STACK_NAME}-share-out"
# What an emulator must be told and AWS need not. It has no permission of the name that AWS has for deletes by
# PartiQL, and asks for dynamodb:ExecuteStatement instead: so functions delete by DeleteItem there.
CHANGED = {"DELETER": "delete-item"}


def function_name(folder: str) -> str:
    """Return the logical id of a folder's function, which is its name here."""
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


def _attribute(name: str, attribute: str) -> str:
    if name.endswith("Function") and attribute == "Arn":
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return f"{name}.{attribute}"


def _evaluator() -> Evaluator:
    parameters = {
        **template()["Parameters"],
        "EventBusName": {"Type": "String", "Default": BUS},
        "RotatedTokenGraceHours": {"Type": "Number", "Default": 1},
        "MaxExecutionRecords": {"Type": "Number", "Default": 1},
    }
    roles = {f"{function_name(folder)}Role": {"Type": "AWS::IAM::Role"} for folder in FOLDERS}
    document = {
        **template(),
        "Parameters": parameters,
        "Resources": {**template()["Resources"], **roles},  # those that SAM makes
    }
    return Evaluator(document, lambda name: name, _attribute)


def environment(folder: str) -> dict[str, str]:
    """Return the variables of a function."""
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = functions()[folder].get("Environment", {}).get("Variables", {})
    given = {name: str(value) for name, value in _evaluator().value({**shared, **own}).items()}
    return {**given, **{name: value for name, value in CHANGED.items() if name in given}}


def statements(folder: str) -> list[Json]:
    """Return what a function may do: statements of one action on one resource each."""
    documents = [policy for policy in functions()[folder]["Policies"] if "Statement" in policy]
    documents += [
        policy["Properties"]["PolicyDocument"]
        for policy in resources("AWS::IAM::Policy").values()
        if {"Ref": f"{function_name(folder)}Role"} in policy["Properties"]["Roles"]
    ]
    resolved = _evaluator().value(documents)
    return [single for document in resolved for single in _single(document)]


def _single(document: Json) -> Iterator[Json]:
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                # A condition is left out: the only one is events:source, which the emulator never knows.
                yield {"Effect": statement["Effect"], "Action": action, "Resource": resource}


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def document_of(allowed: list[Json]) -> str:
    """Return the policy of these statements as IAM takes it."""
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})
