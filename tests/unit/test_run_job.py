"""One cleanup from start to record: what is done, what is written down, and what never leaves it."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import (
    AccessRefused,
    AnswerLost,
    ExecutionAlreadyFinished,
    JobFailed,
    RequestRefused,
    StoreUnavailable,
    Throttled,
)
from barycenter_jobs.core.executions import Backlog, Execution, Start, Status, Trigger, TriggerKind, Usage
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import CHALLENGES, SESSIONS, Job
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.removal_totals import Taking
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome, Page
from barycenter_jobs.core.stores import Deleter, ExecutionLog, ExpiredRows
from barycenter_jobs.operations.run_job import RunJob

NOON = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
SECOND = int(NOON.timestamp())
SECRET = "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"
SCHEDULED = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-1")


def plenty() -> timedelta:
    return timedelta(minutes=5)


def expired(count: int) -> MemoryTable:
    """A table of that many expired sessions, and a live one."""
    rows = {f"session-{number}": {"expires_at": SECOND - 1 - number} for number in range(count)}
    return MemoryTable({**rows, "live": {"expires_at": SECOND + 3600}})


class Clock:
    """A clock that moves on by a second each time that somebody looks at it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now, now = self.now + timedelta(seconds=1), self.now
        return now


@dataclass
class Scene:
    """A job, its table and its log; each part may be replaced by one that fails."""

    table: MemoryTable = field(default_factory=lambda: expired(3))
    log: MemoryExecutionLog = field(default_factory=MemoryExecutionLog)
    job: Job = SESSIONS
    rows: ExpiredRows | None = None
    deleter: Deleter | None = None
    broken_log: ExecutionLog | None = None

    def run(
        self,
        start: Start = SCHEDULED,
        execution_id: int | None = None,
        remaining: Callable[[], timedelta] = plenty,
    ) -> Execution:
        run = RunJob(
            job=self.job,
            rows=self.rows or self.table,
            deleter=self.deleter or self.table,
            log=self.broken_log or self.log,
            clock=Clock(),
            backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=3),
        )
        return run(start, execution_id, remaining)

    def record(self, execution_id: int = 1) -> Execution:
        """The record of a run, as anybody reads it afterwards."""
        execution = self.log.get(execution_id)
        assert execution is not None
        return execution


class Rows:
    """A table that is read in pages made up by a test, or fails at the end of them."""

    def __init__(self, *pages: Page, failure: Exception | None = None, warnings: Sequence[str] = ()) -> None:
        self._pages = pages
        self._failure = failure
        self._warnings = warnings

    def pages(self, cutoffs: Cutoffs) -> Iterator[Page]:  # noqa: ARG002 - as the contract has it
        yield from self._pages
        if self._failure is not None:
            raise self._failure

    def backlog(self, cutoffs: Cutoffs, time_is_left: Callable[[], bool]) -> Backlog | None:  # noqa: ARG002
        return None

    def warnings(self) -> Sequence[str]:
        return self._warnings


class Answers:
    """A deleter that gives every candidate the same answer, or raises."""

    def __init__(self, answer: Answer | BaseException) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:  # noqa: ARG002
        self.asked += [candidate.key for candidate in batch]
        if isinstance(self._answer, BaseException):
            raise self._answer
        return Deletion([self._answer for _ in batch], 2.0 * len(batch))


# ---- Success


def test_a_run_deletes_what_has_expired_and_records_it() -> None:
    scene = Scene(expired(30))

    execution = scene.run()

    assert set(scene.table.rows) == {"live"}
    assert execution == scene.record()
    assert execution.completed_at is not None
    assert execution.completed_at > NOON
    assert execution.worker is not None
    assert execution == Execution(
        id=1,
        job_name="cleanup_expired_sessions",
        handler_id="cleanup_sessions",
        started_at=NOON,
        trigger=Trigger(TriggerKind.SCHEDULE),
        delivery_id="event-1",
        attempt_number=1,
        status=Status.SUCCESS,
        completed_at=execution.completed_at,
        worker=execution.worker,
        counts=Counts(deleted=30),
        usage=Usage(0.0, 30.0, cost_usd=30 * 0.625 / 1_000_000),
        backlog=Backlog(remaining=0),
    )


