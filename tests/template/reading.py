"""template.yaml as data: `!Ref X` reads {"Ref": "X"}, `!GetAtt X.Y` reads {"Fn::GetAtt": ["X", "Y"]}."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from graphql import GraphQLSchema, build_schema

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


class Cleanup(NamedTuple):
    """What is agreed about a cleanup: its folder, two stack parameters, and how often it runs."""

    folder: str
    table: str
    schedule: str
    interval_seconds: int


CLEANUPS = [
    Cleanup("cleanup_sessions", "SessionsTableName", "SessionsSchedule", 3600),
    Cleanup("cleanup_refresh_tokens", "RefreshTokensTableName", "RefreshTokensSchedule", 3600),
    Cleanup("cleanup_challenges", "WebauthnChallengesTableName", "ChallengesSchedule", 300),
    Cleanup("cleanup_device_codes", "DeviceCodesTableName", "DeviceCodesSchedule", 3600),
]
# What the functions name the state machine by: a Ref to it would make a circle.
SHARE_OUT_ARN = (
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${AWS::StackName}-share-out"
)
FOLDERS = [cleanup.folder for cleanup in CLEANUPS] + [
    "account_removals",
    "watchdog",
    "graphql_resolver",
    "http_api",
]


class _Loader(yaml.CSafeLoader):
    pass


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> Json:
    if isinstance(node, yaml.SequenceNode):
        value: Any = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = node.value.split(".", 1) if tag == "GetAtt" else node.value
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def template() -> Json:
    data: Json = _Loader((ROOT / "template.yaml").read_text()).get_single_data()
    return data


@cache
def nested(path: str) -> Json:
    """Return a nested stack's template by its path, in the same form."""
    data: Json = _Loader((ROOT / path).read_text()).get_single_data()
    return data


def resources(of_type: str) -> dict[str, Json]:
    """Return the resources of one type by logical id."""
    return {name: body for name, body in template()["Resources"].items() if body["Type"] == of_type}


def functions() -> dict[str, Json]:
    """Return each function's properties by the name of its folder."""
    return {
        Path(body["Properties"]["CodeUri"]).name: body["Properties"]
        for body in resources("AWS::Serverless::Function").values()
    }


def policies(folder: str) -> list[Json]:
    """Return the policies of a function's role, each with its name and its document."""
    name = functions()[folder]["Role"]["Fn::GetAtt"][0]
    given: list[Json] = resources("AWS::IAM::Role")[name]["Properties"]["Policies"]
    return given


def routes() -> set[str]:
    """Return the HTTP API's routes as API Gateway writes them: `GET /path`."""
    return {body["Properties"]["RouteKey"] for body in resources("AWS::ApiGatewayV2::Route").values()}


def deployed_schema() -> GraphQLSchema:
    """Return the GraphQL schema that the template hands to AppSync."""
    (schema,) = resources("AWS::AppSync::GraphQLSchema").values()
    return build_schema((ROOT / schema["Properties"]["DefinitionS3Location"]).read_text())


def share_out() -> Json:
    """Return the definition of the state machine as AWS gets it, its placeholders replaced."""
    machine = resources("AWS::Serverless::StateMachine")["ShareOut"]["Properties"]
    text = (ROOT / machine["DefinitionUri"]).read_text()
    for name, value in machine["DefinitionSubstitutions"].items():
        assert value == {"Ref": "AWS::Partition"}
        text = text.replace(f"${{{name}}}", "aws")
    definition: Json = yaml.safe_load(text)
    return definition
