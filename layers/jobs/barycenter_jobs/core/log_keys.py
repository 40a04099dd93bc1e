"""What a condition says about the keys of the log, so that nothing else has to be examined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import TypeVar

from barycenter_jobs.core.conditions import Comparison, Condition, Every, Operator
from barycenter_jobs.core.executions import FAILURES, Status
from barycenter_jobs.core.log_reading import LogFilter

Key = TypeVar("Key", int, str)

EVERY_STATUS = frozenset(Status)
MOST_FILTERS = 24  # four jobs in each of six states
MOST_IDS = 100

_SUCCESSES = dict.fromkeys(Status) | dict.fromkeys(FAILURES, False) | {Status.SUCCESS: True}
_FIRST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that all executions have of which a condition is true; None and EVERY_STATUS leave them open.

    `ids` and `jobs` are those that it names, `since` and `until` bound the start, the second exclusively.
    Where `exact`, everything that has these keys meets the condition.
    """

    ids: frozenset[int] | None = None
    jobs: frozenset[str] | None = None
    statuses: frozenset[Status] = EVERY_STATUS
    since: datetime | None = None
    until: datetime | None = None
    exact: bool = True

    @property
    def are_counted(self) -> bool:
        """Whether the statistics' counters say how many executions have these keys."""
        return self.exact and self.ids is None and self.since is None and self.until is None

    def both(self, other: Keys) -> Keys:
        """Return the keys of what has these keys and the other ones."""
        return Keys(
            ids=_in_both(self.ids, other.ids),
            jobs=_in_both(self.jobs, other.jobs),
            statuses=self.statuses & other.statuses,
            since=max((at for at in (self.since, other.since) if at), default=None),
            until=min((at for at in (self.until, other.until) if at), default=None),
            exact=self.exact and other.exact,
        )

    def either(self, other: Keys) -> Keys:
        """Return keys that everything has which has these keys or the other ones: not always exact."""
        opened = self.since is None or other.since is None
        ended = self.until is None or other.until is None
        return Keys(
            ids=None if self.ids is None or other.ids is None else self.ids | other.ids,
            jobs=None if self.jobs is None or other.jobs is None else self.jobs | other.jobs,
            statuses=self.statuses | other.statuses,
            since=None if opened else min(at for at in (self.since, other.since) if at),
            until=None if ended else max(at for at in (self.until, other.until) if at),
            exact=False,
        )

    def filters(self) -> list[LogFilter]:
        """Return filters that let through what has these keys, apart from the ids, each of it by one of them.

        None of them for keys that nothing has.
        """
        if self.since is not None and self.until is not None and self.since >= self.until:
            return []
        states = self._states()
        jobs: list[str | None] = [None] if self.jobs is None else [*sorted(self.jobs)]
        if len(jobs) * len(states) > MOST_FILTERS:
            jobs = [None]
        return [
            LogFilter(job, only_failures, status, self.since, self.until)
            for job in jobs
            for only_failures, status in states
        ]

    def _states(self) -> list[tuple[bool, Status | None]]:
        if self.statuses == EVERY_STATUS:
            return [(False, None)]
        if self.statuses == frozenset(FAILURES):
            return [(True, None)]
        return [(False, status) for status in Status if status in self.statuses]


def keys_of(condition: Condition) -> Keys:
    """Return what a condition says about keys."""
    if isinstance(condition, Comparison):
        by_field = _BY_FIELD.get(condition.field.name)
        return _OPEN if by_field is None else by_field(condition)
    each = [keys_of(one) for one in condition.conditions]
    if isinstance(condition, Every):
        return reduce(Keys.both, each, Keys())
    return reduce(Keys.either, each) if each else _NOTHING


def _by_status(comparison: Comparison) -> Keys:
    # A status has six values, so that any condition on it is a choice of some of them.
    return Keys(statuses=frozenset(each for each in Status if comparison.is_true_of(each.value)))


def _by_success(comparison: Comparison) -> Keys:
    return Keys(statuses=frozenset(each for each in Status if comparison.is_true_of(_SUCCESSES[each])))


def _by_job(comparison: Comparison) -> Keys:
    names = _named(comparison)
    return _OPEN if names is None else Keys(jobs=frozenset(map(str, names)))


def _by_id(comparison: Comparison) -> Keys:
    ids = _named(comparison)
    if ids is None or len(ids) > MOST_IDS:
        return _OPEN
    return Keys(ids=frozenset(each for each in ids if isinstance(each, int)))


def _by_start(comparison: Comparison) -> Keys:
    operand = comparison.operand
    if comparison.operator is Operator.BETWEEN and isinstance(operand, tuple):
        first, last = operand
    else:
        first = last = operand if isinstance(operand, datetime) else None
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return _OPEN
    ranges = {
        Operator.EQ: Keys(since=first, until=_next(first)),
        Operator.BETWEEN: Keys(since=first, until=_next(last)),
        Operator.GTE: Keys(since=first),
        Operator.GT: _NOTHING if _next(first) is None else Keys(since=_next(first)),
        Operator.LT: Keys(until=first),
        Operator.LTE: Keys(until=_next(first)),
    }
    return ranges.get(comparison.operator, _OPEN)


_OPEN = Keys(exact=False)
_NOTHING = Keys(statuses=frozenset())
_BY_FIELD: Mapping[str, Callable[[Comparison], Keys]] = {
    "id": _by_id,
    "jobName": _by_job,
    "status": _by_status,
    "success": _by_success,
    "startedAt": _by_start,
}


def _named(comparison: Comparison) -> tuple[object, ...] | None:
    """Return the only values with which a comparison holds, None where there may be any number of them."""
    if comparison.operator is Operator.IS_IN and isinstance(comparison.operand, tuple):
        return comparison.operand
    if comparison.operator is Operator.EQ:
        return () if comparison.operand is None else (comparison.operand,)
    return None


def _next(at: datetime) -> datetime | None:
    """Return the first instant after another one, None where a datetime can hold none."""
    try:
        return at + _FIRST_AFTER
    except OverflowError:
        return None


def _in_both(one: frozenset[Key] | None, other: frozenset[Key] | None) -> frozenset[Key] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