def test_a_run_that_finds_nothing_is_a_success_too() -> None:
    execution = Scene(MemoryTable()).run()

    assert execution.status is Status.SUCCESS
    assert execution.records_processed == 0
    assert execution.error_message is None


def test_a_row_that_expires_while_the_run_starts_waits_for_the_next() -> None:
    at_the_cut_off = NOON + timedelta(seconds=1)  # the clock's second reading
    scene = Scene(MemoryTable({"now": {"expires_at": int(at_the_cut_off.timestamp())}}))

    assert scene.run().records_processed == 0
    assert set(scene.table.rows) == {"now"}


def test_challenges_without_an_expiry_go_by_their_age() -> None:
    rows = {"old": {"created_at": SECOND - 301}, "young": {"created_at": SECOND - 10}}
    scene = Scene(MemoryTable(rows), job=CHALLENGES)

    assert scene.run().records_processed == 1
    assert set(scene.table.rows) == {"young"}


def test_unreadable_rows_stay_are_counted_and_are_no_failure() -> None:
    scene = Scene(
        MemoryTable({"text": {"expires_at": "soon"}, "milliseconds": {"expires_at": SECOND * 1000}})
    )

    execution = scene.run()

    assert execution.status is Status.SUCCESS
    assert execution.counts == Counts(quarantined=2)
    assert set(scene.table.rows) == {"text", "milliseconds"}


def test_what_reading_the_table_brought_to_light_is_recorded() -> None:
    scene = Scene(
        rows=Rows(Page(read_units=1.5), Page(read_units=2.0), warnings=["There is no expiry-index."])
    )

    scene.run()

    assert scene.record().warnings == ("There is no expiry-index.",)
    assert scene.record().usage == Usage(read_units=3.5, cost_usd=3.5 * 0.125 / 1_000_000)


def test_rows_whose_deletion_nobody_confirmed_are_pointed_out() -> None:
    class LosesItsFirstAnswer(MemoryTable):
        lost = False

        def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
            deletion = super().delete(batch, cutoffs)
            if not self.lost:
                self.lost = True
                raise AnswerLost("Cannot delete from sessions: no answer")
            return deletion

    scene = Scene(LosesItsFirstAnswer(expired(2).rows))

    execution = scene.run()

    assert execution.status is Status.SUCCESS
    assert execution.counts == Counts(uncertain=2)
    assert len(execution.warnings) == 1
    assert re.search(r"\b2 rows\b.*\banswer\b.*\blost\b", execution.warnings[0])


# ---- Failures that have a name


def test_a_table_that_cannot_be_read_fails_the_run_and_its_record_says_why() -> None:
    scene = Scene(rows=Rows(failure=AccessRefused("Cannot read sessions: AccessDeniedException")))

    with pytest.raises(JobFailed) as failure:
        scene.run()

    assert str(failure.value) == "Cannot read sessions: AccessDeniedException"
    record = scene.record()
    assert record.status is Status.ERROR
    assert record.success is False
    assert record.error_message == "Cannot read sessions: AccessDeniedException"
    assert record.completed_at == NOON + timedelta(seconds=2)


def test_what_was_deleted_before_a_failure_is_not_forgotten() -> None:
    table = expired(60)
    first_page = next(table.pages(Cutoffs(SECOND)))
    scene = Scene(
        table, rows=Rows(first_page, failure=StoreUnavailable("Cannot read sessions: no connection"))
    )

    with pytest.raises(JobFailed):
        scene.run()

    assert scene.record().counts.deleted == 60 - (len(table.rows) - 1) > 0


