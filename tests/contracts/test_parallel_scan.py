"""A table without the index is read in many segments at once, and every row of it is met exactly once."""

from __future__ import annotations

import gc
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from barycenter_jobs.adapters.dynamodb import expired_rows
from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.expired_rows import SEGMENTS_AT_ONCE, TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.dynamodb.scanned_rows import ScannedRows
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import RequestRefused
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.parts import Part, parts
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from tests.engine import client, create_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
KEY = SESSIONS.kind.key


@dataclass
class Scene:
    """A table of sessions without an index, and the segments that were asked for."""

    engine: str
    table: str
    refused: set[int] = field(default_factory=set)
    asked: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client: DynamoDBClient = DynamoDB(self.engine).reading
        scanned: Any = self._scanned  # typed as if it changed nothing
        self.client.meta.events.register("provide-client-params.dynamodb.Scan", scanned)
        self.rows = TableRows(self.client, self.table, SESSIONS.kind)

    def _scanned(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        segment = Part(params["Segment"], params["TotalSegments"])
        if segment not in self.asked:
            self.asked.append(segment)
        if segment.number in self.refused:
            return {**params, "Segment": -1}
        return params

    def put(self, rows: dict[str, int], payload: str = "") -> None:
        dynamodb = client(self.engine)
        requests: list[Any] = [
            {"PutRequest": {"Item": {KEY: {"S": key}, "expires_at": {"N": str(at)}, "x": {"S": payload}}}}
            for key, at in rows.items()
        ]
        for chunk in batches(requests):
            assert not dynamodb.batch_write_item(RequestItems={self.table: chunk})["UnprocessedItems"]

    def keys(self) -> set[str]:
        pages = client(self.engine).get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return {item[KEY]["S"] for page in pages for item in page["Items"]}

    def sweep(self, time_is_left: Callable[[], bool] = lambda: True) -> SweepReport:
        deleter = PartiqlDeleter(DynamoDB(self.engine).deleting, self.table, KEY)
        return sweep(self.rows.pages(CUTOFFS), deleter, CUTOFFS, backoff=BACKOFF, time_is_left=time_is_left)


def batches(requests: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(requests), 25):
        yield requests[start : start + 25]


@pytest.fixture
def scene(engine: str, new_name: Callable[[str], str]) -> Iterator[Scene]:
    gc.collect()  # an error that an earlier test keeps may hold a reading, and with it a thread
    name = new_name("sessions")
    create_table(client(engine), "sessions", name, indexed=False)
    yield Scene(engine, name)
    client(engine).delete_table(TableName=name)


def expired(count: int) -> dict[str, int]:
    return {f"session-{number}": NOW - 1 - number for number in range(count)}


def live(count: int) -> dict[str, int]:
    return {f"live-{number}": NOW + number for number in range(count)}


def scanning_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("scan")]


def test_every_expired_row_of_every_segment_is_met_exactly_once(scene: Scene) -> None:
    scene.put(expired(200) | live(50))

    pages = list(scene.rows.pages(CUTOFFS))

    met = Counter(candidate.key for page in pages for candidate in page.candidates)
    assert met == dict.fromkeys(expired(200), 1)
    assert sorted(scene.asked, key=str) == sorted(parts(SEGMENTS_AT_ONCE), key=str)
    assert sum(page.examined for page in pages) == 250
    assert sum(page.unindexed for page in pages) == 0


def test_a_sweep_over_many_segments_deletes_every_expired_row_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expired_rows, "SEGMENT_BYTES", 500)
    scene.put(expired(200) | live(50))

    report = scene.sweep()

    assert report.counts == Counts(deleted=200)
    assert scene.keys() == live(50).keys()
    assert len(scene.asked) > 5 * SEGMENTS_AT_ONCE
    assert {segment.of for segment in scene.asked} == {len(scene.asked)}


