"""All that each function does, in scenes that notice when it was kept from anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from boto3.dynamodb.types import TypeSerializer

from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.jobs import JOBS, Job
from tests.functions.loading import sample
from tests.removals.stream import removed_by_ttl

Json = dict[str, Any]
Row = dict[str, Any]

_serialize = TypeSerializer().serialize


@dataclass
class Passing:
    """A Lambda context whose time passes: so many seconds are left at each look, then the last for ever."""

    seconds: list[float] = field(default_factory=lambda: [300.0])
    function_name: str = "guarded"
    aws_request_id: str = "request-1"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:guarded"

    def get_remaining_time_in_millis(self) -> int:
        left = self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        return int(left * 1000)


class Invoke(Protocol):
    """A function, ready to be invoked."""

    def __call__(self, event: object, passing: Passing | None = None) -> Any: ...  # noqa: ANN401 - any JSON


@dataclass
class Stage:
    """The account as its root sees it, and the function."""

    root: Callable[[str], Any]
    invoke: Invoke
    warned: Callable[[], Iterable[str]]

    def put(self, table: str, row: Row) -> None:
        item = {name: _serialize(value) for name, value in row.items() if value is not None}
        self.root("dynamodb").put_item(TableName=table, Item=item)

    def fine(self) -> None:
        """Nothing was logged that somebody should have a look at."""
        warned = list(self.warned())
        assert warned == [], warned


def cleaned(stage: Stage, job: Job) -> None:
    """A cleanup does everything that it can do."""
    now = int(datetime.now(UTC).timestamp())
    key, table = job.kind.key, job.kind.name

    def row(name: str, expires_at: int, *, indexed: bool = True, **more: int) -> None:
        shard = expiry_shard(name) if indexed else None
        stage.put(table, {key: name, "expires_at": expires_at, "expiry_shard": shard, **more})

    for number in range(3):
        row(f"expired-{number}", now - 60)
    row("expired-outside", now - 60, indexed=False)
    if job.kind.rotates:
        row("rotated", now + 86_400, rotated_at=now - 86_400)

    ran = stage.invoke(_scheduled("event-1"))
    assert (ran["status"], len(ran["warnings"])) == ("success", 1), ran
    assert ran["warnings"][0].startswith("1 expired rows of"), ran
    assert ran["deleted"] == (5 if job.kind.rotates else 4), ran

    row("live-outside", now + 3600, indexed=False)
    reconciled = stage.invoke(_reconcile("event-2"))
    assert (reconciled["status"], reconciled["stamped"]) == ("success", 1), reconciled

    dry = stage.invoke({"dryRun": True})
    assert dry["status"] == "success"

    shared = stage.invoke(_reconcile("event-3"), Passing([300.0, 1.0]))
    assert (shared["status"], shared["warnings"]) == ("running", []), shared
    started = stage.root("stepfunctions").list_executions(
        stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:local-share-out"
    )["executions"]
    assert any(each["name"].startswith(f"{job.name}-{shared['executionId']}-") for each in started)
    drained = stage.invoke(_ours("Part Due", executionId=shared["executionId"], part="0/1"))
    assert drained["stoppedEarly"] is False, drained
    closed = stage.invoke(
        _ours("Parts Done", executionId=shared["executionId"], results=[{"part": "0/1", "drained": True}])
    )
    assert closed["status"] == "success", closed
    stage.fine()


def accounted(stage: Stage) -> None:
    """A batch of TTL's removals is accounted for, told of, and what nobody can read of it is kept."""
    unreadable = removed_by_ttl("unreadable", 1)
    unreadable["dynamodb"]["Keys"] = {"other": {"S": "unreadable"}}
    batch = sample("dynamodb_stream_ttl_removals")
    for _ in ("once", "again"):
        answer = stage.invoke({"Records": [*batch["Records"], unreadable]})
        assert answer == {"batchItemFailures": []}, answer
    warned = set(stage.warned()) - {"record not accounted for"}
    assert warned == set(), warned


def watched(stage: Stage) -> None:
    """The watchdog closes a dead run, notes schedules, shows health and prunes."""
    answer = stage.invoke(sample("eventbridge_watchdog"))
    assert [dead["jobName"] for dead in answer["deadRunsClosed"]] == [JOBS[0].name], answer
    assert answer["recordsPruned"] == 2, answer
    assert len(answer["jobs"]) == len(JOBS), answer
    warned = set(stage.warned()) - {"dead run closed"}
    assert warned == set(), warned


FIELDS: tuple[tuple[str, str, Json, str], ...] = (
    ("Query", "availableJobs", {}, "name"),
    ("Query", "jobLogs", {}, "id"),
    ("Query", "jobLogs", {"jobName": JOBS[0].name, "onlyFailures": True}, "id"),
    ("Query", "jobLog", {"id": "1"}, "id"),
    ("Query", "jobHealth", {}, "jobName"),
    ("Query", "jobStats", {}, "total"),
    *(("Query", "quarantine", {"jobName": job.name}, "name") for job in JOBS),
    *(("Mutation", "triggerJob", {"jobName": job.name}, "success message executionId") for job in JOBS),
    ("Mutation", "cancelRun", {"id": "4"}, "success message"),
    ("Mutation", "pauseJob", {"jobName": JOBS[1].name, "reason": "a test"}, "success"),
    ("Mutation", "resumeJob", {"jobName": JOBS[1].name, "reason": "a test"}, "success"),
    # Of a job that is running: so the trigger is skipped, and that is told of.
    ("Mutation", "triggerJob", {"jobName": JOBS[0].name}, "message executionId"),
    ("Mutation", "clearHistory", {}, "success"),
)


def resolved(stage: Stage) -> None:
    """Every root field of the GraphQL API is resolved."""
    for parent, name, arguments, selected in FIELDS:
        event = sample("appsync_trigger_job")
        event["arguments"] = arguments
        event["info"] = {
            "parentTypeName": parent,
            "fieldName": name,
            "selectionSetList": selected.split(),
            "selectionSetGraphQL": f"{{ {selected} }}",
            "variables": {},
        }
        answer = stage.invoke(event)
        assert answer is not None, name
        if "success" in selected.split():
            assert answer["success"], answer
    stage.fine()


def served(stage: Stage) -> None:
    """The same over HTTP."""
    for parent, name, arguments, selected in FIELDS:
        given = ", ".join(f"{key}: {json.dumps(value)}" for key, value in arguments.items())
        operation = "mutation" if parent == "Mutation" else "query"
        query = f"{operation} {{ {name}{f'({given})' if given else ''} {{ {selected} }} }}"
        event = sample("httpapi_trigger_job")
        event["body"] = json.dumps({"query": query})
        answer = stage.invoke(event)
        body = json.loads(answer["body"])
        assert "errors" not in body, body
        if "success" in selected.split():
            assert body["data"][name]["success"], body
    stage.fine()


def _scheduled(event_id: str) -> Json:
    return {**sample("eventbridge_cleanup_sessions"), "id": event_id}


def _reconcile(event_id: str) -> Json:
    return {**sample("eventbridge_reconcile_sessions"), "id": event_id}


def _ours(kind: str, **detail: object) -> Json:
    return {"source": "barycenter.jobs", "detail-type": kind, "detail": detail}
