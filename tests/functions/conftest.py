"""Functions in their own processes, as far as Python allows, and what they work on, in memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from barycenter_jobs.adapters.embedded_metrics import EmbeddedMetrics
from barycenter_jobs.adapters.memory import (
    MemoryExecutionLog,
    MemoryInvoker,
    MemoryJobControls,
    MemoryTable,
)
from barycenter_jobs.adapters.memory_removals import MemoryPoisonedRecords, MemoryRemovalAccounts
from barycenter_jobs.bootstrap import apis, cleanups, removals, watchdog
from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.core.retention import Retention
from barycenter_jobs.operations.account_removals import AccountRemovals
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.operations.cleanup import Cleanup
from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
from barycenter_jobs.operations.prune_history import PruneHistory
from barycenter_jobs.operations.watch import Watch
from tests.cleanups import cleanup_in_memory
from tests.functions.loading import Function, Json, load
from tests.graphql.service import NOW, service

SECOND = int(NOW.timestamp())
_numbers = itertools.count(1)

Load = Callable[[str], Function]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Load:
    """A loader of functions, each with nothing left from those before."""

    def loaded(folder: str) -> Function:
        name = f"{folder}_{next(_numbers)}"
        # Powertools keeps one logger for each service, with the output of whoever made it first.
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", name)
        return load(folder, name)

    return loaded


@dataclass
class Stack:
    """Four tables with two expired rows and a live one each, one log, and all that is done about them."""

    tables: dict[str, MemoryTable] = field(
        default_factory=lambda: {
            job.name: MemoryTable(
                {
                    f"{job.kind.key}-first-secret": {"expires_at": SECOND - 1},
                    f"{job.kind.key}-second-secret": {"expires_at": SECOND - 3600},
                    f"{job.kind.key}-live-secret": {"expires_at": SECOND + 3600},
                }
            )
            for job in JOBS
        }
    )
    log: MemoryExecutionLog = field(default_factory=MemoryExecutionLog)
    invoker: MemoryInvoker = field(default_factory=MemoryInvoker)
    controls: MemoryJobControls = field(default_factory=MemoryJobControls)
    removals: MemoryRemovalAccounts = field(default_factory=MemoryRemovalAccounts)

    def cleanup(self, job: Job) -> Cleanup:
        """In the place of `cleanups.cleanup`."""
        return cleanup_in_memory(job, self.tables[job.name], self.log, lambda: NOW, controls=self.controls)

    def operations(self) -> Operations:
        """In the place of `apis.operations`."""
        return service(self.log, self.invoker, self.controls)

    def account_removals(self) -> AccountRemovals:
        """In the place of `removals.account_removals`."""
        return AccountRemovals(
            {job.kind.name: job for job in JOBS}, self.removals, MemoryPoisonedRecords(), lambda: NOW
        )

    def watchdog(self) -> Watch:
        """In the place of `watchdog.watch`."""
        read_health = self.operations().read_health
        return Watch(
            close_dead_runs=CloseDeadRuns(self.log, lambda: NOW),
            read_health=read_health,
            controls=self.controls,
            metrics=EmbeddedMetrics("barycenter-jobs"),
            schedules=read_health.schedules,
            clock=lambda: NOW,
            prune_history=PruneHistory(self.log, self.log, lambda: NOW, Retention()),
        )


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    """What the functions find in the place of what `bootstrap` makes."""
    made = Stack()
    monkeypatch.setattr(cleanups, "cleanup", made.cleanup)
    monkeypatch.setattr(apis, "operations", made.operations)
    monkeypatch.setattr(watchdog, "watch", made.watchdog)
    monkeypatch.setattr(removals, "account_removals", made.account_removals)
    return made


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[Json]]:
    """What functions have logged since the last look."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
