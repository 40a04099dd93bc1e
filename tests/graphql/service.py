"""A service whose past is frozen, and the two ways to ask it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    parse,
    print_ast,
)

from barycenter_jobs.adapters.memory import (
    MemoryExecutionLog,
    MemoryInvoker,
    MemoryJobControls,
    MemoryTable,
)
from barycenter_jobs.core.callers import Caller
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import (
    LEASE,
    Backlog,
    Request,
    Start,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.jobs import CHALLENGES, DEVICE_CODES, JOBS, REFRESH_TOKENS, SESSIONS, Job
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.schedules import parse as parse_schedule
from barycenter_jobs.core.stores import ExecutionLog, JobControls, JobInvoker
from barycenter_jobs.graphql import appsync
from barycenter_jobs.graphql.over_http import respond
from barycenter_jobs.graphql.resolvers import RESOLVERS
from barycenter_jobs.http_messages import HttpRequest, HttpResponse
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.operations.cancel_run import CancelRun
from barycenter_jobs.operations.clear_history import ClearHistory
from barycenter_jobs.operations.control_job import ControlJob
from barycenter_jobs.operations.find_executions import FindExecutions
from barycenter_jobs.operations.list_clearings import ListClearings
from barycenter_jobs.operations.list_jobs import ListJobs
from barycenter_jobs.operations.list_quarantine import ListQuarantine
from barycenter_jobs.operations.read_backlog import ReadBacklog
from barycenter_jobs.operations.read_health import ReadHealth
from barycenter_jobs.operations.read_log import ReadLog
from barycenter_jobs.operations.read_statistics import ReadStatistics
from barycenter_jobs.operations.trigger_job import TriggerJob

Json = dict[str, Any]

SCHEMA = Path(__file__).parents[2] / "graphql" / "schema.graphql"
NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=10)
ALICE = "arn:aws:sts::123456789012:assumed-role/operator/alice"
BOB = "arn:aws:sts::123456789012:assumed-role/operator/bob"
BY_SCHEDULE = Trigger(TriggerKind.SCHEDULE)
SCHEDULES = {
    "cleanup_expired_sessions": "cron(0 * * * ? *)",
    "cleanup_expired_refresh_tokens": "cron(30 * * * ? *)",
    "cleanup_expired_challenges": "cron(0/5 * * * ? *)",
    "cleanup_expired_device_codes": "cron(45 * * * ? *)",
}


class History(MemoryExecutionLog):
    """A log with a past: runs 1 to 42, of every status, the last two as the documentation shows them."""

    def __init__(self) -> None:
        super().__init__()
        first = NOON - timedelta(hours=4)
        for number in range(30):
            self._ran(CHALLENGES, first + timedelta(minutes=5 * number), deleted=number % 4)
        ten = NOON.replace(hour=10)
        eleven = NOON.replace(hour=11)
        self._ran(
            REFRESH_TOKENS,
            ten + timedelta(minutes=30),
            status=Status.ERROR,
            seconds=5,
            error_message="Cannot read refresh_tokens: ThrottlingException",
            delivery_id="throttled",
        )
        self._ran(
            REFRESH_TOKENS, ten + timedelta(minutes=31), seconds=2.5, deleted=40, delivery_id="throttled"
        )
        self._ran(
            DEVICE_CODES,
            ten + timedelta(minutes=45),
            status=Status.TIMEOUT,
            seconds=300,
            error_message="The function died before it could record its end",
        )
        self._ran(
            SESSIONS,
            eleven,
            seconds=3,
            counts=Counts(deleted=120, became_live=3, already_gone=1, uncertain=4, quarantined=2),
            usage=Usage(16.5, 256, 0.000164),
            backlog=Backlog(17, exact=False),
            warnings=("sessions has no expiry-index, so it was scanned.",),
        )
        self._ran(
            SESSIONS,
            eleven + timedelta(minutes=10, milliseconds=250),
            trigger=Trigger(TriggerKind.MANUAL, ALICE),
            status=Status.ERROR,
            seconds=0.5,
            counts=Counts(deleted=25, failed=5),
            error_message="5 rows could not be deleted (ItemCollectionSizeLimitExceededException 5)",
        )
        self._ran(
            REFRESH_TOKENS,
            eleven + timedelta(minutes=30),
            status=Status.ERROR,
            error_message="Cannot read refresh_tokens: there is no such table (ResourceNotFoundException)",
        )
        self._ran(CHALLENGES, eleven + timedelta(minutes=35), status=Status.SKIPPED)
        self._ran(
            CHALLENGES, eleven + timedelta(minutes=25), deleted=1
        )  # recorded late: its id is out of order
        self._ran(
            DEVICE_CODES,
            eleven + timedelta(minutes=45),
            trigger=Trigger(TriggerKind.MANUAL, ALICE),
            dry_run=True,
            seconds=0.031,
            usage=Usage(0.5, 6, 0.0000375),
            backlog=Backlog(3, NOON - timedelta(days=1)),
            samples=("6ca13d52ca70", "2d711642b726", "8b5b9db0c13d"),
        )
        self._is_running(DEVICE_CODES, eleven + timedelta(minutes=50))
        self._ran(CHALLENGES, eleven + timedelta(minutes=55), deleted=3)
        self._ran(SESSIONS, NOON, seconds=1, deleted=15)

    def _is_running(self, job: Job, at: datetime) -> None:
        start = Start(job, Trigger(TriggerKind.MANUAL, ALICE, "after the outage"), f"{job.name} at {at}")
        execution = self.start(start, at)
        self.cancel(execution.id, Request(NOON, BOB, "enough for today"))
        so_far = replace(
            execution, counts=Counts(deleted=250, quarantined=1), usage=Usage(16, 500, 0.0003145)
        )
        self.renew(so_far, NOW + LEASE)

    def _ran(
        self,
        job: Job,
        at: datetime,
        *,
        status: Status = Status.SUCCESS,
        seconds: float | None = 0,
        deleted: int = 0,
        counts: Counts | None = None,
        error_message: str | None = None,
        warnings: tuple[str, ...] = (),
        trigger: Trigger = BY_SCHEDULE,
        dry_run: bool = False,
        usage: Usage | None = None,
        backlog: Backlog | None = None,
        samples: tuple[str, ...] = (),
        delivery_id: str = "",
    ) -> None:
        execution = self.start(Start(job, trigger, delivery_id or f"{job.name} at {at}", dry_run), at)
        if seconds is not None:
            finished = execution.finished(
                status,
                at + timedelta(seconds=seconds),
                counts=counts or Counts(deleted=deleted),
                usage=usage,
                backlog=backlog,
                samples=samples,
                error_message=error_message,
                warnings=warnings,
            )
            self.finish(finished)


# Sessions whose writer took milliseconds for seconds, and three tables in order.
QUARANTINES = {job.name: MemoryTable() for job in JOBS} | {
    "cleanup_expired_sessions": MemoryTable(
        {
            "sess_1f0c8a": {"expires_at": 1_771_070_400_000},
            "sess_live": {"expires_at": 1_771_079_999},
            "sess_22b7e0": {"expires_at": 1_771_070_400_001},
        }
    )
}


def _expiring(*hours_from_now: float) -> dict[str, dict[str, int]]:
    second = int(NOW.timestamp())
    return {
        f"s3cr3t-{number}": {"expires_at": second + round(3600 * hours)}
        for number, hours in enumerate(hours_from_now)
    }


# What is counted: sessions of every age, a few challenges, and tables without anything to count.
TABLES = {job.name: MemoryTable() for job in JOBS} | {
    "cleanup_expired_sessions": MemoryTable(
        _expiring(-200, -169, -168, -30, -24, -2, -1, -0.5, -0.25, 0, 0.5, 1, 2, 24, 100, 168, 9000)
    ),
    "cleanup_expired_challenges": MemoryTable(_expiring(-0.01, 0.01, 0.02, 0.08)),
}


def controls_of_the_day() -> MemoryJobControls:
    """Four watched jobs: challenges have missed their last run, and device codes are paused."""
    controls = MemoryJobControls()
    for job in JOBS:
        controls.watch(job, SCHEDULES[job.name], NOON - timedelta(days=1))
    controls.note_start(SESSIONS, NOON)
    controls.note_start(REFRESH_TOKENS, NOON - timedelta(minutes=30))
    controls.note_start(CHALLENGES, NOON - timedelta(minutes=5))
    controls.note_start(DEVICE_CODES, NOON - timedelta(minutes=75))
    controls.pause(DEVICE_CODES, Pause(ALICE, NOON - timedelta(minutes=20), "moving the table"))
    return controls


def service(
    log: ExecutionLog | None = None,
    invoker: JobInvoker | None = None,
    controls: JobControls | None = None,
    max_records: int | None = None,
) -> Operations:
    """Everything the API can do, at ten past noon of a day whose history is known."""
    log, controls = log or History(), controls or controls_of_the_day()
    history = log if isinstance(log, MemoryExecutionLog) else MemoryExecutionLog()
    numbers = itertools.count(1)
    read_log = ReadLog(log, lambda: NOW)
    schedules = {name: parse_schedule(schedule) for name, schedule in SCHEDULES.items()}
    return Operations(
        clock=lambda: NOW,
        list_jobs=ListJobs(schedules),
        read_log=read_log,
        find_executions=FindExecutions(read_log),
        read_health=ReadHealth(schedules, log, controls, lambda: NOW),
        control_job=ControlJob(controls, lambda: NOW),
        cancel_run=CancelRun(log, lambda: NOW),
        read_statistics=ReadStatistics(log, max_records),
        clear_history=ClearHistory(log, history, lambda: NOW),
        list_clearings=ListClearings(history),
        trigger_job=TriggerJob(
            functions={job.name: job.function for job in JOBS},
            log=log,
            invoker=invoker or MemoryInvoker(),
            clock=lambda: NOW,
            new_id=lambda: f"trigger-{next(numbers)}",
            controls=controls,
        ),
        list_quarantine=ListQuarantine(QUARANTINES.__getitem__),
        read_backlog=ReadBacklog(TABLES.__getitem__, lambda: NOW, lambda: 0.0),
    )


def post(body: object, operations: Operations | None = None, **headers: str) -> HttpResponse:
    """POST a body, as JSON unless it is text already."""
    text = body if isinstance(body, str) else json.dumps(body)
    sent = {"content-type": "application/json", **{name.replace("_", "-"): headers[name] for name in headers}}
    return respond(HttpRequest("POST", sent, body=text, caller=Caller(ALICE)), operations or service())


def over_http(document: str, variables: Mapping[str, object], operations: Operations) -> Json:
    """Ask over HTTP and return the response's body."""
    response = post({"query": document, "variables": variables}, operations)
    assert response.status == 200
    body: Json = json.loads(response.body)
    return body


