"""A search of the log: under which condition, in which order, and which of what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from barycenter_jobs.core.conditions import Condition, Every
from barycenter_jobs.core.execution_fields import FIELDS, Field
from barycenter_jobs.core.log_reading import Order


@dataclass(frozen=True, slots=True)
class Term:
    """One field to sort by. A null counts as smaller than anything else."""

    field: Field
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.field.name} {'DESC' if self.descending else 'ASC'}"


NEWEST_FIRST = (Term(FIELDS["startedAt"], descending=True),)


@dataclass(frozen=True, slots=True)
class Ordering:
    """How executions are sorted: by the first term, where that is equal by the second, and so on.

    In the end by the id, in the direction of the last term, so that no two executions are equal.
    """

    terms: tuple[Term, ...] = NEWEST_FIRST

    def __post_init__(self) -> None:
        if all(term.field.name != "id" for term in self.terms):
            last = Term(FIELDS["id"], self.terms[-1].descending)
            object.__setattr__(self, "terms", (*self.terms, last))

    @property
    def of_the_log(self) -> Order | None:
        """The order in which the log is read, where that is this one; None where all has to be read first."""
        by_start = [term.field.name for term in self.terms] == ["startedAt", "id"]
        if not by_start or self.terms[0].descending != self.terms[1].descending:
            return None
        return Order.NEWEST_FIRST if self.terms[0].descending else Order.OLDEST_FIRST

    def __str__(self) -> str:
        return ", ".join(map(str, self.terms))


@dataclass(frozen=True, slots=True)
class Everything:
    """All that is found."""


@dataclass(frozen=True, slots=True)
class Slice:
    """So many of what is found, after leaving out the first few."""

    limit: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class AfterCursor:
    """So many of what is found, after the place that a cursor names, or from the start."""

    limit: int
    cursor: str | None = None


Pagination = Everything | Slice | AfterCursor


@dataclass(frozen=True, slots=True)
class ExecutionQuery:
    """What to search the log for; by default everything, the newest first."""

    where: Condition = field(default_factory=Every)
    ordering: Ordering = field(default_factory=Ordering)
    pagination: Pagination = field(default_factory=Everything)


def ordered_by(terms: Sequence[Term]) -> Ordering:
    """Return the ordering by these terms, that of the log where there are none."""
    return Ordering(tuple(terms) or NEWEST_FIRST)
