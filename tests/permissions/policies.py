"""Each function's environment and policy, as CloudFormation would make them of template.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from console.local_stack.intrinsics import ACCOUNT, REGION, STACK_NAME, Evaluator
from tests.template.reading import functions, policies, resources, template

Json = dict[str, Any]

BUS = "runs"
SHARE_OUT = f"{STACK_NAME}-share-out"
DEAD_LETTERS = "dead-letters"
# As a stack that does all that it can, and sweeps itself: what TTL-first adds is reading streams, for which
# Lambda asks before it invokes a function, and looking at how far that is, which a run does without.
# The emulator has no permission of the name that AWS has for deletes by PartiQL, and asks for
# dynamodb:ExecuteStatement instead: so functions delete by DeleteItem there.
EVERYTHING = {
    "EventBusName": BUS,
    "RotatedTokenGraceHours": 1,
    "MaxExecutionRecords": 1,
    "Deleter": "delete-item",
    "EmitRemovals": "true",
}
# The emulator asks for a permission of the request's name. To IAM a batch is so many messages ("Actions
# defined by Amazon SQS" in the service authorization reference).
NAMED_BY_THE_EMULATOR = {"sqs:SendMessage": "sqs:SendMessageBatch"}


def function_name(folder: str) -> str:
    """Return the logical id of a folder's function, which is its name here."""
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


def _attribute(name: str, attribute: str) -> str:
    if name.endswith("Function") and attribute == "Arn":
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    if (name, attribute) == ("DeadLetters", "Arn"):
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{DEAD_LETTERS}"
    return f"{name}.{attribute}"


def _evaluator(given: Mapping[str, object]) -> Evaluator:
    return Evaluator(template(), lambda name: name, _attribute, given)


def environment(folder: str, given: Mapping[str, object] = EVERYTHING) -> dict[str, str]:
    """Return the variables of a function with these parameters."""
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = functions()[folder].get("Environment", {}).get("Variables", {})
    evaluator = _evaluator(given)
    return {name: str(value) for name, value in evaluator.value({**shared, **own}).items()}


def statements(folder: str, given: Mapping[str, object] = EVERYTHING) -> list[Json]:
    """Return what a function may do with these parameters: statements of one action on one resource each."""
    evaluator = _evaluator(given)
    documents = [each["PolicyDocument"] for each in evaluator.value(policies(folder))]
    for policy in resources("AWS::IAM::Policy").values():
        met = "Condition" not in policy or evaluator.holds(policy["Condition"])
        if met and f"{function_name(folder)}Role" in evaluator.value(policy["Properties"]["Roles"]):
            documents.append(evaluator.value(policy["Properties"]["PolicyDocument"]))
    return [single for document in documents for single in _single(document)]


def _single(document: Json) -> Iterator[Json]:
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                # A condition is left out: the only one is events:source, which the emulator never knows.
                named = NAMED_BY_THE_EMULATOR.get(action, action)
                yield {"Effect": statement["Effect"], "Action": named, "Resource": resource}


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def document_of(allowed: list[Json]) -> str:
    """Return the policy of these statements as IAM takes it."""
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})
