"""What keeps TTL from doing its part, by what can be seen of a table: facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.removal_totals import BEHIND, Progress

TTL_ATTRIBUTE = "expires_at"
NEEDED_VIEWS = ("OLD_IMAGE", "NEW_AND_OLD_IMAGES")

# Amazon's developer guide: what is more than five years in the past is not deleted.
TTL_REACH = timedelta(days=5 * 365)


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class TtlFinding:
    """One finding. `name` is the anchor of its entry in docs/ttl.md, which explains it."""

    name: str
    severity: Severity
    message: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What DynamoDB tells of a table: DescribeTimeToLive, DescribeTable, and a look at its oldest rows.

    `oldest_expiry` is that of the longest expired row which the index shows, None where none has expired.
    `quarantined` rows have an expiry that is no epoch second, None where nobody has looked.
    """

    table: str
    ttl_status: str = "DISABLED"
    ttl_attribute: str | None = None
    stream_view: str | None = None
    replicas: Sequence[str] = ()
    oldest_expiry: datetime | None = None
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class ConsumerFacts:
    """What is known of the reading of the stream; None where it could not be asked."""

    progress: Progress | None = None
    iterator_age: timedelta | None = None


def findings(
    facts: TableFacts, consumer: ConsumerFacts, mode: Mode, patience: timedelta, now: datetime
) -> list[TtlFinding]:
    """Return what keeps TTL from its part, or one finding that nothing does. None of a swept kind."""
    if mode is Mode.SWEEP:
        return []
    found = [
        *_ttl(facts),
        *_stream(facts),
        *_reading(consumer),
        *_stalled(facts, patience, now),
        *_out_of_reach(facts, now),
        *_replicas(facts),
    ]
    return found or [TtlFinding("ttl", Severity.OK, f"TTL and the stream of {facts.table} do their part")]


def _ttl(facts: TableFacts) -> Iterator[TtlFinding]:
    enable = (
        f"Enable it: aws dynamodb update-time-to-live --table-name {facts.table} "
        f"--time-to-live-specification Enabled=true,AttributeName={TTL_ATTRIBUTE}"
    )
    if facts.ttl_status not in ("ENABLED", "ENABLING"):
        message = f"TTL of {facts.table} is {facts.ttl_status}: only the sweep removes rows, once TTL was due"
        yield TtlFinding("ttl-off", Severity.PROBLEM, message, enable)
    elif facts.ttl_attribute != TTL_ATTRIBUTE:
        message = f"TTL of {facts.table} goes by {facts.ttl_attribute}, not by {TTL_ATTRIBUTE}"
        yield TtlFinding(
            "ttl-attribute",
            Severity.PROBLEM,
            message,
            "Disable it, wait an hour, and enable it with the right attribute",
        )
    elif facts.ttl_status == "ENABLING":
        yield TtlFinding(
            "ttl-enabling", Severity.WARNING, f"TTL of {facts.table} is ENABLING", "Wait: it takes an hour"
        )


def _stream(facts: TableFacts) -> Iterator[TtlFinding]:
    if facts.stream_view is None:
        yield TtlFinding(
            "stream-off",
            Severity.PROBLEM,
            f"{facts.table} has no stream: what TTL removes is not counted",
            "Enable the stream with the view type OLD_IMAGE, and deploy the stack with its ARN",
        )
    elif facts.stream_view not in NEEDED_VIEWS:
        yield TtlFinding(
            "stream-view",
            Severity.WARNING,
            f"the stream of {facts.table} is {facts.stream_view}: rows are counted, without their lateness",
            "Disable the stream and enable it with the view type OLD_IMAGE",
        )


def _reading(consumer: ConsumerFacts) -> Iterator[TtlFinding]:
    next_step = "See the errors of the function account_removals, and its queue of unreadable removals"
    age = consumer.iterator_age
    if age is not None and age > BEHIND:
        message = f"the stream's reader is {_duration(age)} behind: windows are completed late"
        severity = Severity.PROBLEM if age > timedelta(hours=12) else Severity.WARNING
        # A stream keeps its records for a day: what is not read by then is never counted.
        yield TtlFinding("iterator-age", severity, message, next_step)
    elif consumer.progress is not None and consumer.progress.behind is not None:
        message = f"the stream's reader was {_duration(consumer.progress.behind)} behind when it last read"
        yield TtlFinding("iterator-age", Severity.WARNING, message, next_step)


def _stalled(facts: TableFacts, patience: timedelta, now: datetime) -> Iterator[TtlFinding]:
    oldest = facts.oldest_expiry
    if oldest is None or not patience < now - oldest <= TTL_REACH:
        return
    message = f"{facts.table} holds a row that expired {_duration(now - oldest)} ago: TTL leaves rows behind"
    yield TtlFinding(
        "ttl-stalled",
        Severity.WARNING,
        message,
        "The next run sweeps it. If it happens day by day, raise TtlPatienceSeconds or go back to sweep",
    )


def _out_of_reach(facts: TableFacts, now: datetime) -> Iterator[TtlFinding]:
    if facts.oldest_expiry is not None and now - facts.oldest_expiry > TTL_REACH:
        yield TtlFinding(
            "five-years",
            Severity.WARNING,
            f"{facts.table} holds rows that expired more than five years ago, which TTL never takes",
            "Run the job once: the sweep takes them",
        )
    if facts.quarantined:
        yield TtlFinding(
            "not-a-number",
            Severity.WARNING,
            f"{facts.quarantined} rows of {facts.table} have an expiry that is no epoch second: "
            "neither TTL nor the sweep takes them",
            "List them with barycenter-jobs quarantine, and mend their writer",
        )


def _replicas(facts: TableFacts) -> Iterator[TtlFinding]:
    if facts.replicas:
        named = ", ".join(sorted(facts.replicas))
        yield TtlFinding(
            "global-table",
            Severity.WARNING,
            f"{facts.table} is replicated to {named}: a delete by TTL is billed there, as a replicated write",
            "Reckon with it: barycenter-jobs cost --replicas. Each Region's stream tells of its own TTL only",
        )


def _duration(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
