"""A table of sessions and a log, workers in processes of their own, and a recount that trusts nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs
from barycenter_jobs.core.executions import Execution, Start, Trigger, TriggerKind
from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.stores import Deleter, ExecutionLog
from barycenter_jobs.operations.run_job import RunJob
from tests.contracts.stages import DynamoDBStage
from tests.engine import REPOSITORY, client, create_table
from tests.faults.orders import Orders, Point

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

RETENTION = timedelta(days=90)
BACKOFF = Backoff(sleep=time.sleep, random=lambda: 0.5, attempts=100, base_seconds=0.005, cap_seconds=0.1)
ROWS = 400
LIVE = 10


def now() -> datetime:
    return datetime.now(UTC)


def scheduled(event: str) -> Start:
    return Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), event)


def wait_until(at: datetime | None) -> None:
    """Return when a lease is over."""
    assert at is not None
    time.sleep(max(0.0, (at - now()).total_seconds()) + 0.001)


@dataclass
class Worker:
    """A process that runs the job, and its journal as far as it was read."""

    process: subprocess.Popen[str]
    journal: list[dict[str, Any]] = field(default_factory=list)

    def tell(self) -> None:
        """Give the word to begin, or to go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def read_until(self, seen: Callable[[], bool]) -> None:
        """Read on in the journal until a test has seen enough."""
        while not seen():
            assert self._read(), f"the worker ended: {self.journal}"

    def stopped_at(self, point: Point, *, before: int = 4, under_way: int = 8) -> None:
        """Return when every thread of the worker has stopped there."""
        self.read_until(lambda: point in self.facts("at"))
        if point is Point.MID_SWEEP:
            self.read_until(lambda: self._batches() == (before + under_way, before))
        elif point is Point.MID_BATCH:
            self.read_until(lambda: self._batches() == (before + under_way, before + under_way))

    def _batches(self) -> tuple[int, int]:
        return len(self.facts("asked")), len(self.facts("deleted"))

    def kill(self) -> None:
        """End it as a host that is lost does, and read what it had still to say."""
        self.process.kill()
        self.ended()

    def pause(self) -> None:
        """Stop every thread of it."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on as if nothing had happened."""
        os.kill(self.process.pid, signal.SIGCONT)

    def ended(self) -> dict[str, Any]:
        """Return its last words when it has ended."""
        while self._read():
            pass
        self.process.wait()
        return self.journal[-1]

    def facts(self, name: str) -> list[Any]:
        """Return what the journal says under one name."""
        return [fact[name] for fact in self.journal if name in fact]

    @property
    def deleted(self) -> int:
        """How many rows the table has told it that it deleted."""
        return sum(self.facts("deleted"))

    @property
    def told(self) -> int:
        """How many of them it has told the log by its last sign of life."""
        return max(self.facts("told"), default=0)

    def _read(self) -> bool:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line.endswith("\n"):
            self.journal.append(json.loads(line))
        return line.endswith("\n")


