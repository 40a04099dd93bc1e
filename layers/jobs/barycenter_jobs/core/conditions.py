"""Conditions on executions, with SQL's meaning: a comparison with null, on either side, is not true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from barycenter_jobs.core.execution_fields import Field, FieldType, Value

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution


class Operator(StrEnum):
    """How a field is compared, by the names that Seaography gives them."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IS_IN = "is_in"
    IS_NOT_IN = "is_not_in"
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"


_OF_ALL = (
    Operator.EQ,
    Operator.NE,
    Operator.GT,
    Operator.GTE,
    Operator.LT,
    Operator.LTE,
    Operator.IS_IN,
    Operator.IS_NOT_IN,
    Operator.IS_NULL,
    Operator.IS_NOT_NULL,
)
_OF_RANGES = (Operator.BETWEEN, Operator.NOT_BETWEEN)
_OF_TEXT = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH)

OPERATORS: Mapping[FieldType, tuple[Operator, ...]] = {
    FieldType.TEXT: _OF_ALL + _OF_RANGES + _OF_TEXT,
    FieldType.WHOLE: _OF_ALL + _OF_RANGES,
    FieldType.NUMBER: _OF_ALL + _OF_RANGES,
    FieldType.INSTANT: _OF_ALL + _OF_RANGES,
    FieldType.TRUTH: _OF_ALL,
}
TAKES_SEVERAL = (Operator.IS_IN, Operator.IS_NOT_IN, *_OF_RANGES)
TAKES_TRUTH = (Operator.IS_NULL, Operator.IS_NOT_NULL)

Operand = Value | tuple[Value, ...]

# Values of one field have one type, or are a whole number beside a broken one; texts compare by code point.
_COMPARISONS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: lambda value, operand: value == operand,
    Operator.NE: lambda value, operand: value != operand,
    Operator.GT: lambda value, operand: value > operand,
    Operator.GTE: lambda value, operand: value >= operand,
    Operator.LT: lambda value, operand: value < operand,
    Operator.LTE: lambda value, operand: value <= operand,
    Operator.IS_IN: lambda value, operand: value in operand,
    Operator.IS_NOT_IN: lambda value, operand: value not in operand,
    Operator.CONTAINS: lambda value, operand: operand in value,
    Operator.STARTS_WITH: lambda value, operand: value.startswith(operand),
    Operator.ENDS_WITH: lambda value, operand: value.endswith(operand),
    Operator.BETWEEN: lambda value, operand: operand[0] <= value <= operand[1],
    Operator.NOT_BETWEEN: lambda value, operand: not operand[0] <= value <= operand[1],
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field, compared. `operand` is a tuple for the operators that take several values."""

    field: Field
    operator: Operator
    operand: Operand

    def holds(self, execution: Execution) -> bool:
        """Return whether the comparison is true of an execution."""
        return self.is_true_of(self.field.of(execution))

    def is_true_of(self, value: Value) -> bool:
        """Return whether the comparison is true of a value of the field."""
        if self.operator in TAKES_TRUTH:
            return (value is None) is ((self.operator is Operator.IS_NULL) is self.operand)
        if self.operator is Operator.IS_NOT_IN and self.operand == ():
            return True  # as in SQL: nothing is in an empty list, null neither
        if value is None or self.operand is None:
            return False
        return _COMPARISONS[self.operator](value, self.operand)


@dataclass(frozen=True, slots=True)
class Every:
    """True where all of its conditions are; without any, of everything."""

    conditions: tuple[Condition, ...] = ()

    def holds(self, execution: Execution) -> bool:
        """Return whether all conditions are true of an execution."""
        return all(condition.holds(execution) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Some:
    """True where at least one of its conditions is; without any, of nothing."""

    conditions: tuple[Condition, ...] = ()

    def holds(self, execution: Execution) -> bool:
        """Return whether one of the conditions is true of an execution."""
        return any(condition.holds(execution) for condition in self.conditions)


Condition = Comparison | Every | Some
