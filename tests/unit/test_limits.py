"""The ceilings of a sweep: write units a second, requests at once, rows a run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryTable
from barycenter_jobs.core.errors import Throttled
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.pacing import Backoff, Concurrency, TokenBucket
from barycenter_jobs.core.rows import Candidate, Deletion
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


def always() -> bool:
    return True


def table_of(rows: int, *, live: int = 0) -> MemoryTable:
    """A table of expired rows, of which the first `live` are renewed between reading and deleting."""
    table = MemoryTable({f"session-{number}": {"expires_at": NOW - 60} for number in range(rows)})
    pages = list(table.pages(CUTOFFS))
    for number in range(live):
        table.put(f"session-{number}", {"expires_at": NOW + 60})
    table.pages = lambda cutoffs: iter(pages)  # type: ignore[method-assign]  # noqa: ARG005
    return table


def swept(table: MemoryTable, **limits: object) -> SweepReport:
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
    return sweep(
        table.pages(CUTOFFS),
        table,
        CUTOFFS,
        backoff=backoff,
        time_is_left=always,
        **limits,  # type: ignore[arg-type]
    )


@given(
    per_second=st.integers(1, 500),
    requests=st.lists(st.floats(0.5, 100), min_size=1, max_size=60),
)
def test_units_never_outrun_the_ceiling_by_more_than_a_second_and_a_request(
    per_second: int, requests: list[float]
) -> None:
    time = Time()
    bucket = TokenBucket(per_second, time.monotonic, time.sleep)
    consumed = 0.0

    for units in requests:
        assert bucket.wait(always)
        assert consumed <= per_second * (time.seconds + 1) + 1e-6
        bucket.consumed(units)
        consumed += units


def test_a_bucket_at_rest_fills_up_to_a_second_and_no_further() -> None:
    time = Time()
    bucket = TokenBucket(100, time.monotonic, time.sleep)
    time.seconds = 3600

    bucket.wait(always)
    bucket.consumed(300)
    bucket.wait(always)

    assert time.seconds == 3602


def test_a_bucket_gives_up_when_time_runs_out() -> None:
    time = Time()
    bucket = TokenBucket(1, time.monotonic, time.sleep)
    bucket.consumed(1000)

    assert not bucket.wait(lambda: time.seconds < 5)
    assert time.seconds == 5


def test_a_sweep_with_a_ceiling_takes_the_time_that_its_units_need() -> None:
    time = Time()
    table = table_of(1000)

    report = swept(table, write_budget=TokenBucket(50, time.monotonic, time.sleep), in_flight=1)

    assert report.counts.deleted == 1000
    assert 18 <= time.seconds <= 20  # the table in memory consumes a unit a row


def test_concurrency_halves_on_throttling_and_recovers_one_by_one() -> None:
    concurrency = Concurrency(8)

    concurrency.throttled()
    assert concurrency.allowed == 4
    for _ in range(5):
        concurrency.throttled()
    assert concurrency.allowed == 1
    for _ in range(60):
        concurrency.succeeded()
    assert concurrency.allowed == 8


def test_a_throttled_sweep_has_fewer_requests_under_way() -> None:
    concurrency = Concurrency(8)
    concurrency.throttled()
    lock, release = Lock(), Event()
    under_way = most = 0

    def request() -> None:
        nonlocal under_way, most
        with concurrency.slot():
            with lock:
                under_way += 1
                most = max(most, under_way)
                if under_way == 4:
                    release.set()
            release.wait(5)
            with lock:
                under_way -= 1

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(request) for _ in range(16)]:
            future.result()

    assert most == 4


@given(
    rows=st.integers(0, 130), live=st.integers(0, 130), limit=st.integers(1, 130), in_flight=st.integers(1, 4)
)
@settings(max_examples=60, deadline=None)
def test_a_run_never_deletes_more_than_its_limit_and_trips_only_when_there_is_more(
    rows: int, live: int, limit: int, in_flight: int
) -> None:
    table = table_of(rows, live=min(live, rows))
    expired = rows - min(live, rows)

    report = swept(table, max_records=limit, in_flight=in_flight)

    assert report.counts.deleted == min(expired, limit)
    assert expired - report.counts.deleted == len(table.rows) - min(live, rows)
    if expired > limit:
        assert report.limit_reached
    if rows <= limit:
        assert not report.limit_reached


def test_a_limit_holds_through_throttling() -> None:
    table = table_of(100)

    class ThrottledOnce:
        requests = 0

        def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
            self.requests += 1
            if self.requests == 2:
                raise Throttled("busy")
            return table.delete(batch, cutoffs)

    report = sweep(
        table.pages(CUTOFFS),
        ThrottledOnce(),
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=always,
        max_records=60,
        in_flight=2,
    )

    assert (report.counts.deleted, report.limit_reached, len(table.rows)) == (60, True, 40)
