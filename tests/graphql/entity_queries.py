"""Random logs, and random searches of them beside a naive answer to each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any

from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import (
    Backlog,
    Execution,
    Method,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.log_reading import LogFilter
from barycenter_jobs.core.ttl_part import TtlPart
from barycenter_jobs.graphql.answers import job_execution

Json = dict[str, Any]

START = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
TEXTS = ("jobName", "handlerId", "methodName", "status", "errorMessage", "trigger", "triggeredBy", "reason")
TIMES = ("startedAt", "completedAt", "oldestExpiredAt")
WHOLE = (
    *("id", "durationMs", "recordsProcessed", "attemptNumber", "deleted", "failed", "backlogRemaining"),
    *("ttlRows", "ttlLatenessP95Seconds"),
)
NUMBERS = ("readUnits", "costUsd", "ttlSizeBytes")
TRUTHS = ("success", "dryRun", "backlogExact")
ALL = (*TEXTS, *TIMES, *WHOLE, *NUMBERS, *TRUTHS)

# None where TTL does not go first. It removed more than an Int of GraphQL counts, and where nothing was to be
# removed there is no lateness.
TTL_PARTS = (None, TtlPart(), TtlPart(3, 5_000_000_000, 1, 17, 36, 6, patience_seconds=250))

FINAL = [status for status in Status if status is not Status.RUNNING]


@st.composite
def runs(draw: st.DrawFn, number: int) -> tuple[Start, datetime, Callable[[Execution], Execution] | None]:
    """A start, its time, and how it ended; None where it did not."""
    job = JOBS[draw(st.integers(0, 3))]
    manual = draw(st.booleans())
    trigger = Trigger(
        TriggerKind.MANUAL if manual else TriggerKind.SCHEDULE,
        draw(st.sampled_from([None, "alice", "Bob"])) if manual else None,
        draw(st.sampled_from([None, "why not", ""])) if manual else None,
    )
    method = draw(st.sampled_from(list(Method)))
    # A few instants only: many runs start together.
    at = START + timedelta(seconds=draw(st.integers(0, 5)))
    start = Start(job, trigger, f"event-{number}", draw(st.booleans()), method, worker="w")
    if draw(st.integers(0, 9)) == 0:
        return start, at, None
    status = draw(st.sampled_from(FINAL))
    end = at + timedelta(milliseconds=draw(st.sampled_from([0, 1, 250, 3000])))
    backlog = draw(
        st.sampled_from(
            [None, Backlog(), Backlog(3, START - timedelta(days=1)), Backlog(9, START, exact=False)]
        )
    )
    counts = Counts(deleted=draw(st.integers(0, 3)), failed=draw(st.integers(0, 1)))
    ttl = draw(st.sampled_from(TTL_PARTS))
    usage = Usage(draw(st.sampled_from([0.0, 0.5, 16.0])), 2.0, draw(st.sampled_from([0.0, 1e-6])))
    message = (
        draw(st.sampled_from(["no", "Nobody", "100% gone"]))
        if status in (Status.ERROR, Status.TIMEOUT)
        else None
    )
    return (
        start,
        at,
        lambda execution: replace(
            execution.finished(
                status, end, counts=counts, usage=usage, backlog=backlog, error_message=message
            ),
            ttl=ttl,
        ),
    )


@st.composite
def logs(draw: st.DrawFn) -> MemoryExecutionLog:
    """Up to 14 runs; those that did not end are dead a minute later, or alive."""
    log = MemoryExecutionLog()
    for number in range(draw(st.integers(0, 14))):
        start, at, ended = draw(runs(number))
        execution = log.supplement(start.recorded(1, 1 + number % 2, at))
        if ended is not None:
            log.finish(ended(execution))
        elif draw(st.booleans()):
            log.renew(replace(execution, counts=Counts(deleted=1)), START + timedelta(days=1))
    return log


def _times() -> st.SearchStrategy[str]:
    zones = ("Z", "+00:00", "", "+02:00")
    offsets = {"+02:00": timedelta(hours=2)}
    return st.builds(
        lambda second, half, zone: (
            (START + timedelta(seconds=second, milliseconds=500 * half) + offsets.get(zone, timedelta()))
            .replace(tzinfo=None)
            .isoformat()
            + zone
        ),
        st.integers(-1, 7),
        st.integers(0, 1),
        st.sampled_from(zones),
    )


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(
        TEXTS, st.sampled_from(["", "no", "N", "alice", "run_job", "error", "success", "manual", "cleanup_"])
    ),
    "jobName": st.sampled_from([*(job.name for job in JOBS), "nobody's", "cleanup_expired_"]),
    "status": st.sampled_from([*(status.value for status in Status), "nonsense"]),
    **dict.fromkeys(TIMES, _times()),
    **dict.fromkeys(WHOLE, st.integers(-1, 30)),
    "durationMs": st.sampled_from([0, 1, 2, 250, 3000]),
    **dict.fromkeys(NUMBERS, st.sampled_from([0.0, 0.5, 16, 1e-6, 5e9])),
    **dict.fromkeys(TRUTHS, st.booleans()),
}
KEYED = ("id", "jobName", "status", "success", "startedAt")


@st.composite
def comparisons(draw: st.DrawFn, name: str) -> Json:
    """One or two operators on a field."""
    value = VALUES[name]
    operators: Json = {
        **dict.fromkeys(
            ("eq", "ne", "gt", "gte", "lt", "lte"),
            value | st.none() if draw(st.integers(0, 9)) == 0 else value,
        ),
        "is_in": st.lists(value, max_size=4),
        "is_not_in": st.lists(value, max_size=4),
        "is_null": st.booleans(),
        "is_not_null": st.booleans(),
    }
    if name not in TRUTHS:
        operators |= dict.fromkeys(("between", "not_between"), st.lists(value, min_size=2, max_size=2))
    if name in TEXTS:
        operators |= dict.fromkeys(("contains", "starts_with", "ends_with"), value)
    chosen = draw(st.lists(st.sampled_from(sorted(operators)), min_size=1, max_size=2, unique=True))
    return {operator: draw(operators[operator]) for operator in chosen}


def _fields() -> st.SearchStrategy[Json]:
    names = st.lists(st.sampled_from(KEYED) | st.sampled_from(ALL), max_size=3, unique=True)
    return names.flatmap(lambda some: st.fixed_dictionaries({name: comparisons(name) for name in some}))


FILTERS = st.recursive(
    _fields(),
    lambda inner: st.builds(
        lambda fields, nested: {**fields, **nested},
        _fields(),
        st.dictionaries(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3), min_size=1),
    ),
    max_leaves=4,
)
KEYED_FILTERS = st.lists(st.sampled_from(KEYED), min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: comparisons(name) for name in names})
)
ORDERS = (
    st.none()
    | st.dictionaries(st.sampled_from(ALL), st.sampled_from(["ASC", "DESC"]), max_size=3)
    | st.sampled_from([{"startedAt": "ASC"}, {"startedAt": "DESC"}])
)


def log_of_every_kind() -> MemoryExecutionLog:
    """Runs with every value that a field may have here, some of which started together."""
    log = MemoryExecutionLog()
    backlogs = (None, Backlog(3, START - timedelta(days=1)), Backlog(9, START, exact=False))
    for number in range(36):
        manual = number % 3 == 1
        trigger = Trigger(
            TriggerKind.MANUAL if manual else TriggerKind.SCHEDULE,
            ("alice", "Bob", None)[number % 9 // 3] if manual else None,
            "why not" if manual and number % 2 else None,
        )
        start = Start(
            JOBS[number % 4],
            trigger,
            f"event-{number}",
            number % 5 == 0,
            list(Method)[number % 7 == 0],
            worker="w",
        )
        at = START + timedelta(milliseconds=500 * (number // 3))
        execution = log.supplement(start.recorded(1, 1 + number % 2, at))
        if number % 6 < 5:
            status = FINAL[number % 5]
            ended = execution.finished(
                status,
                at + timedelta(milliseconds=(0, 1, 250, 3000)[number % 4]),
                counts=Counts(deleted=number % 4, failed=number % 2),
                usage=Usage((0.0, 0.5, 16.0)[number % 3], 2.0, 1e-6),
                backlog=backlogs[number % 3],
                error_message="no" if status in (Status.ERROR, Status.TIMEOUT) else None,
            )
            log.finish(replace(ended, ttl=TTL_PARTS[number // 4 % 3]))
        elif number % 12 == 5:
            log.renew(replace(execution, counts=Counts(deleted=1)), START + timedelta(days=1))
    return log


SOME_VALUES: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(TEXTS, ("", "no", "o", "alice", "run_job", "error", "manual", "schedule", "z")),
    "jobName": (JOBS[0].name, JOBS[3].name, "cleanup_expired_", "nobody's"),
    "handlerId": (JOBS[0].function, "cleanup_", "tokens"),
    "status": (*(status.value for status in Status), "s", "nonsense"),
    **dict.fromkeys(
        TIMES,
        (
            "2026-02-13T12:00:00Z",
            "2026-02-14T12:00:00Z",
            "2026-02-14T12:00:01",
            "2026-02-14T13:00:02.5+01:00",
            "2026-02-14T12:00:00.250Z",
            "0001-01-01",
            "9999-12-31T23:59:59.999999Z",
        ),
    ),
    **dict.fromkeys(WHOLE, (-1, 0, 1, 2, 3, 17, 36, 250)),
    **dict.fromkeys(NUMBERS, (0, 0.5, 1e-6, 16, 5e9)),
    **dict.fromkeys(TRUTHS, (True, False)),
}


def every_comparison(name: str) -> Iterator[Json]:
    """Each operator on a field with each of its values, alone or with the next one."""
    values = SOME_VALUES[name]
    pairs = [[one, other] for one, other in zip(values, [*values[1:], values[0]], strict=True)]
    operators: dict[str, Sequence[Any]] = {
        **dict.fromkeys(("eq", "ne", "gt", "gte", "lt", "lte"), (*values, None)),
        **dict.fromkeys(("is_null", "is_not_null"), (True, False)),
        **dict.fromkeys(("is_in", "is_not_in"), (*pairs, [values[0]], [])),
    }
    if name not in TRUTHS:
        operators |= dict.fromkeys(("between", "not_between"), tuple(pairs))
    if name in TEXTS:
        operators |= dict.fromkeys(("contains", "starts_with", "ends_with"), values)
    for operator, operands in operators.items():
        for operand in operands:
            yield {operator: operand}


def naive(log: MemoryExecutionLog, now: datetime, asked: Json | None, order: Json | None) -> list[int]:
    """The ids of all that a filter lets through, in order, found by looking at each answer."""
    rows = [job_execution(each.as_of(now)) for each in log.read(LogFilter(), 1000)]
    return [row["id"] for row in sorted((row for row in rows if _passes(row, asked or {})), key=_key(order))]  # type: ignore[misc]


def _passes(row: Json, asked: Json) -> bool:
    return all(_holds(row, name, value) for name, value in asked.items())


def _holds(row: Json, name: str, asked: Any) -> bool:  # noqa: ANN401
    if name == "and":
        return all(_passes(row, each) for each in asked)
    if name == "or":
        return any(_passes(row, each) for each in asked)
    read = _instant if name in TIMES else (lambda value: value)
    return all(_compares(operator, read(row[name]), operand, read) for operator, operand in asked.items())


def _compares(operator: str, value: Any, operand: Any, read: Callable[[Any], Any]) -> bool:  # noqa: ANN401, C901, PLR0911, PLR0912
    if operator == "is_null":
        return (value is None) is bool(operand)
    if operator == "is_not_null":
        return (value is not None) is bool(operand)
    if operator == "is_not_in" and not operand:
        return True
    if value is None or operand is None:
        return False
    other = [read(each) for each in operand] if isinstance(operand, list) else read(operand)
    match operator:
        case "eq":
            return bool(value == other)
        case "ne":
            return bool(value != other)
        case "gt":
            return bool(value > other)
        case "gte":
            return bool(value >= other)
        case "lt":
            return bool(value < other)
        case "lte":
            return bool(value <= other)
        case "is_in":
            return bool(value in other)
        case "is_not_in":
            return bool(value not in other)
        case "between":
            return bool(other[0] <= value <= other[1])
        case "not_between":
            return bool(value < other[0] or value > other[1])
        case "contains":
            return str(other) in str(value)
        case "starts_with":
            return str(value)[: len(other)] == other
        case _:
            return str(value)[len(value) - len(other) :] == other and len(other) <= len(value)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _key(order: Json | None) -> Any:  # noqa: ANN401
    names = [name for name in SCHEMA_ORDER if (order or {}).get(name)]
    terms = [(name, (order or {})[name]) for name in names] or [("startedAt", "DESC")]
    if "id" not in dict(terms):
        terms.append(("id", terms[-1][1]))

    def compared(one: Json, other: Json) -> int:
        for name, direction in terms:
            first, second = one[name], other[name]
            if name in TIMES:
                first, second = _instant(first), _instant(second)
            if first == second:
                continue
            less = first is None or (second is not None and first < second)
            return -1 if less is (direction == "ASC") else 1
        return 0

    return cmp_to_key(compared)


SCHEMA_ORDER = (
    *(
        "id",
        "jobName",
        "handlerId",
        "methodName",
        "status",
        "success",
        "startedAt",
        "completedAt",
        "durationMs",
    ),
    *("errorMessage", "recordsProcessed", "trigger", "triggeredBy", "reason", "cancelledBy", "attemptNumber"),
    *("dryRun", "deleted", "becameLive", "alreadyGone", "failed", "uncertain", "quarantined", "stamped"),
    *("ttlRows", "ttlSizeBytes", "ttlLatenessP50Seconds", "ttlLatenessP95Seconds", "ttlLatenessMaxSeconds"),
    *("ttlWriteUnitsSaved", "ttlUndated", "ttlUnreadable", "ttlPatienceSeconds", "ttlBehindSeconds"),
    *("readUnits", "writeUnits", "costUsd", "backlogRemaining", "backlogExact", "oldestExpiredAt"),
)