@dataclass
class Watcher:
    """Looks at the log's items all the time, and remembers what must not have been there."""

    dynamodb: DynamoDBClient
    table: str
    finished: dict[int, dict[str, Any]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    looks: int = 0
    _over: Event = field(default_factory=Event)
    _one_at_a_time: Lock = field(default_factory=Lock)

    def records(self) -> list[dict[str, Any]]:
        """Return the items of all executions as they are."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#log = :executions",
            ExpressionAttributeNames={"#log": "log"},
            ExpressionAttributeValues={":executions": {"S": "executions"}},
            ConsistentRead=True,
        )
        return [dict(item) for page in pages for item in page["Items"]]

    def look(self) -> list[dict[str, Any]]:
        """Look once, and return the items."""
        with self._one_at_a_time:
            return self._look()

    def _look(self) -> list[dict[str, Any]]:
        items = self.records()
        self.looks += 1
        running = [item["id"]["N"] for item in items if item["status"]["S"] == "running"]
        if len(running) > 1:
            self.complaints.append(f"executions {running} are open at once")
        by_id = {int(item["id"]["N"]): item for item in items}
        self.complaints.extend(
            f"execution {number} was finished and has changed: {item} became {by_id.get(number)}"
            for number, item in self.finished.items()
            if by_id.get(number) != item
        )
        self.finished |= {number: item for number, item in by_id.items() if item["status"]["S"] != "running"}
        return items

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(0.2):
            self.look()


@dataclass
class Scene:
    """Sessions, of which most have expired, and everything that runs over them."""

    engine: str
    dynamodb: DynamoDBClient
    sessions: str
    executions: str
    stage: DynamoDBStage
    log: DynamoDBExecutionLog
    legs: DynamoDBLegs
    watcher: Watcher
    rows: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)
    workers: list[Worker] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def put(self, expired: int, live: int = LIVE, shard: int | None = None) -> None:
        """Write rows that have expired, of one `shard` where it is given, and a few that have not."""
        second = int(now().timestamp())
        names = (f"session-{number}" for number in self.numbers)
        keys = (name for name in names if shard is None or expiry_shard(name) == shard)
        old = {key: second - 3600 + number for number, key in enumerate(islice(keys, expired))}
        young = {f"live-{next(self.numbers)}": second + 86400 for _ in range(live)}
        self.stage.put({key: {"expires_at": at} for key, at in (old | young).items()})
        self.rows |= old.keys() | young.keys()
        self.live |= young.keys()

    def revive(self, rows: int) -> None:
        """Give rows that have expired and are still there a new life, as their owners may at any time."""
        dying = sorted(self.stage.keys() - self.live)
        for key in dying[:: max(1, len(dying) // rows)][:rows]:
            self.dynamodb.update_item(
                TableName=self.sessions,
                Key={"session_id": {"S": key}},
                UpdateExpression="SET expires_at = :later",
                ConditionExpression="attribute_exists(session_id)",
                ExpressionAttributeValues={":later": {"N": str(int(now().timestamp()) + 86400)}},
            )
            self.live.add(key)

    def worker(self, event: str = "event-1", *, begin: bool = True, **orders: Any) -> Worker:  # noqa: ANN401
        """Start a worker; without `begin` it waits for the word."""
        given = Orders(self.engine, self.engine, self.sessions, self.executions, event)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker", replace(given, **orders).text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'layers' / 'jobs'}"},
        )
        worker = Worker(process)
        self.workers.append(worker)
        if begin:
            worker.tell()
        return worker

    def run_job(self, deleter: Deleter | None = None, log: ExecutionLog | None = None) -> RunJob:
        """Return the job as this process runs it."""
        return RunJob(
            job=SESSIONS,
            rows=TableRows(DynamoDB(self.engine).reading, self.sessions, SESSIONS.kind),
            deleter=deleter
            or PartiqlDeleter(DynamoDB(self.engine).deleting, self.sessions, SESSIONS.kind.key),
            log=log or self.log,
            clock=now,
            backoff=BACKOFF,
        )

    def run(self, event: str) -> Execution:
        """Deliver an event, run the job if it is to be run, and return the execution."""
        return self.run_job()(scheduled(event), None, lambda: timedelta(minutes=5))

    def execution(self, number: int) -> Execution:
        """Return what the log says of one execution."""
        execution = self.log.get(number)
        assert execution is not None
        return execution

    def close_the_dead(self) -> None:
        """Close what is dead, as the watchdog does."""
        for execution in self.log.running():
            if execution.is_dead(now()):
                assert self.log.close(execution)

    @property
    def gone(self) -> int:
        """How many rows have gone, by counting those that are there."""
        return len(self.rows - self.stage.keys())

    def recount(self, *, unknown: int = 0, open_records: int = 0) -> None:
        """Hold the log against the table; of `unknown` rows at the most nobody needs to say who deleted them.

        No live row has gone. No record claims a row that is there, and none is missing. No finished record
        has changed, and no two were open at once. Every event has succeeded at most once.
        """
        left = self.stage.keys()
        assert self.live <= left, f"live rows have gone: {len(self.live - left)}"
        records = self.watcher.look()
        assert self.watcher.complaints == []
        deleted = sum(int(item["result"]["M"]["deleted"]["N"]) for item in records)
        uncertain = sum(int(item["result"]["M"]["uncertain"]["N"]) for item in records)
        gone = len(self.rows - left)
        assert deleted <= gone <= deleted + uncertain + unknown
        assert sum(item["status"]["S"] == "running" for item in records) == open_records
        successes = Counter(item["delivery_id"]["S"] for item in records if item["status"]["S"] == "success")
        assert set(successes.values()) <= {1}
        attempts = Counter(
            (item["delivery_id"]["S"], item["attempt_number"]["N"])
            for item in records
            if "closed before" not in item.get("errorMessage", {}).get("S", "")
        )
        assert set(attempts.values()) <= {1}

    def check_that_all_is_done(self, *, unknown: int = 0) -> None:
        """Hold the log against a table in which nothing is left to do."""
        self.recount(unknown=unknown)
        assert self.stage.keys() == self.live


@contextmanager
def scene_on(engine: str, new_name: Callable[[str], str], expired: int = ROWS) -> Iterator[Scene]:
    """Make a table and a log, and at the end end the workers that are still there."""
    sessions, executions = new_name("sessions"), new_name("job_executions")
    dynamodb = client(engine)
    create_table(dynamodb, "sessions", sessions)
    create_table(dynamodb, "job_executions", executions)
    with Watcher(dynamodb, executions) as watcher:
        scene = Scene(
            engine=engine,
            dynamodb=dynamodb,
            sessions=sessions,
            executions=executions,
            stage=DynamoDBStage(dynamodb, engine, sessions, SESSIONS.kind, PartiqlDeleter),
            log=DynamoDBExecutionLog(executions, DynamoDB(engine), retention=RETENTION, backoff=BACKOFF),
            legs=DynamoDBLegs(executions, DynamoDB(engine), retention=RETENTION, backoff=BACKOFF),
            watcher=watcher,
        )
        scene.put(expired)
        try:
            yield scene
        finally:
            for worker in scene.workers:
                worker.process.kill()
                with worker.process:
                    pass
    dynamodb.delete_table(TableName=sessions)
    dynamodb.delete_table(TableName=executions)
