"""The entity query's arguments, in Seaography's vocabulary, as a search of the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from barycenter_jobs.core.conditions import (
    OPERATORS,
    TAKES_SEVERAL,
    TAKES_TRUTH,
    Comparison,
    Condition,
    Every,
    Operand,
    Operator,
    Some,
)
from barycenter_jobs.core.errors import InvalidInput
from barycenter_jobs.core.execution_fields import FIELDS, Field, FieldType, Value
from barycenter_jobs.core.execution_query import (
    AfterCursor,
    Everything,
    ExecutionQuery,
    Pagination,
    Slice,
    Term,
    ordered_by,
)
from barycenter_jobs.core.log_reading import checked_limit
from barycenter_jobs.core.timestamps import instant_given

Input = Mapping[str, object]

DEEPEST = 8
MOST_CONDITIONS = 100
MOST_VALUES = 1000
_RANGE_ENDS = 2
_LARGEST_INT = 2**31 - 1

_GRAPHQL_TYPES = {
    FieldType.TEXT: "String",
    FieldType.WHOLE: "Int",
    FieldType.NUMBER: "Float",
    FieldType.TRUTH: "Boolean",
    FieldType.INSTANT: "String",
}


def query_of(arguments: Input) -> ExecutionQuery:
    """Return the search that the arguments of `findMany` or `findOne` ask for.

    What is null is as if it were not given, but for a value to compare with. Raises InvalidInput for what
    the schema would not let through, for a filter that is too deep or too long, for a text that is no
    instant, and for a page outside the limits.
    """
    where = _condition(_input(arguments, "filter"), 0)
    if sum(1 for _ in _comparisons(where)) > MOST_CONDITIONS:
        raise InvalidInput(f"A filter may have {MOST_CONDITIONS} conditions at the most")
    terms = _terms(_input(arguments, "orderBy"))
    return ExecutionQuery(where, ordered_by(terms), _pagination(_input(arguments, "pagination")))


def _condition(given: Input, depth: int) -> Condition:
    """Return a filter as a condition: all of its fields, and its `and`, and its `or`."""
    if depth > DEEPEST:
        raise InvalidInput(f"A filter may nest and/or {DEEPEST} levels deep at the most")
    conditions: list[Condition] = []
    for name, value in given.items():
        if value is None:
            continue
        if name in ("and", "or"):
            each = tuple(_condition(_mapping(one, name), depth + 1) for one in _list(value))
            conditions.append(Every(each) if name == "and" else Some(each))
        else:
            conditions += _of_field(_field(name), _mapping(value, name))
    return conditions[0] if len(conditions) == 1 else Every(tuple(conditions))


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
        return
    for each in condition.conditions:
        yield from _comparisons(each)


def _of_field(field: Field, given: Input) -> Iterator[Comparison]:
    names = [operator.value for operator in OPERATORS[field.type]]
    for name, value in given.items():
        if name not in names:
            raise InvalidInput(f"{field.name} cannot be filtered by {name}")
        operator = Operator(name)
        if operator in TAKES_TRUTH and value is None:
            continue
        yield Comparison(field, operator, _operand(field, operator, value))


def _operand(field: Field, operator: Operator, value: object) -> Operand:
    name = f"{field.name}.{operator}"
    if operator in TAKES_TRUTH:
        return _of_type(value, name, bool, "Boolean")
    if value is None:
        return None
    if operator not in TAKES_SEVERAL:
        return _value(field, name, value)
    values = _list(value)
    if operator in (Operator.BETWEEN, Operator.NOT_BETWEEN) and len(values) != _RANGE_ENDS:
        raise InvalidInput(f"{name} needs two values, the lower and the upper end, not {len(values)}")
    if len(values) > MOST_VALUES:
        raise InvalidInput(f"{name} may have {MOST_VALUES} values at the most")
    return tuple(_value(field, name, each) for each in values)


def _value(field: Field, name: str, value: object) -> Value:
    scalar = field.type.scalar(value)
    if scalar is None:
        raise InvalidInput(f"{name} must be of type {_GRAPHQL_TYPES[field.type]}")
    return instant_given(str(scalar), name) if field.type is FieldType.INSTANT else scalar


def _terms(given: Input) -> list[Term]:
    """Return the fields to sort by in the order in which the schema has them.

    An input object has no order of its own: servers and clients may send its fields as they like.
    """
    for name, direction in given.items():
        _field(name)
        if direction not in ("ASC", "DESC", None):
            raise InvalidInput(f"orderBy.{name} must be ASC or DESC")
    return [
        Term(field, descending=given[name] == "DESC")
        for name, field in FIELDS.items()
        if given.get(name) is not None
    ]


def _pagination(given: Input) -> Pagination:
    ways = {name: _mapping(value, name) for name, value in given.items() if value is not None}
    if len(ways) > 1:
        raise InvalidInput(f"Choose one of {', '.join(sorted(ways))}: pages are asked for in one way only")
    for way, asked in ways.items():
        limit = checked_limit(_whole(asked, "limit"))
        match way:
            case "page":
                return Slice(limit, limit * _page(asked, limit))
            case "offset":
                return Slice(limit, _not_negative(asked, "offset"))
            case "cursor":
                return AfterCursor(limit, _cursor(asked.get("cursor")))
            case _:
                raise InvalidInput(f"There is no pagination by {way}")
    return Everything()


def _cursor(value: object) -> str | None:
    return None if value is None else _of_type(value, "cursor", str, "String")


def _page(given: Input, limit: int) -> int:
    number, last = _not_negative(given, "page"), _LARGEST_INT // limit
    if number > last:  # its offset would be no Int, and GraphQL has nothing larger
        raise InvalidInput(f"page must be {last} at the most where limit is {limit}, not {number}")
    return number


def _not_negative(given: Input, name: str) -> int:
    number = _whole(given, name)
    if number < 0:
        raise InvalidInput(f"{name} must be 0 or more, not {number}")
    return number


def _whole(given: Input, name: str) -> int:
    return _of_type(given.get(name), name, int, "Int")


def _field(name: str) -> Field:
    if name not in FIELDS:
        raise InvalidInput(f"An execution has no field {name}")
    return FIELDS[name]


def _input(arguments: Input, name: str) -> Input:
    value = arguments.get(name)
    return {} if value is None else _mapping(value, name)


def _mapping(value: object, name: str) -> Input:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{name} must be an object")
    return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]  # GraphQL takes a single value for a list of one


Given = TypeVar("Given", bool, int, str)


def _of_type(value: object, name: str, kind: type[Given], graphql_type: str) -> Given:
    if type(value) is not kind:
        raise InvalidInput(f"{name} must be of type {graphql_type}")
    return value