def test_segments_of_several_pages_are_read_to_their_end(scene: Scene) -> None:
    scene.put(expired(9) | live(9), payload="x" * 390_000)  # a page of DynamoDB's holds no three of them

    pages = list(ScannedRows(scene.client, scene.table, KEY).pages(CUTOFFS, parts(2), at_once=2))

    met = Counter(candidate.key for page in pages for candidate in page.candidates)
    assert met == dict.fromkeys(expired(9), 1)
    assert len(pages) >= 6
    assert sum(page.examined for page in pages) == 18


def test_a_segment_under_way_goes_on_before_another_begins(scene: Scene) -> None:
    scene.put(live(12), payload="x" * 390_000)

    for _ in ScannedRows(scene.client, scene.table, KEY).pages(CUTOFFS, parts(3), at_once=1):
        begun = len(scene.asked)
        assert scene.asked == list(parts(3)[:begun])


def test_a_segment_that_fails_ends_the_sweep_with_what_was_done_so_far(scene: Scene) -> None:
    scene.put(expired(200))
    scene.refused = {5}

    report = scene.sweep()

    assert isinstance(report.broken_by, RequestRefused)
    assert str(report.broken_by).startswith(f"Cannot scan {scene.table}: ")
    assert report.counts == Counts(deleted=200 - len(scene.keys()))
    assert scanning_threads() == []
    assert len(scene.rows.warnings()) == 1


def test_a_reading_that_is_given_up_leaves_no_thread_behind(scene: Scene) -> None:
    scene.put(expired(100))
    reading = scene.rows.pages(CUTOFFS)
    next(reading)
    assert scanning_threads() != []

    reading.close()  # type: ignore[attr-defined]

    assert scanning_threads() == []


def test_a_reading_that_is_given_up_says_what_it_read_so_far(scene: Scene) -> None:
    scene.put(expired(100))
    reading = scene.rows.pages(CUTOFFS)
    first = next(reading)

    reading.close()  # type: ignore[attr-defined]

    assert scene.rows.warnings() == (
        (
            f"Table {scene.table} has no usable expiry-index, so this run read the table itself, for "
            f"{first.read_units:,.1f} read units. See docs/tables.md."
        ),
    )


def test_no_run_reads_the_segments_in_the_order_of_another(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expired_rows, "SEGMENT_BYTES", 100)
    scene.put(expired(40))
    orders = set()

    for _ in range(4):
        list(scene.rows.pages(CUTOFFS))
        orders.add(tuple(scene.asked))
        scene.asked.clear()

    assert len(orders) > 1


def test_reconciling_segments_come_in_another_order_each_time_and_none_twice(scene: Scene) -> None:
    scene.put(expired(40))

    orders = [tuple(scene.rows.segments(200)) for _ in range(4)]

    assert len(set(orders)) > 1
    assert all(sorted(order, key=str) == sorted(parts(40), key=str) for order in orders)
    assert len(scene.rows.segments(1)) == 1000
    assert scene.rows.segments(10**9) == [Part(0, 1)]


def test_a_scan_that_finds_nobody_ends_when_time_is_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expired_rows, "SEGMENT_BYTES", 100)
    scene.put(live(100))
    looks = itertools.count()

    report = scene.sweep(lambda: next(looks) < 3)

    assert report.stopped_early
    assert report.counts == Counts()
    assert 0 < len(scene.asked) <= 4 + SEGMENTS_AT_ONCE < 200
    assert scanning_threads() == []


def test_a_client_that_reads_segments_at_once_asks_for_that_many(scene: Scene) -> None:
    at_once, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(SEGMENTS_AT_ONCE, timeout=60)
    scene.put(expired(1))

    def enter(**_: object) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        together.wait()

    def leave(**_: object) -> None:
        nonlocal at_once
        with lock:
            at_once -= 1

    scene.client.meta.events.register("before-send.dynamodb.Scan", enter)
    scene.client.meta.events.register("after-call.dynamodb.Scan", leave)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(list, scene.rows.pages(CUTOFFS)).result(timeout=90)

    assert most == SEGMENTS_AT_ONCE
