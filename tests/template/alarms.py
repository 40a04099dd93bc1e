"""Every alarm that a deployed stack has, its nested stacks' parameters filled in."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.template.reading import Json, nested, resources

STACK = "barycenter-jobs"


class Alarm(NamedTuple):
    """An alarm, by its logical id and its name in CloudWatch. A condition may leave an optional one out."""

    logical_id: str
    name: str
    properties: Json
    optional: bool


def alarms() -> list[Alarm]:
    """Return the metric alarms of the stack and of its nested stacks."""
    found = [
        _alarm(name, body, {}, optional="Condition" in body)
        for name, body in resources("AWS::CloudWatch::Alarm").items()
    ]
    for body in resources("AWS::CloudFormation::Stack").values():
        given = {"StackName": STACK} | {
            name: value for name, value in body["Properties"]["Parameters"].items() if name != "StackName"
        }
        child = nested(body["Properties"]["TemplateURL"])
        for name, alarm in child["Resources"].items():
            if alarm["Type"] == "AWS::CloudWatch::Alarm":
                optional = "Condition" in body or "Condition" in alarm
                found.append(_alarm(name, alarm, given, optional=optional))
    return found


def plain(value: object, given: Json) -> object:
    """Return a value with references to the parent's name and to a nested stack's parameters replaced."""
    if isinstance(value, list):
        return [plain(each, given) for each in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": "AWS::StackName"}:
            return STACK
        case {"Ref": str(name)} if name in given:
            return given[name]
        case {"Fn::Sub": str(text)}:
            replaced = text.replace("${AWS::StackName}", STACK)
            return re.sub(r"\$\{(\w+)\}", lambda found: str(given.get(found[1], found[0])), replaced)
    return {key: plain(each, given) for key, each in value.items()}


def _alarm(logical_id: str, body: Json, given: Json, *, optional: bool) -> Alarm:
    properties = plain(body["Properties"], given)
    assert isinstance(properties, dict)
    return Alarm(logical_id, str(properties["AlarmName"]), properties, optional)
