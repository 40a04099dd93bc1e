"""Account for what TTL removed, from the batches of a table's stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from barycenter_jobs.core.errors import NotKept, RemovalsNotTold, StoreError
from barycenter_jobs.core.removal_events import RemovedRow, Remover
from barycenter_jobs.core.removals import Poison, Removal, removal_of, table_of

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job, Kind
    from barycenter_jobs.core.removal_stores import PoisonedRecords, RemovalAccounts, RemovalEvents, Told

logger = logging.getLogger(__name__)


class Accounted(NamedTuple):
    """What became of a batch: the rows and the unreadable records that it added, and where to begin again.

    `failed_from` is the sequence number of the first record that is not accounted for, None where all are.
    """

    rows: int
    unreadable: int
    failed_from: str | None


@dataclass(frozen=True)
class AccountRemovals:
    """Adds up removals by kind; `jobs` has the job of each table. `events` hear of each row, where given.

    Whatever a batch is, and however often and in which order its records come, each counts once. Rows are
    told of before they are accounted for: at least once, and again where the accounting failed.
    """

    jobs: Mapping[str, Job]
    accounts: RemovalAccounts
    poisoned: PoisonedRecords
    clock: Callable[[], datetime]
    events: RemovalEvents | None = None

    def __call__(self, records: Sequence[object]) -> Accounted:
        """Account for a batch, and name what could not be accounted for, to be sent again."""
        of_tables: dict[str | None, list[object]] = {}
        for record in records:
            of_tables.setdefault(table_of(record), []).append(record)
        rows = unreadable = 0
        failed: list[object] = []
        for table, some in of_tables.items():
            job = self.jobs.get(table or "")
            if job is None:
                self._keep(_of_no_table(some), table or "")
                continue
            try:
                fresh = self._account(job.kind, some, table or "")
            except (StoreError, RemovalsNotTold) as error:
                logger.warning("batch not accounted for", extra={"kind": job.kind.name, "error": str(error)})
                failed += some
                continue
            rows += sum(isinstance(each, Removal) for each in fresh)
            unreadable += sum(isinstance(each, Poison) for each in fresh)
        return Accounted(rows, unreadable, _first_number(records, failed))

    def _account(self, kind: Kind, records: Sequence[object], table: str) -> list[Told]:
        emits = self.events is not None
        read = [removal_of(record, kind, with_subject=emits) for record in records]
        told = [each for each in read if each is not None]
        poisoned = any(isinstance(each, Poison) for each in told)
        if told and (emits or poisoned):
            fresh = self.accounts.unaccounted(kind.name, told)
            self._keep([each for each in fresh if isinstance(each, Poison)], table)
            if self.events is not None:
                self.events.tell([_row(kind, each) for each in fresh if isinstance(each, Removal)])
        return self.accounts.account(kind.name, told, self.clock()) if told else []

    def _keep(self, poisoned: Sequence[Poison], table: str) -> None:
        if not poisoned:
            return
        for each in poisoned:
            logger.error("record not accounted for", extra={"table": table, "reason": each.reason})
        try:
            self.poisoned.keep(poisoned, table)
        except NotKept as error:
            # Counted as unreadable all the same: a shard must not stand still for what nobody can read.
            logger.warning("poisoned record not kept", extra={"table": table, "error": str(error)})


def _of_no_table(records: Sequence[object]) -> list[Poison]:
    reason = "its stream is of no table that a job cleans"
    return [Poison(b"", None, 0, reason) for _ in records]


def _row(kind: Kind, removal: Removal) -> RemovedRow:
    return RemovedRow(
        kind=kind.name,
        row_hash=removal.row_hash,
        removed_by=Remover.TTL,
        expires_at=removal.expires_at,
        removed_at=removal.removed_at,
        subject=removal.subject,
    )


def _first_number(records: Sequence[object], failed: Sequence[object]) -> str | None:
    """Return the sequence number from which Lambda is to begin again.

    Where the first of what failed has none, the empty text makes Lambda repeat the whole batch.
    """
    if not failed:
        return None
    ids = {id(record) for record in failed}
    first = next(record for record in records if id(record) in ids)
    change = first.get("dynamodb") if isinstance(first, Mapping) else None
    number = change.get("SequenceNumber") if isinstance(change, Mapping) else None
    return number if isinstance(number, str) else ""