def through_appsync(document: str, variables: Mapping[str, object], operations: Operations) -> Json:
    """Ask as AppSync does: a Lambda event for each field with a resolver, the rest made from what it returns.

    AppSync executes documents itself. Here graphql-core does it, on a schema that knows nothing but the
    definition; arguments go to the resolver as they were sent, without the schema's defaults.
    """

    def field(source: Json | None, info: GraphQLResolveInfo[None], **arguments: object) -> object:
        if source is not None and (info.parent_type.name, info.field_name) not in RESOLVERS:
            return source[info.field_name]
        event = appsync_event(info, {name: arguments[name] for name in _sent(info, variables)}, variables)
        event["source"] = source
        answer = appsync.resolve(json.loads(json.dumps(event)), operations)
        return json.loads(json.dumps(answer))

    result = execute_sync(
        build_schema(SCHEMA.read_text()),
        parse(document),
        variable_values=dict(variables),
        field_resolver=field,
    )
    body: Json = json.loads(json.dumps(result.formatted))
    return body


def _sent(info: GraphQLResolveInfo[None], variables: Mapping[str, object]) -> list[str]:
    return [
        argument.name.value
        for argument in info.field_nodes[0].arguments or ()
        if not isinstance(argument.value, VariableNode) or argument.value.name.value in variables
    ]