def test_refused_rows_fail_the_run_with_the_reasons_of_the_store() -> None:
    scene = Scene(expired(30), deleter=Answers(Answer(Outcome.REFUSED, "ItemCollectionSizeLimitExceeded")))

    with pytest.raises(
        JobFailed, match=r"^30 rows could not be deleted \(ItemCollectionSizeLimitExceeded 30\)$"
    ):
        scene.run()

    assert scene.record().counts == Counts(failed=30)
    assert scene.record().usage.write_units == 60


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Throttled("Cannot delete from sessions: ThrottlingException"), "ThrottlingException"),
        (RequestRefused("Cannot delete from sessions: ValidationException"), "ValidationException"),
        (AnswerLost("Cannot delete from sessions: no answer"), "no answer"),
    ],
)
def test_a_deleter_that_keeps_failing_fails_the_run(error: Exception, message: str) -> None:
    scene = Scene(deleter=Answers(error))

    with pytest.raises(JobFailed, match=f"{message}$"):
        scene.run()

    counts = scene.record().counts
    assert counts.deleted == 0
    assert counts.failed + counts.uncertain == 3
    assert scene.record().error_message == str(error)


# ---- Failures that have none


def failing_rows() -> Rows:
    return Rows(Page([Candidate(SECRET, SECOND - 1)]), failure=ValueError(f"cannot parse {SECRET}"))


def failing_deleter() -> Answers:
    return Answers(KeyError(SECRET))


def no_secret_in(text: str) -> bool:
    return SECRET not in text and SECRET[:12] not in text


