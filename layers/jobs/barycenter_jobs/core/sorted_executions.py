"""Executions in an order that is not the log's, and cursors into it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from barycenter_jobs.core.errors import InvalidCursor, InvalidInput
from barycenter_jobs.core.execution_fields import Field, FieldType, Value
from barycenter_jobs.core.log_reading import Position
from barycenter_jobs.core.timestamps import instant_given, iso

if TYPE_CHECKING:
    from barycenter_jobs.core.execution_query import Ordering, Term
    from barycenter_jobs.core.executions import Execution

Place = tuple[Value, ...]


def sorted_executions(executions: Iterable[Execution], ordering: Ordering) -> list[Execution]:
    """Return executions in order."""
    found = list(executions)
    for term in reversed(ordering.terms):  # sorting keeps what is equal in its order
        found.sort(key=lambda execution: _rank(term.field.of(execution)), reverse=term.descending)
    return found


def after_cursor(executions: Sequence[Execution], ordering: Ordering, cursor: str) -> list[Execution]:
    """Return those of executions that come after a cursor. Raises InvalidCursor for none of this ordering."""
    place = _place_at(cursor, ordering)
    return [each for each in executions if _is_after(_place(each, ordering), place, ordering)]


def cursor_of(execution: Execution, ordering: Ordering) -> str:
    """Return the cursor of an execution in this ordering: what follows it follows its values."""
    if ordering.of_the_log:
        return Position.of(execution).cursor
    values = [iso(value) if isinstance(value, datetime) else value for value in _place(execution, ordering)]
    return base64.urlsafe_b64encode(json.dumps([str(ordering), values]).encode()).decode()


def _place(execution: Execution, ordering: Ordering) -> Place:
    return tuple(term.field.of(execution) for term in ordering.terms)


def _place_at(cursor: str, ordering: Ordering) -> Place:
    if ordering.of_the_log:
        position = Position.at_cursor(cursor)
        return position.started_at, position.id
    try:
        decoded = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursor from None
    match decoded:
        case [str(by), [*values]] if by == str(ordering) and len(values) == len(ordering.terms):
            return tuple(
                _value(value, term.field) for value, term in zip(values, ordering.terms, strict=True)
            )
        case _:
            raise InvalidCursor


def _value(value: object, field: Field) -> Value:
    if value is None:
        return None
    scalar = field.type.scalar(value)
    if scalar is None:
        raise InvalidCursor
    try:
        return instant_given(str(scalar), field.name) if field.type is FieldType.INSTANT else scalar
    except InvalidInput:
        raise InvalidCursor from None


def _is_after(place: Place, other: Place, ordering: Ordering) -> bool:
    for one, two, term in zip(place, other, ordering.terms, strict=True):
        if one != two:
            return _comes_first(two, one, term)
    return False


def _comes_first(one: Value, two: Value, term: Term) -> bool:
    return bool(_rank(one) > _rank(two) if term.descending else _rank(one) < _rank(two))


def _rank(value: Value) -> Any:  # noqa: ANN401 - one that compares with those of the same field
    return value is not None, value if value is not None else 0
