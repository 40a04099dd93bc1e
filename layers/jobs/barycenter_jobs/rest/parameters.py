"""What may be asked in the address or in a body: read, or refused with everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from barycenter_jobs.core.errors import InvalidInput
from barycenter_jobs.core.log_reading import Position
from barycenter_jobs.rest.problems import Unusable, refused_parameters

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

LONGEST_REASON = 500
_MOST_NAMED = 10  # unknown parameters
_LONGEST_NAME = 50


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """A parameter. `read` makes a value of its text, or raises InvalidInput saying what the text must be."""

    name: str
    read: Callable[[str], T]


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of one request."""

    values: Mapping[str, object]

    def of(self, parameter: Parameter[T]) -> T | None:
        """Return the value of a parameter, None where it was not given."""
        return cast("T | None", self.values.get(parameter.name))


def given(query: Mapping[str, Sequence[str]], accepted: Sequence[Parameter[Any]]) -> Given:
    """Return what was given. Raises Refused, which tells of everything that cannot be used."""
    by_name = {parameter.name: parameter for parameter in accepted}
    unusable: list[Unusable] = []
    values: dict[str, object] = {}
    for name in [each for each in query if each not in by_name][:_MOST_NAMED]:
        known = ", ".join(by_name) or "none"
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
        unusable.append(Unusable(shown, f"{shown!r} is no parameter of this path; it accepts {known}"))
    for name, parameter in by_name.items():
        texts = query.get(name, ())
        if len(texts) > 1:
            unusable.append(Unusable(name, f"{name} is given {len(texts)} times; once is meant"))
        elif texts:
            try:
                values[name] = parameter.read(texts[0])
            except InvalidInput as error:
                unusable.append(Unusable(name, f"{name} {error}"))
    if unusable:
        raise refused_parameters(unusable)
    return Given(values)


def limit(most: int) -> Parameter[int]:
    """Return a parameter for how many records are wanted, 1 to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
            raise InvalidInput(f"must be a whole number from 1 to {most}")
        return int(text)

    return Parameter("limit", read)


def choice(name: str, choices: type[Choice]) -> Parameter[Choice]:
    """Return a parameter that is one of several words."""

    def read(text: str) -> Choice:
        try:
            return choices(text)
        except ValueError:
            raise InvalidInput(f"must be one of {', '.join(choices)}") from None

    return Parameter(name, read)


def text(name: str) -> Parameter[str]:
    """Return a parameter that is any text."""
    return Parameter(name, str)


def flag(name: str) -> Parameter[bool]:
    """Return a parameter that is `true` or `false`."""

    def read(text: str) -> bool:
        if text not in ("true", "false"):
            raise InvalidInput("must be true or false")
        return text == "true"

    return Parameter(name, read)


def instant(name: str) -> Parameter[datetime]:
    """Return a parameter that is an instant in ISO 8601, in UTC where it names no offset."""

    def read(text: str) -> datetime:
        # A plus that its sender did not encode has become a space on its way.
        repaired = re.sub(r"(?<=[T ]\d\d)(\S*) (?=\d\d(:?\d\d)?$)", r"\1+", text)
        try:
            at = datetime.fromisoformat(repaired)
            return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
        except (ValueError, OverflowError):
            raise InvalidInput("must be a time in ISO 8601, such as 2026-02-14T12:00:00Z") from None

    return Parameter(name, read)


def position(name: str) -> Parameter[Position]:
    """Return a parameter that is a cursor."""

    def read(text: str) -> Position:
        try:
            return Position.at_cursor(text)
        except InvalidInput:
            raise InvalidInput("is none that an earlier page gave") from None

    return Parameter(name, read)


def reason_for(name: str) -> Parameter[str]:
    """Return a parameter that says why somebody does something."""

    def read(text: str) -> str:
        if len(text.strip()) > LONGEST_REASON:
            raise InvalidInput(f"may have {LONGEST_REASON} characters at the most")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise InvalidInput("must be valid Unicode")
        return text.strip()

    return Parameter(name, read)
