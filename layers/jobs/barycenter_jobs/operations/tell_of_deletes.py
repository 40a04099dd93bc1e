"""Tell of each row that a sweep deletes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import RemovalsNotTold
from barycenter_jobs.core.removal_events import RemovedRow, Remover, row_hash
from barycenter_jobs.core.rows import Candidate, Deletion, Outcome

if TYPE_CHECKING:
    from barycenter_jobs.core.expiry import Cutoffs
    from barycenter_jobs.core.jobs import Kind
    from barycenter_jobs.core.removal_stores import RemovalEvents
    from barycenter_jobs.core.stores import Deleter

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TellOfDeletes:
    """A deleter that tells of the rows which another has deleted.

    At most once: the row is gone before it is told of, so that what dies in between, a lost answer and a bus
    that refuses are rows of which nobody hears. Nobody hears of a row that is still there.
    """

    deleter: Deleter
    events: RemovalEvents
    kind: Kind
    clock: Callable[[], datetime]

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete a batch and tell of what was deleted. See `Deleter`."""
        deletion = self.deleter.delete(batch, cutoffs)
        now = self.clock()
        removed = [
            RemovedRow(
                kind=self.kind.name,
                row_hash=row_hash(candidate.key),
                removed_by=Remover.SWEEP,
                expires_at=None if candidate.expires_at is None else int(candidate.expires_at),
                removed_at=now,
                subject=answer.subject,
            )
            for candidate, answer in zip(batch, deletion.answers, strict=True)
            if answer.outcome is Outcome.DELETED
        ]
        try:
            self.events.tell(removed)
        except RemovalsNotTold as error:
            logger.warning("removed rows not told of", extra={"kind": self.kind.name, "error": str(error)})
        return deletion