def appsync_event(info: GraphQLResolveInfo[None], arguments: Json, variables: Mapping[str, object]) -> Json:
    """Return the event of a direct Lambda resolver, as in `events/appsync_*.json`."""
    node = info.field_nodes[0]
    return {
        "arguments": arguments,
        "identity": {"accountId": "123456789012", "userArn": ALICE, "username": "AROAIOSFODNN7EXAMPLE:alice"},
        "source": None,
        "request": {"headers": {}, "domainName": None},
        "prev": None,
        "info": {
            "selectionSetList": _selected(node.selection_set, info),
            "selectionSetGraphQL": print_ast(node.selection_set) if node.selection_set else "",
            "parentTypeName": info.parent_type.name,
            "fieldName": node.name.value,
            "variables": dict(variables),
        },
        "stash": {},
    }


def _selected(
    selected: SelectionSetNode | None, info: GraphQLResolveInfo[None], prefix: str = ""
) -> list[str]:
    """Return a selection as AppSync lists it: by paths, fragments merged, aliases in the place of names."""
    names: list[str] = []
    for one in selected.selections if selected else ():
        if isinstance(one, FieldNode):
            name = prefix + (one.alias or one.name).value
            names += [name, *_selected(one.selection_set, info, f"{name}/")]
        elif isinstance(one, FragmentSpreadNode):
            names += _selected(info.fragments[one.name.value].selection_set, info, prefix)
        elif isinstance(one, InlineFragmentNode):
            names += _selected(one.selection_set, info, prefix)
    return names
