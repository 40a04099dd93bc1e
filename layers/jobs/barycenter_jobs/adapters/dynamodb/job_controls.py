"""What is known about each job beside its runs, in the table `job_executions`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from barycenter_jobs.adapters.dynamodb.errors import condition_failed, store_errors
from barycenter_jobs.adapters.dynamodb.execution_items import bound
from barycenter_jobs.core.controls import Control
from barycenter_jobs.core.errors import Throttled
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.timestamps import parsed, sortable

if TYPE_CHECKING:
    from barycenter_jobs.adapters.dynamodb.client import DynamoDB
    from barycenter_jobs.core.jobs import Job

TRIES = 5  # of a change that others keep overtaking: operators, who need seconds each


class JobControlItem(Model):
    """One job. `log` is "control" and the job's name."""

    log = UnicodeAttribute(hash_key=True)
    id = NumberAttribute(range_key=True, default=0)
    paused_at = UnicodeAttribute(null=True)
    paused_by = UnicodeAttribute(null=True)
    pause_reason = UnicodeAttribute(null=True)
    resumed_at = UnicodeAttribute(null=True)
    schedule = UnicodeAttribute(null=True)
    watched_since = UnicodeAttribute(null=True)
    last_scheduled_start = UnicodeAttribute(null=True)


class DynamoDBJobControls:
    """Keeps an item for each job, for good. Reads are consistent."""

    def __init__(self, table: str, dynamodb: DynamoDB) -> None:
        self._table = table
        self._items = bound(JobControlItem, table, dynamodb)

    def of(self, job: Job) -> Control:
        """Return what is known about a job. See `JobControls`. Raises StoreError."""
        with store_errors("read", self._table):
            try:
                return _control(self._items.get(_log(job), 0, consistent_read=True))
            except DoesNotExist:
                return Control()

    def of_each(self, jobs: Sequence[Job]) -> list[Control]:
        """Return the same of several jobs. See `JobControls`. Raises StoreError."""
        keys: Any = [{"log": _log(job), "id": "0"} for job in jobs]  # not as PynamoDB has it typed
        with store_errors("read", self._table):
            # Not by the model, which would ask for what is left over without end and without a pause.
            answer = self._items._get_connection().batch_get_item(keys, consistent_read=True)  # noqa: SLF001
        items = answer["Responses"].get(self._table, [])
        known = {item["log"]["S"]: _control(self._items.from_raw_data(item)) for item in items}
        left_over = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        unread = {key["log"]["S"] for key in left_over}
        return [self.of(job) if _log(job) in unread else known.get(_log(job), Control()) for job in jobs]

    def pause(self, job: Job, pause: Pause) -> Pause:
        """Keep a job from running by itself. See `JobControls`. Raises StoreError."""
        model = self._items
        said: list[Action] = [model.paused_at.set(sortable(pause.paused_at))]
        said.append(model.paused_by.remove() if pause.by is None else model.paused_by.set(pause.by))
        said.append(
            model.pause_reason.remove() if pause.reason is None else model.pause_reason.set(pause.reason)
        )
        for _ in range(TRIES):
            if self._changed(job, said, model.paused_at.does_not_exist(), "pause a job in"):
                return pause
            standing = self.of(job).pause
            if standing is not None:  # or it was resumed between the two
                return standing
        raise self._too_many("pause a job in")

    def resume(self, job: Job, now: datetime) -> Pause | None:
        """Let a job run by itself again. See `JobControls`. Raises StoreError."""
        model = self._items
        said: list[Action] = [model.resumed_at.set(sortable(now))]
        said += [each.remove() for each in (model.paused_at, model.paused_by, model.pause_reason)]
        for _ in range(TRIES):
            standing = self.of(job).pause
            if standing is None:
                return None
            if self._changed(job, said, model.paused_at == sortable(standing.paused_at), "resume a job in"):
                return standing
        raise self._too_many("resume a job in")

    def watch(self, job: Job, expression: str, now: datetime) -> Control:
        """Remember when a job's schedule was first seen. See `JobControls`. Raises StoreError."""
        model, known = self._items, self.of(job)
        if known.expression == expression:
            return known
        unchanged = (
            model.schedule.does_not_exist()
            if known.expression is None
            else model.schedule == known.expression
        )
        said: list[Action] = [model.schedule.set(expression), model.watched_since.set(sortable(now))]
        self._changed(job, said, unchanged, "note a schedule in")  # if not, another watchdog has noted it
        return self.of(job)

    def note_start(self, job: Job, at: datetime) -> None:
        """Remember that the job's schedule started a run. See `JobControls`. Raises StoreError."""
        model, text = self._items, sortable(at)
        earlier = model.last_scheduled_start.does_not_exist() | (model.last_scheduled_start < text)
        self._changed(job, [model.last_scheduled_start.set(text)], earlier, "note a start in")

    def _changed(self, job: Job, actions: Sequence[Action], condition: Condition, doing: str) -> bool:
        """Change the item of a job where the condition holds, and return whether it does."""
        with store_errors(doing, self._table):
            try:
                self._items(log=_log(job), id=0).update(actions=list(actions), condition=condition)
            except UpdateError as error:
                if not condition_failed(error):
                    raise
                return False
        return True

    def _too_many(self, doing: str) -> Throttled:
        return Throttled(f"Cannot {doing} {self._table}: too many others do at the same time")


def _log(job: Job) -> str:
    return f"control {job.name}"


def _control(item: JobControlItem) -> Control:
    paused_at = _instant(item.paused_at)
    return Control(
        pause=None if paused_at is None else Pause(item.paused_by, paused_at, item.pause_reason),
        resumed_at=_instant(item.resumed_at),
        expression=item.schedule,
        watched_since=_instant(item.watched_since),
        last_scheduled_start=_instant(item.last_scheduled_start),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parsed(text)
