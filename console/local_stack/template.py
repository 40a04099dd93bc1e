"""What template.yaml describes, as far as it can be stood up on one machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from console.local_stack.errors import BadSetting, InvalidTemplate
from console.local_stack.intrinsics import ACCOUNT, REGION, Evaluator, Node, plain

_TABLE_SETTINGS = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "StreamSpecification",
)
# What Lambda does where a template says nothing.
_DEFAULT_TIMEOUT_SECONDS = 3
_DEFAULT_MEMORY_MB = 128
_DEFAULT_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table. `definition` is what CreateTable takes, apart from the name."""

    name: str
    key: str
    definition: Mapping[str, Any]
    ttl_attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function. `retries` is how often Lambda repeats a failed asynchronous invocation."""

    name: str
    code: Path
    layers: tuple[Path, ...] = ()
    handler: str = "app.handler"
    timeout_seconds: int = _DEFAULT_TIMEOUT_SECONDS
    memory_mb: int = _DEFAULT_MEMORY_MB
    retries: int = _DEFAULT_RETRIES
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN in the account that the local stack plays."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


@dataclass(frozen=True, slots=True)
class InputTransformer:
    """What a target gets instead of the event: JSON whose `<placeholders>` stand for parts of the event.

    `paths` has the path of each placeholder, such as `$.detail.id`.
    """

    template: str
    paths: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """An EventBridge rule that invokes a function on a schedule.

    `payload` replaces the usual event, `transformer` makes another of it.
    """

    name: str
    schedule: str
    function: str
    payload: object = None
    transformer: InputTransformer | None = None

    @property
    def arn(self) -> str:
        """Its ARN in the account that the local stack plays."""
        return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.name}"


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the HTTP API to a function. `method` may be ANY, `path` may hold {name} and {name+}."""

    method: str
    path: str
    function: str


@dataclass(frozen=True, slots=True)
class Template:
    """Everything to stand up, each function known by its name."""

    tables: tuple[Table, ...]
    functions: Mapping[str, Function]
    rules: tuple[Rule, ...]
    routes: tuple[Route, ...]

    @property
    def jobs(self) -> dict[str, str]:
        """The functions that run jobs, each with its job's name.

        A function that invokes jobs has a variable `<JOB>_FUNCTION` for each, which names the function.
        """
        jobs = {}
        for function in self.functions.values():
            for variable, value in function.environment.items():
                name = value.rsplit(":", 1)[-1]
                if variable.endswith("_FUNCTION") and name in self.functions:
                    jobs[name] = variable.removesuffix("_FUNCTION").lower()
        return jobs

    @property
    def expiry_shards(self) -> dict[str, int]:
        """The tables that functions sweep by their expiry index, each with its number of shards."""
        return {
            function.environment["EXPIRING_TABLE"]: int(function.environment["EXPIRY_SHARDS"])
            for function in self.functions.values()
            if {"EXPIRING_TABLE", "EXPIRY_SHARDS"} <= function.environment.keys()
        }


