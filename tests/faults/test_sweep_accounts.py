"""Whatever happens between the lines, no live row is deleted and the account is exact.

A table in memory and a deleter that misbehaves as a script says: it renews and removes rows before it
acts, throttles, refuses, loses its answer before or after acting. Hypothesis writes the scripts; an
independent recount from the table's own journal checks the counts.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryTable
from barycenter_jobs.core.errors import AccessRefused, AnswerLost, StoreUnavailable, TableMissing, Throttled
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome, Page
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport

NOW = 1_800_000_000
CUTOFFS = Cutoffs(NOW)


class Fault(Enum):
    """What goes wrong with one request."""

    NOTHING = auto()
    THROTTLED = auto()
    UNREACHABLE = auto()
    LOST_BEFORE_ACTING = auto()
    LOST_AFTER_ACTING = auto()
    ROWS_THROTTLED = auto()
    ROWS_LOST_AFTER_ACTING = auto()
    ROWS_REFUSED = auto()


@dataclass(frozen=True)
class Step:
    """What happens at one request: rows that others renew or remove just before, and then the fault."""

    renewed: frozenset[int]
    removed: frozenset[int]
    fault: Fault


@dataclass
class HostileDeleter:
    """Deletes from `table` under guard, but lives in the world of `steps`."""

    table: MemoryTable
    steps: Iterator[Step]
    known: frozenset[str]
    deleted_by_us: Counter[str] = field(default_factory=Counter)
    deleted_while_live: list[str] = field(default_factory=list)

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        step = next(self.steps, Step(frozenset(), frozenset(), Fault.NOTHING))
        self._meddle(step)
        match step.fault:
            case Fault.THROTTLED:
                raise Throttled("busy")
            case Fault.UNREACHABLE:
                raise StoreUnavailable("away")
            case Fault.LOST_BEFORE_ACTING:
                raise AnswerLost("no answer")
            case Fault.LOST_AFTER_ACTING:
                self._act(batch, cutoffs)
                raise AnswerLost("no answer")
            case Fault.ROWS_THROTTLED:
                return self._half(batch, cutoffs, Answer(Outcome.THROTTLED), acts=False)
            case Fault.ROWS_LOST_AFTER_ACTING:
                return self._half(batch, cutoffs, Answer(Outcome.UNKNOWN), acts=True)
            case Fault.ROWS_REFUSED:
                return self._half(batch, cutoffs, Answer(Outcome.REFUSED, "ValidationError"), acts=False)
            case Fault.NOTHING:
                return Deletion(self._act(batch, cutoffs))

    def _meddle(self, step: Step) -> None:
        for number in step.renewed:
            if key(number) in self.known:  # by a put, which brings a deleted row back
                self.table.put(key(number), {"expires_at": NOW + 60})
        for number in step.removed:
            self.table.remove(key(number))

    def _act(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> list[Answer]:
        live = {key for key, row in self.table.rows.items() if row["expires_at"] == NOW + 60}
        answers = list(self.table.delete(batch, cutoffs).answers)
        for candidate, answer in zip(batch, answers, strict=True):
            if answer.outcome is Outcome.DELETED:
                self.deleted_by_us[candidate.key] += 1
                if candidate.key in live:
                    self.deleted_while_live.append(candidate.key)
        return answers

    def _half(self, batch: Sequence[Candidate], cutoffs: Cutoffs, answer: Answer, *, acts: bool) -> Deletion:
        middle = len(batch) // 2
        kept = self._act(batch[:middle], cutoffs)
        if acts:
            self._act(batch[middle:], cutoffs)
        return Deletion([*kept, *[answer] * (len(batch) - middle)])


def key(number: int) -> str:
    return f"session-{number}"


def swept(rows: int, steps: Sequence[Step], attempts: int = 4) -> tuple[SweepReport, HostileDeleter]:
    """Sweep that many expired rows while the steps happen; one batch at a time, so that a script replays."""
    table = MemoryTable({key(number): {"expires_at": NOW - 60} for number in range(rows)})
    pages = list(table.pages(CUTOFFS))
    deleter = HostileDeleter(table, iter(steps), known=frozenset(table.rows))
    report = sweep(
        pages,
        deleter,
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=attempts),
        time_is_left=lambda: True,
        in_flight=1,
    )
    return report, deleter


numbers = st.frozensets(st.integers(0, 59), max_size=20)
scripts = st.lists(st.builds(Step, numbers, numbers, st.sampled_from(Fault)), max_size=12)


@given(rows=st.integers(0, 60), steps=scripts)
@settings(max_examples=60, deadline=None)
def test_no_live_row_is_ever_deleted(rows: int, steps: list[Step]) -> None:
    _, deleter = swept(rows, steps)

    assert deleter.deleted_while_live == []


@given(rows=st.integers(0, 60), steps=scripts)
@settings(max_examples=60, deadline=None)
def test_deleted_counts_only_what_this_sweep_deleted_and_uncertain_bounds_the_rest(
    rows: int, steps: list[Step]
) -> None:
    report, deleter = swept(rows, steps)

    really = sum(deleter.deleted_by_us.values())
    assert report.counts.deleted <= really <= report.counts.deleted + report.counts.uncertain


@given(rows=st.integers(0, 60), steps=scripts)
@settings(max_examples=60, deadline=None)
def test_every_candidate_that_was_tried_is_in_exactly_one_count(rows: int, steps: list[Step]) -> None:
    report, _ = swept(rows, steps)

    counts = report.counts
    accounted = counts.deleted + counts.became_live + counts.already_gone + counts.failed + counts.uncertain
    assert accounted <= rows
    if report.broken_by is None:
        assert accounted == rows


@given(rows=st.integers(0, 60), steps=scripts)
@settings(max_examples=60, deadline=None)
def test_without_lost_answers_nothing_is_uncertain(rows: int, steps: list[Step]) -> None:
    lossless = [step for step in steps if "LOST" not in step.fault.name]

    report, deleter = swept(rows, lossless)

    assert report.counts.uncertain == 0
    assert report.counts.deleted == sum(deleter.deleted_by_us.values())


def faults(*happened: Fault) -> list[Step]:
    return [Step(frozenset(), frozenset(), fault) for fault in happened]


def test_a_batch_whose_answer_was_lost_after_it_was_done_is_uncertain() -> None:
    report, _ = swept(25, faults(Fault.LOST_AFTER_ACTING))

    assert (report.counts.deleted, report.counts.already_gone, report.counts.uncertain) == (0, 0, 25)


def test_a_batch_whose_request_was_lost_is_deleted_by_the_next_and_certain() -> None:
    report, _ = swept(25, faults(Fault.LOST_BEFORE_ACTING))

    assert (report.counts.deleted, report.counts.uncertain) == (25, 0)


def test_throttling_that_passes_leaves_no_trace_in_the_counts() -> None:
    report, _ = swept(25, faults(Fault.THROTTLED, Fault.ROWS_THROTTLED, Fault.UNREACHABLE))

    assert report.counts.deleted == 25
    assert report.broken_by is None


def test_throttling_that_lasts_breaks_the_sweep_and_says_so() -> None:
    report, _ = swept(25, faults(*[Fault.THROTTLED] * 4))

    assert isinstance(report.broken_by, Throttled)
    assert report.counts.failed == 25


def test_refused_rows_are_counted_by_their_reason() -> None:
    report, _ = swept(24, faults(Fault.ROWS_REFUSED))

    assert (report.counts.deleted, report.counts.failed) == (12, 12)
    assert report.refusals == {"ValidationError": 12}


def test_a_policy_that_forbids_deleting_ends_the_sweep_at_once() -> None:
    class Forbidden:
        requests = 0

        def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
            del batch, cutoffs
            self.requests += 1
            raise AccessRefused("not allowed")

    table = MemoryTable({key(number): {"expires_at": NOW - 60} for number in range(1000)})
    deleter = Forbidden()

    report = sweep(
        table.pages(CUTOFFS),
        deleter,
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: True,
        in_flight=2,
    )

    assert isinstance(report.broken_by, AccessRefused)
    assert deleter.requests <= 4 + 2
    assert len(table.rows) == 1000


def test_a_table_that_fails_while_it_is_read_does_not_lose_the_account() -> None:
    table = MemoryTable({key(number): {"expires_at": NOW - 60} for number in range(100)}, page_size=50)

    def pages() -> Iterator[Page]:
        first, *_ = table.pages(CUTOFFS)
        yield first
        raise TableMissing("gone")

    report = sweep(
        pages(),
        table,
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: True,
    )

    assert isinstance(report.broken_by, TableMissing)
    assert report.counts.deleted == 50
    assert len(table.rows) == 50


def test_time_that_runs_out_stops_the_sweep_and_says_so() -> None:
    table = MemoryTable({key(number): {"expires_at": NOW - 60} for number in range(1000)})
    looks = itertools.count()

    report = sweep(
        table.pages(CUTOFFS),
        table,
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: next(looks) < 20,
    )

    assert report.stopped_early
    assert report.broken_by is None
    assert 0 < report.counts.deleted <= 20 * 25
    assert len(table.rows) == 1000 - report.counts.deleted


def test_memory_holds_few_batches_however_large_the_backlog() -> None:
    table = MemoryTable({key(number): {"expires_at": NOW - 60} for number in range(5000)})
    pulled = deleted_when_pulled = 0

    def pages() -> Iterator[Page]:
        nonlocal pulled, deleted_when_pulled
        for page in list(table.pages(CUTOFFS)):
            deleted_when_pulled = 5000 - len(table.rows)
            assert pulled - deleted_when_pulled <= 25 * (2 * 4 + 1) + 100
            pulled += len(page.candidates)
            yield page

    report = sweep(
        pages(),
        table,
        CUTOFFS,
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
        time_is_left=lambda: True,
        in_flight=4,
    )

    assert report.counts.deleted == 5000


def test_a_bug_in_the_middle_does_not_lose_the_account() -> None:
    table = MemoryTable({key(number): {"expires_at": NOW - 60} for number in range(1000)})

    class Broken:
        requests = 0

        def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
            self.requests += 1
            if self.requests > 10:
                raise ZeroDivisionError
            return table.delete(batch, cutoffs)

    report = SweepReport()
    with pytest.raises(ZeroDivisionError):
        sweep(
            table.pages(CUTOFFS),
            Broken(),
            CUTOFFS,
            backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5),
            time_is_left=lambda: True,
            report=report,
        )

    assert report.counts.deleted == 1000 - len(table.rows) == 250
