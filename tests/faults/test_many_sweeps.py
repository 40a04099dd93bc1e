"""Ten sweeps of one table at once, and a writer in their midst: every row is counted once, by one of them.

The recount is by key. The writer keeps its own books by what the table answers it: how often a row of each
key came into being, and how often it was the writer that took it away. What is missing at the end, beyond
that, went by our hand.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.memory import Attributes, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.expiry import Cutoffs, expiry_shard
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate, Deletion, Outcome, Page
from barycenter_jobs.core.stores import Deleter, ExpiredRows
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from tests.contracts.stages import DynamoDBStage
from tests.engine import client, create_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)
SWEEPS = 10
ROWS = 100
LIVE = NOW + 3600


class Writer(Protocol):
    """Somebody else's way into the table, which tells what it found there."""

    def put(self, key: str, expires_at: int) -> bool:
        """Write a row and return whether there was none."""

    def renew(self, key: str, expires_at: int) -> bool:
        """Give a row that exists another expiry and return whether it existed."""

    def take(self, key: str) -> bool:
        """Delete a row and return whether there was one."""

    def expiries(self) -> dict[str, int]:
        """Return all rows."""


class Slow(dict[str, Attributes]):
    """Rows between whose look-up and whose deletion another thread has its turn."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as a dictionary has it
        found = super().get(key, default)
        time.sleep(0)
        return found


class WrittenMemory(MemoryTable):
    """A table in memory whose writer learns what it found."""

    def write(self, key: str, expires_at: int) -> bool:
        with self._lock:
            existed = key in self.rows
            self.rows[key] = {"expires_at": expires_at}
            return not existed

    def renew(self, key: str, expires_at: int) -> bool:
        with self._lock:
            existed = key in self.rows
            if existed:
                self.rows[key] = {"expires_at": expires_at}
            return existed

    def take(self, key: str) -> bool:
        with self._lock:
            return self.rows.pop(key, None) is not None


@dataclass
class MemoryWriter:
    """A writer of a table in memory."""

    table: WrittenMemory

    def put(self, key: str, expires_at: int) -> bool:
        return self.table.write(key, expires_at)

    def renew(self, key: str, expires_at: int) -> bool:
        return self.table.renew(key, expires_at)

    def take(self, key: str) -> bool:
        return self.table.take(key)

    def expiries(self) -> dict[str, int]:
        return {key: int(str(row["expires_at"])) for key, row in self.table.rows.items()}


@dataclass
class EngineWriter:
    """A writer of a table in the engine."""

    dynamodb: DynamoDBClient
    table: str

    def put(self, key: str, expires_at: int) -> bool:
        item: dict[str, Any] = {
            "session_id": {"S": key},
            "expires_at": {"N": str(expires_at)},
            "expiry_shard": {"N": str(expiry_shard(key))},
        }
        answer = self.dynamodb.put_item(TableName=self.table, Item=item, ReturnValues="ALL_OLD")
        return "Attributes" not in answer

    def renew(self, key: str, expires_at: int) -> bool:
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key={"session_id": {"S": key}},
                UpdateExpression="SET expires_at = :later",
                ConditionExpression="attribute_exists(session_id)",
                ExpressionAttributeValues={":later": {"N": str(expires_at)}},
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def take(self, key: str) -> bool:
        answer = self.dynamodb.delete_item(
            TableName=self.table, Key={"session_id": {"S": key}}, ReturnValues="ALL_OLD"
        )
        return "Attributes" in answer

    def expiries(self) -> dict[str, int]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return {
            item["session_id"]["S"]: int(item["expires_at"]["N"]) for page in pages for item in page["Items"]
        }


@dataclass
class Scene:
    """One table, as the sweeps and the writer know it."""

    rows: ExpiredRows
    deleter: Deleter
    writer: Writer


@dataclass
class Books:
    """What the writer knows: rows that came into being, and those that it took away or saw live, by key."""

    made: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    live: set[str] = field(default_factory=set)

    def gone_by_our_hand(self, left: Mapping[str, int]) -> Counter[str]:
        """Return how many rows of each key are missing that the writer did not take."""
        missing = Counter({key: self.made[key] - self.taken[key] - (key in left) for key in self.made})
        assert min(missing.values()) >= 0
        return +missing


@dataclass
class RecordingDeleter:
    """Remembers by key what one sweep was told, and how many candidates it tried."""

    deleter: Deleter
    deleted: Counter[str] = field(default_factory=Counter)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        deletion = self.deleter.delete(batch, cutoffs)
        for candidate, answer in zip(batch, deletion.answers, strict=True):
            if answer.outcome is Outcome.DELETED:
                self.deleted[candidate.key] += 1  # a key is in one batch of a sweep, so in one thread
        return deletion


@dataclass
class Account:
    """What one sweep says, beside what its pages had shown."""

    counts: Counts
    shown: int
    deleted: Counter[str]


@pytest.fixture(
    params=[
        "memory",
        "partiql on the engine",
        pytest.param("delete-item on the engine", marks=pytest.mark.scale),
    ]
)
def scene(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[Scene]:
    """An empty table, once for each way to delete from it, on a machine that switches threads eagerly."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        if request.param == "memory":
            memory = WrittenMemory(page_size=30)
            memory.rows = Slow()
            yield Scene(memory, memory, MemoryWriter(memory))
            return
        endpoint: str = request.getfixturevalue("engine")
        dynamodb, table = client(endpoint), new_name("sessions")
        create_table(dynamodb, "sessions", table)
        deleter = PartiqlDeleter if request.param.startswith("partiql") else ConditionalDeleter
        stage = DynamoDBStage(dynamodb, endpoint, table, SESSIONS.kind, deleter)
        yield Scene(stage.rows, stage.deleter, EngineWriter(dynamodb, table))
        dynamodb.delete_table(TableName=table)
    finally:
        sys.setswitchinterval(interval)


