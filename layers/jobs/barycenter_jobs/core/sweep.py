"""The sweep: candidates in, guarded deletes, an exact account of what became of each.

A page of candidates comes from an index that may lag behind its table, so a candidate is a rumour.
Each delete carries its own condition, and its answer, not the page, is what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import AnswerLost, StoreError, StoreUnavailable, Throttled
from barycenter_jobs.core.pacing import Backoff, Concurrency, TokenBucket
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome, Page
from barycenter_jobs.core.sweep_report import SweepReport

if TYPE_CHECKING:
    from barycenter_jobs.core.expiry import Cutoffs
    from barycenter_jobs.core.stores import Deleter

BATCH_SIZE = 25  # the most statements that BatchExecuteStatement takes


@dataclass
class _Batch:
    """Up to 25 candidates, and what became of them."""

    candidates: Sequence[Candidate]
    report: SweepReport = field(default_factory=SweepReport)


def sweep(
    pages: Iterable[Page],
    deleter: Deleter,
    cutoffs: Cutoffs,
    *,
    backoff: Backoff,
    time_is_left: Callable[[], bool],
    in_flight: int = 8,
    write_budget: TokenBucket | None = None,
    max_records: int | None = None,
    report: SweepReport | None = None,
) -> SweepReport:
    """Delete what `pages` name and is still expired, and return an exact account.

    Never raises StoreError: the report carries it beside the counts, so that what was done before a
    failure is not forgotten. Whoever hands in an empty `report` has the account even when something
    unexpected is raised. At most `in_flight` batches are under way, fewer while the table throttles, and
    as many wait, whatever the backlog. When `time_is_left` turns false, batches under way end and no
    further one starts. Never deletes more than `max_records`.
    """
    report = report or SweepReport()
    deletes = _Deletes(deleter, cutoffs, backoff, time_is_left, write_budget, Concurrency(in_flight))
    with ThreadPoolExecutor(max_workers=in_flight, thread_name_prefix="sweep") as pool:
        under_way = _UnderWay(report, pool, deletes, max_records)
        try:
            for candidates in _batches(pages, report, time_is_left):
                if report.broken_by is not None or report.limit_reached:
                    break
                if not time_is_left():
                    report.stopped_early = True
                    break
                under_way.submit(candidates)
                under_way.keep_below(2 * in_flight)
        finally:
            under_way.settle()
    return report


class _UnderWay:
    """The batches that are under way or wait for a thread."""

    def __init__(
        self, report: SweepReport, pool: Executor, deletes: _Deletes, max_records: int | None
    ) -> None:
        self._report = report
        self._pool = pool
        self._deletes = deletes
        self._max_records = max_records
        self._batches: dict[Future[None], _Batch] = {}
        self._candidates = 0

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Have candidates deleted, as many as a run may delete."""
        while candidates:
            room = self._room()
            if room < len(candidates):
                self.settle()  # rows under way may turn out to be live, and leave room
                room = self._room()
            if room == 0:
                self._report.limit_reached = True
                return
            batch = _Batch(candidates[:room])
            self._candidates += len(batch.candidates)
            self._batches[self._pool.submit(self._deletes, batch)] = batch
            candidates = candidates[room:]

    def keep_below(self, most: int) -> None:
        """Return when fewer than `most` batches are left."""
        while len(self._batches) >= most:
            self._take_in(wait(self._batches, return_when=FIRST_COMPLETED).done)

    def settle(self) -> None:
        """Return when no batch is left."""
        self._take_in(wait(self._batches).done)

    def _room(self) -> int:
        if self._max_records is None:
            return BATCH_SIZE
        return max(0, self._max_records - self._report.may_have_deleted - self._candidates)

    def _take_in(self, done: set[Future[None]]) -> None:
        """Add finished batches to the report, and then raise what any of them raised."""
        for future in done:
            batch = self._batches.pop(future)
            self._candidates -= len(batch.candidates)
            self._report.add(batch.report)
        for future in done:
            future.result()


