"""CloudFormation's intrinsic functions, as far as a stack can be known before it is deployed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from console.local_stack.errors import InvalidTemplate

REGION = "us-east-1"
ACCOUNT = "000000000000"
STACK_NAME = "local"

_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK_NAME}/{STACK_NAME}",
    "AWS::URLSuffix": "amazonaws.com",
}
# Any part of a template, as YAML has it.
Node: TypeAlias = Any

_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class Evaluator:
    """Evaluates parts of one template against its parameters' defaults, or the values `given` in their place.

    `reference` and `attribute` say what `Ref` and `Fn::GetAtt` of a resource are here. Nothing is
    evaluated before it is asked for, so a template may use what the local stack does not know in
    resources that it does not stand up.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        reference: Callable[[str], str],
        attribute: Callable[[str, str], str],
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self._parameters: dict[str, Any] = {**(document.get("Parameters") or {})}
        for name, value in (given or {}).items():
            self._parameters[name] = {**self._parameters[name], "Default": value}
        self._mappings: Mapping[str, Any] = document.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = document.get("Conditions") or {}
        self._resources: Mapping[str, Any] = document.get("Resources") or {}
        self._reference = reference
        self._attribute = attribute
        self._functions: dict[str, Callable[[Node], Node]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Join": lambda argument: self.value(argument[0]).join(self.value(argument[1])),
            "Fn::Select": lambda argument: self.value(argument[1])[int(self.value(argument[0]))],
            "Fn::Split": lambda argument: self.value(argument[1]).split(self.value(argument[0])),
            "Fn::Equals": lambda argument: self.value(argument[0]) == self.value(argument[1]),
            "Fn::Not": lambda argument: not self.value(argument[0]),
            "Fn::And": lambda argument: all(self.value(each) for each in argument),
            "Fn::Or": lambda argument: any(self.value(each) for each in argument),
            "Condition": self.holds,
        }

    def value(self, node: Node) -> Node:
        """Return `node` with every intrinsic function in it replaced by its value.

        Raises InvalidTemplate for a function that cannot be evaluated.
        """
        value = self._evaluated(node)
        return None if value is _NO_VALUE else value

    def holds(self, condition: str) -> bool:
        """Return whether the named condition is met."""
        if condition not in self._conditions:
            raise InvalidTemplate(f"template.yaml has no condition {condition!r}.")
        return bool(self.value(self._conditions[condition]))

    def _evaluated(self, node: Node) -> Node:
        if isinstance(node, dict):
            if len(node) == 1:
                (name, argument), *_ = node.items()
                if name in self._functions:
                    return self._called(name, argument)
                if name.startswith("Fn::"):
                    raise InvalidTemplate(f"template.yaml uses {name}, which the local stack does not know.")
            evaluated = {key: self._evaluated(value) for key, value in node.items()}
            return {key: value for key, value in evaluated.items() if value is not _NO_VALUE}
        if isinstance(node, list):
            return [value for value in map(self._evaluated, node) if value is not _NO_VALUE]
        return node

    def _called(self, name: str, argument: Node) -> Node:
        try:
            return self._functions[name](argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise InvalidTemplate(
                f"template.yaml has a {name} that cannot be evaluated: {argument!r}."
            ) from error

    def _ref(self, name: str) -> Node:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[name]
        if name in self._parameters:
            if "Default" not in self._parameters[name]:
                raise InvalidTemplate(
                    f"Parameter {name} of template.yaml has no default, and none can be given here."
                )
            return self._parameters[name]["Default"]
        if name not in self._resources:
            raise InvalidTemplate(
                f"template.yaml refers to {name}, which is neither a parameter nor a resource."
            )
        return self._reference(name)

    def _get_att(self, argument: str | list[str]) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if name not in self._resources:
            raise InvalidTemplate(f"template.yaml refers to {name}, which is no resource.")
        return self._attribute(name, attribute)

    def _sub(self, argument: str | list[Any]) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in given:
                return plain(self.value(given[name]))
            return plain(self._get_att(name) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(replacement, text)

    def _if(self, argument: list[Node]) -> Node:
        condition, then, otherwise = argument
        return self._evaluated(then if self.holds(condition) else otherwise)

    def _find_in_map(self, argument: list[Node]) -> Node:
        name, first, second = argument[:3]
        return self.value(self._mappings[self.value(name)][self.value(first)][self.value(second)])


def plain(value: object) -> str:
    """Return a scalar as CloudFormation writes it into text: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
