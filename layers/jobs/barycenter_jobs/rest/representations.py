"""A page of records as JSON, as CSV or as a line of JSON for each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from barycenter_jobs.rest.records import message, record, time

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution

# Lambda sends an answer of 6 MB at the most, in which the body is a JSON string (AWS Lambda quotas).
MOST_BYTES = 5_000_000


class Format(StrEnum):
    """What a page may look like."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.NDJSON: "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A record as text, and what it takes of the bytes of an answer."""

    execution: Execution
    text: str

    @property
    def bytes(self) -> int:
        """How long it is within a JSON string, however that is encoded."""
        return len(json.dumps(self.text))


def fitting(executions: Sequence[Execution], form: Format, most_bytes: int = MOST_BYTES) -> list[Row]:
    """Return as many records, in their order, as fit into one answer, and at least one of any."""
    made: list[Row] = []
    left = most_bytes
    for execution in executions:
        row = Row(execution, _RENDERED[form](execution))
        left -= row.bytes
        if made and left < 0:
            break
        made.append(row)
    return made


def csv_header() -> str:
    """Return the first line of a CSV file."""
    return _csv_line(list(_COLUMNS))


def _json(execution: Execution) -> str:
    return json.dumps(record(execution))


def _ndjson(execution: Execution) -> str:
    return _json(execution) + "\n"


def _csv(execution: Execution) -> str:
    return _csv_line([column(execution) for column in _COLUMNS.values()])


def _csv_line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(
        [_cell(each) for each in cells]
    )
    return line.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, whichever separator it splits lines by.

    A formula begins with one of `= + - @`, also in their full width, at the start of a cell; an apostrophe
    before it makes it text (OWASP, "CSV Injection"). A tab or an end of line at the start is taken for an end
    of the cell. A program with another separator, or one that knows no quotes, starts cells inside of texts.
    """
    shown = re.sub(r"(^|[,;|\t\r\n\"'])(\s*)(?=[=+\-@＝＋－＠])", r"\1\2'", text)  # noqa: RUF001 - full width is meant
    shown = f"'{shown}" if shown[:1] in ("\t", "\r", "\n") else shown
    return shown.replace("\0", "\ufffd").encode(errors="replace").decode()


_RENDERED: Mapping[Format, Callable[[Execution], str]] = {
    Format.JSON: _json,
    Format.CSV: _csv,
    Format.NDJSON: _ndjson,
}

_COLUMNS: Mapping[str, Callable[[Execution], object]] = {
    "id": lambda each: each.id,
    "job_id": lambda each: each.job_name,
    "handler_id": lambda each: each.handler_id,
    "method_name": lambda each: each.method.value,
    "started_at": lambda each: time(each.started_at),
    "completed_at": lambda each: time(each.completed_at),
    "duration_ms": lambda each: each.duration_ms,
    "status": lambda each: each.status.value,
    "message": lambda each: None if each.completed_at is None else message(each),
    "error": lambda each: each.error_message,
    "attempt_number": lambda each: each.attempt_number,
    "records_processed": lambda each: each.records_processed,
    "trigger": lambda each: each.trigger.kind.value,
    "triggered_by": lambda each: each.trigger.by,
    "reason": lambda each: each.trigger.reason,
    "cancelled_by": lambda each: None if each.cancel is None else each.cancel.by,
    "dry_run": lambda each: each.dry_run,
    "deleted": lambda each: each.counts.deleted,
    "became_live": lambda each: each.counts.became_live,
    "already_gone": lambda each: each.counts.already_gone,
    "failed": lambda each: each.counts.failed,
    "uncertain": lambda each: each.counts.uncertain,
    "quarantined": lambda each: each.counts.quarantined,
    "stamped": lambda each: each.counts.stamped,
    "read_units": lambda each: each.usage.read_units,
    "write_units": lambda each: each.usage.write_units,
    "cost_usd": lambda each: each.usage.cost_usd,
    "backlog_remaining": lambda each: None if each.backlog is None else each.backlog.remaining,
    "backlog_oldest_expired_at": lambda each: (
        None if each.backlog is None else time(each.backlog.oldest_expired_at)
    ),
    "backlog_exact": lambda each: None if each.backlog is None else each.backlog.exact,
    "warnings": lambda each: " ".join(each.warnings),
    "samples": lambda each: " ".join(each.samples),
}