def _batches(
    pages: Iterable[Page], report: SweepReport, time_is_left: Callable[[], bool]
) -> Iterator[list[Candidate]]:
    """Yield candidates in batches while time is left, keeping account of the reading in `report`."""
    waiting: dict[str, Candidate] = {}  # by key: an index that is catching up may show a row twice
    try:
        for page in pages:
            report.read_units += page.read_units
            report.counts.quarantined += page.unreadable
            report.unindexed += page.unindexed
            for candidate in page.candidates:
                waiting[candidate.key] = candidate
                if len(waiting) == BATCH_SIZE:
                    yield list(waiting.values())
                    waiting.clear()
            if not time_is_left():  # a scan may read many pages that name nobody
                report.stopped_early = True
                return
    except StoreError as error:
        # Without its frames, which would keep the reader and its threads for as long as the report.
        report.broken_by = report.broken_by or error.with_traceback(None)
    if waiting and report.broken_by is None:
        yield list(waiting.values())


@dataclass(frozen=True)
class _Deletes:
    """Deletes one batch, asking again until every candidate has an answer or there is no point."""

    deleter: Deleter
    cutoffs: Cutoffs
    backoff: Backoff
    time_is_left: Callable[[], bool]
    write_budget: TokenBucket | None
    concurrency: Concurrency

    def __call__(self, batch: _Batch) -> None:
        pending, report = list(batch.candidates), batch.report
        unsure: set[str] = set()  # keys whose delete may already have been done by a request of ours
        for attempt in range(self.backoff.attempts):
            if attempt:
                self.backoff.wait(attempt - 1)
            if self.write_budget is not None and not self.write_budget.wait(self.time_is_left):
                break
            try:
                deletion = self._ask(pending)
            except AnswerLost as error:
                unsure.update(candidate.key for candidate in pending)
                last_error: StoreError = error
            except (Throttled, StoreUnavailable) as error:
                last_error = error
            except StoreError as error:
                report.broken_by = error
                break
            else:
                if deletion is None:
                    break
                report.write_units += deletion.write_units
                pending = _settle(report, pending, deletion.answers, unsure)
                if not pending:
                    return
                last_error = Throttled("the table throttles its writes")
        else:
            report.broken_by = last_error
        _give_up(report, pending, unsure)

    def _ask(self, pending: Sequence[Candidate]) -> Deletion | None:
        """Send one request and return its answer, or None when time has run out before it could be sent."""
        with self.concurrency.slot():
            if not self.time_is_left():  # the batch may have waited for a thread, for units and for this slot
                return None
            try:
                deletion = self.deleter.delete(pending, self.cutoffs)
            except Throttled:
                self.concurrency.throttled()
                raise
        if self.write_budget is not None:
            self.write_budget.consumed(deletion.write_units)
        if any(answer.outcome is Outcome.THROTTLED for answer in deletion.answers):
            self.concurrency.throttled()
        else:
            self.concurrency.succeeded()
        return deletion


def _settle(
    report: SweepReport, pending: Sequence[Candidate], answers: Sequence[Answer], unsure: set[str]
) -> list[Candidate]:
    """Count what is decided and return what has to be asked again."""
    counts = report.counts
    again = []
    for candidate, answer in zip(pending, answers, strict=True):
        # Unless this very request deleted the row, an earlier one may have: it may be gone by our hand, and
        # may even have been written anew since. Saying anything but "uncertain" would be a guess. A row that
        # this request deletes is one row, although an earlier one may have deleted a forerunner of its key.
        unsure_of_it = candidate.key in unsure
        match answer.outcome:
            case Outcome.DELETED:
                counts.deleted += 1
            case Outcome.THROTTLED:
                again.append(candidate)
            case Outcome.UNKNOWN:
                unsure.add(candidate.key)
                again.append(candidate)
            case Outcome.REFUSED:
                report.refusals[answer.code] += 1
                counts.failed += not unsure_of_it
                counts.uncertain += unsure_of_it
            case Outcome.BECAME_LIVE:
                counts.became_live += not unsure_of_it
                counts.uncertain += unsure_of_it
            case Outcome.ALREADY_GONE:
                counts.already_gone += not unsure_of_it
                counts.uncertain += unsure_of_it
    return again


def _give_up(report: SweepReport, pending: Sequence[Candidate], unsure: set[str]) -> None:
    uncertain = sum(candidate.key in unsure for candidate in pending)
    report.counts.uncertain += uncertain
    if report.broken_by is None:
        report.stopped_early |= len(pending) > uncertain  # no time to ask again: they wait for the next run
    else:
        report.counts.failed += len(pending) - uncertain