@pytest.mark.parametrize(
    ("scene", "name"),
    [
        (Scene(rows=failing_rows()), "ValueError"),
        (Scene(MemoryTable({SECRET: {"expires_at": 1}}), deleter=failing_deleter()), "KeyError"),
    ],
)
def test_a_bug_is_recorded_by_its_place_and_nothing_that_it_says_gets_out(
    scene: Scene, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(JobFailed) as failure:
        scene.run()

    record = scene.record()
    assert record.status is Status.ERROR
    assert record.error_message == str(failure.value)
    assert re.fullmatch(rf"Unexpected {name} at test_run_job\.py:\d+", str(failure.value))
    assert no_secret_in(repr(record))
    assert no_secret_in("".join(traceback.format_exception(failure.value)))
    assert [entry.getMessage() for entry in caplog.records] == ["run failed unexpectedly"]
    assert all(no_secret_in(str(vars(entry))) for entry in caplog.records)


def test_what_was_deleted_before_a_bug_is_not_forgotten() -> None:
    table = expired(60)
    first_page = next(table.pages(Cutoffs(SECOND)))
    scene = Scene(table, rows=Rows(first_page, failure=ValueError("not a page")))

    with pytest.raises(JobFailed):
        scene.run()

    assert scene.record().counts.deleted == 60 - (len(table.rows) - 1) > 0


def test_a_bug_is_logged_with_the_frames_that_lead_to_it(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(JobFailed):
        Scene(rows=failing_rows()).run()

    frames = "".join(vars(caplog.records[0])["frames"])
    assert "in pages" in frames
    assert "raise self._failure" in frames


def test_a_process_that_is_told_to_stop_leaves_a_record_and_stops() -> None:
    scene = Scene(deleter=Answers(KeyboardInterrupt()))

    with pytest.raises(KeyboardInterrupt):
        scene.run()

    assert scene.record().status is Status.ERROR
    assert re.match(r"Unexpected KeyboardInterrupt at ", scene.record().error_message or "")


# ---- A log that fails


class NeverStarts(MemoryExecutionLog):
    def start(self, start: Start, now: datetime) -> Execution:  # noqa: ARG002 - as the contract has it
        raise StoreUnavailable("Cannot record a start in job_executions: no connection")


class NeverFinishes(MemoryExecutionLog):
    def finish(
        self,
        execution: Execution,  # noqa: ARG002 - as the contract has it
        taking: Taking | None = None,  # noqa: ARG002
    ) -> None:
        raise StoreUnavailable("Cannot record the end of a run in job_executions: no connection")


def test_a_start_that_cannot_be_recorded_deletes_nothing() -> None:
    scene = Scene(broken_log=NeverStarts(), deleter=(deleter := Answers(Answer(Outcome.DELETED))))

    with pytest.raises(StoreUnavailable):
        scene.run()

    assert deleter.asked == []
    assert len(scene.table.rows) == 4


def test_an_end_that_cannot_be_recorded_is_loud_and_tells_what_was_done() -> None:
    scene = Scene(broken_log=NeverFinishes())

    with pytest.raises(JobFailed) as failure:
        scene.run()

    assert str(failure.value) == (
        "Execution 1 deleted 3 rows and has no record of its end: "
        "Cannot record the end of a run in job_executions: no connection"
    )


def test_a_failure_whose_end_cannot_be_recorded_tells_both() -> None:
    scene = Scene(broken_log=NeverFinishes(), rows=Rows(failure=AccessRefused("Cannot read sessions")))

    with pytest.raises(JobFailed) as failure:
        scene.run()

    assert str(failure.value) == (
        "Execution 1 deleted 0 rows, failed (Cannot read sessions) and has no record of its end: "
        "Cannot record the end of a run in job_executions: no connection"
    )


def test_a_bug_whose_end_cannot_be_recorded_keeps_its_secret_too() -> None:
    scene = Scene(broken_log=NeverFinishes(), rows=failing_rows())

    with pytest.raises(JobFailed) as failure:
        scene.run()

    assert no_secret_in("".join(traceback.format_exception(failure.value)))
    assert "failed (Unexpected ValueError at test_run_job.py" in str(failure.value)


def test_a_record_that_somebody_else_finished_meanwhile_is_not_overwritten() -> None:
    log = MemoryExecutionLog()

    class FinishedByAnother(MemoryTable):
        def warnings(self) -> Sequence[str]:
            running = log.get(1)
            assert running is not None
            log.finish(running.finished(Status.TIMEOUT, NOON, error_message="The function died."))
            return ()

    scene = Scene(FinishedByAnother(expired(3).rows), log)

    with pytest.raises(
        JobFailed, match=r"^Execution 1 is already finished: what it did since is the record of"
    ):
        scene.run()

    assert scene.record().status is Status.TIMEOUT
    assert scene.record().counts == Counts()
    assert scene.record(2).status is Status.TIMEOUT
    assert scene.record(2).counts == Counts(deleted=3)
    with pytest.raises(ExecutionAlreadyFinished):
        log.finish(scene.record())


# ---- Events that are delivered more than once


def test_a_delivery_after_a_failure_is_the_next_attempt() -> None:
    scene = Scene(rows=Rows(failure=StoreUnavailable("Cannot read sessions: no connection")))
    for _ in range(2):
        with pytest.raises(JobFailed):
            scene.run()
    scene.rows = None

    third = scene.run()

    assert (third.id, third.attempt_number, third.status) == (3, 3, Status.SUCCESS)
    assert [scene.record(number).attempt_number for number in (1, 2, 3)] == [1, 2, 3]
    assert {scene.record(number).delivery_id for number in (1, 2, 3)} == {"event-1"}


def test_a_delivery_after_a_success_runs_nothing_and_returns_the_run_that_handled_it() -> None:
    scene = Scene()
    first = scene.run()
    scene.table.put("expired since", {"expires_at": SECOND - 1})

    again = scene.run()

    assert again == first
    assert "expired since" in scene.table.rows
    assert scene.log.get(2) is None


def test_a_delivery_whose_successful_run_is_no_longer_in_the_log_says_so() -> None:
    class Forgets(MemoryExecutionLog):
        def get(self, execution_id: int) -> Execution | None:  # noqa: ARG002 - as the contract has it
            return None

    scene = Scene(log=Forgets())
    scene.run()

    with pytest.raises(
        JobFailed, match=r"^The event was already handled by execution 1 and is no longer in the log$"
    ):
        scene.run()


def test_two_events_are_two_runs() -> None:
    scene = Scene()

    first, second = scene.run(), scene.run(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-2"))

    assert (first.id, second.id) == (1, 2)
    assert (first.attempt_number, second.attempt_number) == (1, 1)


# ---- Runs that a trigger has announced

BY_HAND = Start(SESSIONS, Trigger(TriggerKind.MANUAL, "arn:aws:iam::123456789012:user/alice"), "trigger-1")
FROM_THE_TRIGGER = Start(SESSIONS, Trigger(TriggerKind.MANUAL), "trigger-1")


def test_a_run_carries_on_the_record_that_its_trigger_has_made() -> None:
    scene = Scene()
    triggered = scene.log.start(BY_HAND, NOON - timedelta(seconds=2))

    execution = scene.run(FROM_THE_TRIGGER, triggered.id)

    assert (execution.id, execution.status) == (1, Status.SUCCESS)
    assert execution.trigger.by == "arn:aws:iam::123456789012:user/alice"
    assert execution.started_at == NOON - timedelta(seconds=2)
    assert scene.log.get(2) is None


def test_a_triggered_run_that_failed_is_repeated_as_the_next_attempt() -> None:
    scene = Scene(rows=Rows(failure=StoreUnavailable("Cannot read sessions: no connection")))
    triggered = scene.log.start(BY_HAND, NOON)
    with pytest.raises(JobFailed):
        scene.run(FROM_THE_TRIGGER, triggered.id)
    scene.rows = None

    again = scene.run(FROM_THE_TRIGGER, triggered.id)

    assert (again.id, again.attempt_number, again.status) == (2, 2, Status.SUCCESS)


def test_a_triggered_run_that_succeeded_is_not_repeated() -> None:
    scene = Scene()
    triggered = scene.log.start(BY_HAND, NOON)
    first = scene.run(FROM_THE_TRIGGER, triggered.id)

    assert scene.run(FROM_THE_TRIGGER, triggered.id) == first
    assert scene.log.get(2) is None


def test_a_trigger_whose_record_is_gone_gets_a_new_one() -> None:
    scene = Scene()

    execution = scene.run(FROM_THE_TRIGGER, 7)

    assert (execution.id, execution.status) == (1, Status.SUCCESS)


# ---- Time that runs out


def test_a_run_that_is_short_of_time_stops_says_so_and_leaves_the_rest_to_the_next() -> None:
    scene = Scene(expired(100))
    looks = iter([timedelta(minutes=5)] * 3)  # one for the margin, and one before each of two batches

    first = scene.run(remaining=lambda: next(looks, timedelta(seconds=1)))
    second = scene.run(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event-2"))

    assert first.status is Status.SUCCESS
    assert first.warnings == ("Time ran out before the backlog did; the next run goes on from there.",)
    assert 0 < first.counts.deleted < 100
    assert first.counts.deleted + second.counts.deleted == 100
    assert second.warnings == ()
    assert set(scene.table.rows) == {"live"}


def test_the_last_fifteen_seconds_are_kept_for_the_record() -> None:
    looks = iter([timedelta(minutes=5)])
    short, enough = timedelta(seconds=15), timedelta(seconds=15, milliseconds=1)

    assert Scene().run(remaining=lambda: next(looks, short)).counts.deleted == 0
    looks = iter([timedelta(minutes=5)])
    assert Scene().run(remaining=lambda: next(looks, enough)).counts.deleted == 3


def test_a_function_with_little_time_keeps_a_quarter_of_it_for_the_record() -> None:
    looks = iter([timedelta(seconds=8)])
    short, enough = timedelta(seconds=2), timedelta(seconds=2, milliseconds=1)

    assert Scene().run(remaining=lambda: next(looks, short)).counts.deleted == 0
    looks = iter([timedelta(seconds=8)])
    assert Scene().run(remaining=lambda: next(looks, enough)).counts.deleted == 3