def read_template(path: Path, parameters: Mapping[str, str] | None = None) -> Template:
    """Return what the SAM template at `path` describes, its parameters at their defaults, or as given.

    Code and layers are found relative to the template. Raises InvalidTemplate, and BadSetting for a value
    that the template does not allow.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise InvalidTemplate(f"{path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise InvalidTemplate(f"{path} is no valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise InvalidTemplate(f"{path} is no SAM template: it has no Resources.")
    try:
        for name, value in (parameters or {}).items():
            _give(document["Parameters"][name], name, value)
        return _Reader(document, path.parent).template()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidTemplate(f"{path} is no valid SAM template: {type(error).__name__} {error}.") from error


def _give(parameter: dict[str, Any], name: str, value: str) -> None:
    allowed = parameter.get("AllowedValues", [value])
    if value not in allowed:
        raise BadSetting(f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}.")
    parameter["Default"] = value


class _Reader:
    def __init__(self, document: dict[str, Any], folder: Path) -> None:
        self._folder = folder
        self._resources: dict[str, Any] = document["Resources"]
        self._defaults: dict[str, Any] = (document.get("Globals") or {}).get("Function") or {}
        self._evaluator = Evaluator(document, self._reference, self._attribute)

    def template(self) -> Template:
        functions = {}
        rules: list[Rule] = []
        routes: list[Route] = []
        for logical_id, properties in self._made("AWS::Serverless::Function"):
            function = self._function(logical_id, properties)
            functions[function.name] = function
            for event_id, event in (properties.get("Events") or {}).items():
                given = self._evaluator.value(event.get("Properties") or {})
                if event["Type"] == "Schedule" and _enabled(given):
                    name = given.get("Name", f"{logical_id}{event_id}")
                    payload = json.loads(given.get("Input", "null"))
                    rules.append(Rule(name, given["Schedule"], function.name, payload))
                elif event["Type"] == "HttpApi":
                    method = str(given.get("Method", "ANY")).upper().replace("*", "ANY")
                    routes.append(Route(method, given.get("Path", "$default"), function.name))
        names = {function.arn: name for name, function in functions.items()}
        rules += self._plain_rules(names)
        routes += self._plain_routes(names)
        tables = tuple(self._table(*each) for each in self._made("AWS::DynamoDB::Table"))
        return Template(tables, functions, tuple(rules), tuple(routes))

    def _plain_rules(self, names: Mapping[str, str]) -> Iterator[Rule]:
        """Yield each scheduled rule once for each function, named by its ARN, among its targets."""
        for logical_id, properties in self._made("AWS::Events::Rule"):
            given = self._evaluator.value(properties)
            if "ScheduleExpression" not in given or not _enabled(given):
                continue
            for target in given["Targets"]:
                if target["Arn"] in names:
                    yield Rule(
                        given.get("Name", logical_id),
                        given["ScheduleExpression"],
                        names[target["Arn"]],
                        json.loads(target.get("Input", "null")),
                        _transformer(target.get("InputTransformer")),
                    )

    def _plain_routes(self, names: Mapping[str, str]) -> Iterator[Route]:
        """Yield the routes of API Gateway's own resources that lead to functions, named by their ARNs."""
        integrations = {
            f"integrations/{logical_id}": self._evaluator.value(properties["IntegrationUri"])
            for logical_id, properties in self._made("AWS::ApiGatewayV2::Integration")
        }
        for _, properties in self._made("AWS::ApiGatewayV2::Route"):
            function = names.get(integrations.get(self._evaluator.value(properties["Target"]), ""))
            method, _, path = str(self._evaluator.value(properties["RouteKey"])).rpartition(" ")
            if function is not None:
                yield Route(method or "ANY", path, function)

    def _made(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the resources of one type that the conditions let exist."""
        for logical_id, resource in self._resources.items():
            condition = resource.get("Condition")
            if resource["Type"] == kind and (condition is None or self._evaluator.holds(condition)):
                yield logical_id, resource.get("Properties") or {}

    def _table(self, logical_id: str, properties: dict[str, Any]) -> Table:
        given = self._evaluator.value(properties)
        definition = {setting: given[setting] for setting in _TABLE_SETTINGS if setting in given}
        if "StreamSpecification" in definition:  # CloudFormation takes it for switched on, DynamoDB does not
            definition["StreamSpecification"] = {"StreamEnabled": True} | definition["StreamSpecification"]
        key = {each["KeyType"]: each["AttributeName"] for each in given["KeySchema"]}
        ttl = given.get("TimeToLiveSpecification") or {}
        return Table(
            self._reference(logical_id),
            key["HASH"],
            definition,
            ttl.get("AttributeName") if _enabled(ttl) else None,
        )

    def _function(self, logical_id: str, properties: dict[str, Any]) -> Function:
        def setting(name: str, default: Node = None) -> Node:
            return self._evaluator.value(properties.get(name, self._defaults.get(name, default)))

        variables: dict[str, Any] = {}
        for source in (self._defaults, properties):
            variables |= self._evaluator.value((source.get("Environment") or {}).get("Variables") or {})
        layers = [*(self._defaults.get("Layers") or []), *(properties.get("Layers") or [])]
        retries = (setting("EventInvokeConfig") or {}).get("MaximumRetryAttempts", _DEFAULT_RETRIES)
        return Function(
            name=self._reference(logical_id),
            code=self._folder / setting("CodeUri"),
            layers=tuple(self._layer(self._evaluator.value(layer)) for layer in layers),
            handler=setting("Handler"),
            timeout_seconds=int(setting("Timeout", _DEFAULT_TIMEOUT_SECONDS)),
            memory_mb=int(setting("MemorySize", _DEFAULT_MEMORY_MB)),
            retries=int(retries),
            environment={name: plain(value) for name, value in variables.items()},
        )

    def _layer(self, logical_id: str) -> Path:
        resource = self._resources.get(logical_id) or {}
        if resource.get("Type") != "AWS::Serverless::LayerVersion":
            raise InvalidTemplate(
                f"template.yaml uses the layer {logical_id}, whose content is not in this checkout."
            )
        return self._folder / str(self._evaluator.value(resource["Properties"]["ContentUri"]))

    def _reference(self, logical_id: str) -> str:
        """Return what Ref gives: the name where the template sets one, else the logical id."""
        resource = self._resources[logical_id]
        properties = resource.get("Properties") or {}
        name_property = {"AWS::DynamoDB::Table": "TableName", "AWS::Serverless::Function": "FunctionName"}
        return str(self._evaluator.value(properties.get(name_property.get(resource["Type"], ""), logical_id)))

    def _attribute(self, logical_id: str, attribute: str) -> str:
        name = self._reference(logical_id)
        kind = self._resources[logical_id]["Type"]
        if kind == "AWS::Serverless::Function" and attribute == "Arn":
            return Function(name, self._folder).arn
        if kind == "AWS::DynamoDB::Table" and attribute == "Arn":
            return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
        return f"{logical_id}.{attribute}"


def _transformer(given: Mapping[str, Any] | None) -> InputTransformer | None:
    if given is None:
        return None
    return InputTransformer(given["InputTemplate"].strip(), given.get("InputPathsMap") or {})


def _enabled(given: Mapping[str, Any]) -> bool:
    return plain(given.get("Enabled", True)) == "true" and given.get("State", "ENABLED") != "DISABLED"


# PyYAML's wheels bring libyaml, which reads the template in a seventh of the time.
_FastestSafeLoader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _TemplateLoader(_FastestSafeLoader):  # type: ignore[misc]  # either one
    """Reads YAML with CloudFormation's short forms, `!Ref Name` becoming `{"Ref": "Name"}`."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise yaml.constructor.ConstructorError(None, None, f"!{suffix} has no value", node.start_mark)


_TemplateLoader.add_multi_constructor("!", _long_form)
