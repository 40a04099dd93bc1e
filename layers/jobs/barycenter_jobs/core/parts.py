"""The parts of a run that several invocations share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from barycenter_jobs.core.errors import InvalidEvent


@dataclass(frozen=True, slots=True)
class Part:
    """One of `of` parts, counted from 0: a shard of the expiry index, or a segment of the table."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the part that `str` wrote. Raises InvalidEvent."""
        match = re.fullmatch("([0-9]{1,7})/([0-9]{1,7})", text) if isinstance(text, str) else None
        if match is None or int(match[1]) >= int(match[2]):
            raise InvalidEvent('A part must be a text like "3/16"')
        return cls(int(match[1]), int(match[2]))


def parts(of: int) -> tuple[Part, ...]:
    """Return all of `of` parts."""
    return tuple(Part(number, of) for number in range(of))
