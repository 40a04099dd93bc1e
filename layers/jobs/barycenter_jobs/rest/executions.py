"""The history: `/api/executions`, `/api/executions/errors` and `/api/executions/{id}`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from barycenter_jobs.core.bounded_search import LogPage
from barycenter_jobs.core.executions import Execution, Method, Status, TriggerKind
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.http_messages import HttpResponse
from barycenter_jobs.rest.asked import ASK_AGAIN, Asked, json_response
from barycenter_jobs.rest.jobs_meant import HANDLER_ID, JOB_ID, jobs_meant, names_a_job
from barycenter_jobs.rest.negotiation import chosen
from barycenter_jobs.rest.parameters import choice, flag, instant, limit, position
from barycenter_jobs.rest.problems import Kind, Refused
from barycenter_jobs.rest.records import record
from barycenter_jobs.rest.representations import MEDIA_TYPES, Format, Row, csv_header, fitting

LIMIT = limit(most=1000)
ERRORS_LIMIT = limit(most=500)
STATUS = choice("status", Status)
METHOD_NAME = choice("method_name", Method)
TRIGGER = choice("trigger", TriggerKind)
DRY_RUN = flag("dry_run")
SINCE = instant("since")
UNTIL = instant("until")
ORDER = choice("order", Order)
CURSOR = position("cursor")
FORMAT = choice("format", Format)

FILTERS = (JOB_ID, HANDLER_ID, STATUS, METHOD_NAME, TRIGGER, DRY_RUN, SINCE, UNTIL, ORDER, CURSOR, FORMAT)


@dataclass(frozen=True, slots=True)
class _Listing:
    """What tells the two lists apart: the names of a file and of the records in it, how many, and which."""

    file: str
    name: str
    limit: int
    only_failures: bool = False


def history(asked: Asked) -> HttpResponse:
    """Answer with executions of every kind. Raises Refused and StoreError."""
    return _listed(asked, _Listing("executions", "records", asked.parameters.of(LIMIT) or 100))


def errors(asked: Asked) -> HttpResponse:
    """Answer with executions that failed. Raises Refused and StoreError."""
    return _listed(
        asked, _Listing("errors", "errors", asked.parameters.of(ERRORS_LIMIT) or 50, only_failures=True)
    )


def one(asked: Asked) -> HttpResponse:
    """Answer with one execution. Raises Refused and StoreError."""
    execution_id = int(asked.id) if re.fullmatch("[0-9]{1,15}", asked.id) else None
    execution = None if execution_id is None else asked.operations.read_log.one(execution_id)
    if execution is None:
        raise Refused(Kind.NOT_FOUND, "The log has no such execution")
    return json_response(asked, record(execution))


def _listed(asked: Asked, listing: _Listing) -> HttpResponse:
    # Asking for a format outranks the header: a link can not set one.
    named = asked.parameters.of(FORMAT)
    media_type = MEDIA_TYPES[named] if named else chosen(asked.request, list(MEDIA_TYPES.values()))
    form = next(each for each, known in MEDIA_TYPES.items() if known == media_type)

    page = _page(asked, listing)
    rows = fitting(page.executions, form)
    following = page.next
    if len(rows) < len(page.executions):
        following = Position.of(rows[-1].execution)

    headers = {"content-type": media_type, "cache-control": ASK_AGAIN, "vary": "accept"}
    if following is not None:
        headers["link"] = f'<{_next_page(asked, following)}>; rel="next"'
        headers["x-next-cursor"] = following.cursor
    if named or form is not Format.JSON:
        headers["content-disposition"] = f'attachment; filename="{listing.file}.{form.value}"'
    body = _BODIES[form](asked, listing, page, rows, following)
    if form is Format.CSV:
        headers["content-type"] += (
            f"; charset=utf-8; header={'absent' if _is_continued(asked) else 'present'}"
        )
    return HttpResponse(HTTPStatus.OK, body, headers)


def _page(asked: Asked, listing: _Listing) -> LogPage:
    parameters, jobs = asked.parameters, jobs_meant(asked.parameters)
    if not jobs:
        return LogPage([])
    return asked.operations.read_log.page(
        LogFilter(
            job_name=jobs[0].name if names_a_job(parameters) else None,
            only_failures=listing.only_failures,
            status=parameters.of(STATUS),
            since=parameters.of(SINCE),
            until=parameters.of(UNTIL),
        ),
        listing.limit,
        order=parameters.of(ORDER) or Order.NEWEST_FIRST,
        after=parameters.of(CURSOR),
        where=_where(asked),
    )


def _where(asked: Asked) -> Callable[[Execution], bool] | None:
    """Return what an execution has to be beyond what the log has keys for; None where that is nothing."""
    method, trigger = asked.parameters.of(METHOD_NAME), asked.parameters.of(TRIGGER)
    dry_run = asked.parameters.of(DRY_RUN)
    if method is None and trigger is None and dry_run is None:
        return None
    return lambda execution: (
        method in (None, execution.method)
        and trigger in (None, execution.trigger.kind)
        and dry_run in (None, execution.dry_run)
    )


def _next_page(asked: Asked, following: Position) -> str:
    query = {name: values[0] for name, values in asked.request.query.items()}
    return f"{asked.request.path}?{urlencode(query | {CURSOR.name: following.cursor})}"


def _is_continued(asked: Asked) -> bool:
    return asked.parameters.of(CURSOR) is not None


def _json_body(
    _asked: Asked, listing: _Listing, page: LogPage, rows: Sequence[Row], following: Position | None
) -> str:
    head = json.dumps({"count": len(rows), "limit": listing.limit})
    tail = json.dumps(
        {
            "next_cursor": None if following is None else following.cursor,
            # Short of what was asked for although there may be more: not all of it was looked at, or sent.
            "complete": following is None or len(rows) == listing.limit,
            "examined": page.examined,
        }
    )
    # Each record is text already; to make one object of them only to write it again would take twice as long.
    return f'{head[:-1]}, "{listing.name}": [{", ".join(row.text for row in rows)}], {tail[1:]}'


def _csv_body(
    asked: Asked, _listing: _Listing, _page: LogPage, rows: Sequence[Row], _following: Position | None
) -> str:
    # Only the first page has the header, so that pages one after the other are one file.
    header = "" if _is_continued(asked) else csv_header()
    return header + "".join(row.text for row in rows)


def _ndjson_body(
    _asked: Asked, _listing: _Listing, _page: LogPage, rows: Sequence[Row], _following: Position | None
) -> str:
    return "".join(row.text for row in rows)


_BODIES = {Format.JSON: _json_body, Format.CSV: _csv_body, Format.NDJSON: _ndjson_body}
