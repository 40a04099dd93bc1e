"""How long the record of a run is kept, and what is known of a history that was cleared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from barycenter_jobs.core.executions import FAILURES, Execution, Status

# The log removes a record once it is due, and takes it out of the statistics. Its table's TTL knows of no
# statistics: it is for a log that nobody prunes any more.
TTL_MARGIN = timedelta(days=7)

# A transaction has 100 actions at the most: a delete for each record, as many changes of counters when no two
# of them fall into the same portion, and one for the account.
REMOVED_AT_ONCE = 49


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a record is kept, counted from the start of its run. `failures` are errors and timeouts."""

    others: timedelta = timedelta(days=90)
    failures: timedelta = timedelta(days=400)

    def of(self, status: Status) -> timedelta:
        """Return how long a record in this state is kept. What is running may still fail."""
        if status is Status.RUNNING:
            return max(self.others, self.failures)
        return self.failures if status in FAILURES else self.others

    def started_before(self, status: Status, now: datetime) -> datetime:
        """Return the instant before which a run in this state must have started for its record to go."""
        return now - self.of(status)

    def ttl(self, execution: Execution) -> datetime:
        """Return when a record may go even if nobody prunes the log."""
        return execution.started_at + self.of(execution.status) + TTL_MARGIN