def key(number: int) -> str:
    return f"session-{number}"


def expired_rows(writer: Writer) -> Books:
    """Fill the table with rows that have expired, and a few that have not."""
    books = Books()
    for number in range(ROWS):
        books.made[key(number)] += writer.put(key(number), NOW - 1 - number)
    for number in range(10):
        books.made[f"live-{number}"] += writer.put(f"live-{number}", LIVE)
        books.live.add(f"live-{number}")
    return books


def write_along(writer: Writer, books: Books, numbers: Sequence[int]) -> None:
    """Renew every fifth row, delete some, delete others and write them anew, and add rows of both kinds."""
    for number in numbers:
        this = key(number)
        match number % 5:
            case 0:
                if writer.renew(this, LIVE):
                    books.live.add(this)
            case 1:
                books.taken[this] += writer.take(this)
            case 2:
                books.taken[this] += writer.take(this)
                books.made[this] += writer.put(this, NOW - 1)
            case 3:
                books.made[f"late-{number}"] += writer.put(f"late-{number}", NOW - 1)
                books.made[f"new-{number}"] += writer.put(f"new-{number}", LIVE)
                books.live.add(f"new-{number}")


def swept_ten_times(scene: Scene, books: Books, *, all_read_first: bool) -> list[Account]:
    """Have ten sweeps and the writer begin at one moment.

    Where all read first, the writer does a half of its work between their reading and their deletes.
    """
    read, start = Barrier(SWEEPS + 1), Barrier(SWEEPS + 1)
    numbers = list(range(ROWS))
    random.Random(7).shuffle(numbers)  # noqa: S311 - an order, not a secret
    before = ROWS // 2 if all_read_first else 0

    def one_sweep() -> Account:
        recorder = RecordingDeleter(scene.deleter)
        shown = 0

        def pages(pages_read: Iterable[Page]) -> Iterator[Page]:
            nonlocal shown
            for page in pages_read:
                shown += len(page.candidates)
                yield page

        to_read: Iterable[Page] = scene.rows.pages(CUTOFFS)
        if all_read_first:
            to_read = list(to_read)
        read.wait()
        start.wait()
        report = run(pages(to_read), recorder)
        return Account(report.counts, shown, recorder.deleted)

    def write() -> None:
        read.wait()
        write_along(scene.writer, books, numbers[:before])
        start.wait()
        write_along(scene.writer, books, numbers[before:])

    with ThreadPoolExecutor(SWEEPS + 1) as pool:
        sweeps = [pool.submit(one_sweep) for _ in range(SWEEPS)]
        pool.submit(write).result()
        return [future.result() for future in sweeps]


def run(pages: Iterable[Page], deleter: Deleter) -> SweepReport:
    report = sweep(
        pages,
        deleter,
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: True,
        in_flight=4,
    )
    assert report.broken_by is None
    return report


def total(counts: Counts) -> int:
    return counts.deleted + counts.became_live + counts.already_gone + counts.failed + counts.uncertain


@pytest.mark.parametrize("all_read_first", [True, False], ids=["all read first", "each reads for itself"])
def test_ten_sweeps_beside_a_writer_count_each_row_once_and_leave_every_live_one(
    scene: Scene, all_read_first: bool
) -> None:
    books = expired_rows(scene.writer)

    accounts = swept_ten_times(scene, books, all_read_first=all_read_first)

    left = scene.writer.expiries()
    by_our_hand = books.gone_by_our_hand(left)
    assert sum((account.deleted for account in accounts), Counter[str]()) == by_our_hand
    assert sum(account.counts.deleted for account in accounts) == by_our_hand.total()
    assert books.live <= left.keys()
    for account in accounts:
        assert total(account.counts) == account.shown
        assert account.counts.deleted == account.deleted.total()
        assert (account.counts.failed, account.counts.uncertain, account.counts.quarantined) == (0, 0, 0)

    afterwards = run(scene.rows.pages(CUTOFFS), scene.deleter)

    expired = {this for this, expires_at in left.items() if expires_at < NOW}
    assert afterwards.counts == Counts(deleted=len(expired))
    assert scene.writer.expiries().keys() == books.live
