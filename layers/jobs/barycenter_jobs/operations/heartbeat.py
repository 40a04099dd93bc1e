"""The sign of life that a run gives beside its work, and the word that it gets back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from barycenter_jobs.core.errors import ExecutionAlreadyFinished, StoreError
from barycenter_jobs.core.executions import HEARTBEAT, LEASE, Execution, Request, Usage

if TYPE_CHECKING:
    from barycenter_jobs.core.prices import Prices
    from barycenter_jobs.core.stores import ExecutionLog
    from barycenter_jobs.core.sweep_report import SweepReport

logger = logging.getLogger(__name__)


@dataclass
class Heartbeat:
    """Renews the lease of a run every few seconds while its block lasts, and records how far it is.

    Without a `report` the record keeps what it says of that. Work has to stop when the run is `over`:
    somebody cancelled it or closed its record, or its lease ran out because the log could not be reached. A
    beat that fails is made up for by the next one. `execution` is the run as last recorded.
    """

    execution: Execution
    log: ExecutionLog
    clock: Callable[[], datetime]
    report: SweepReport | None
    prices: Prices
    lease: timedelta = LEASE
    every: timedelta = HEARTBEAT
    cancelled: Request | None = None
    lost: bool = False
    unheard: bool = False
    _held_until: datetime | None = None
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def __enter__(self) -> Self:
        self._held_until = self.execution.lease_until
        self.cancelled = self.execution.cancel
        self._thread = Thread(target=self._beat_until_stopped, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        # No longer: a slow beat must not cost the record its time, and by its condition comes too late.
        self._thread.join(timeout=1)

    @property
    def over(self) -> bool:
        """Whether there is no point in going on.

        A lease that ran out, because the process was stopped or the clock set, is renewed if nobody minds.
        """
        if self._ran_out():
            with self._lock:  # of the threads that ask, one is enough
                if self._ran_out():
                    self.unheard = not self.beat()
        return self.lost or self.cancelled is not None or self.unheard

    def beat(self) -> bool:
        """Give one sign of life, take in what the record says, and return whether it was recorded."""
        until = self.clock() + self.lease
        try:
            recorded = self.log.renew(self._so_far(), until)
        except ExecutionAlreadyFinished:
            self.lost = True
            return False
        except StoreError as error:
            logger.warning("sign of life not recorded", extra={"error": str(error)})
            return False
        self._held_until = until
        self.cancelled = recorded.cancel
        self.execution = recorded
        self.unheard = False
        return True

    def _ran_out(self) -> bool:
        return not self.lost and self._held_until is not None and self._held_until <= self.clock()

    def _so_far(self) -> Execution:
        report = self.report
        if report is None:
            return self.execution
        read_units, write_units = report.read_units, report.write_units
        usage = Usage(read_units, write_units, self.prices.cost(read_units, write_units))
        return replace(self.execution, counts=replace(report.counts), usage=usage)

    def _beat_until_stopped(self) -> None:
        while not self._stop.wait(self.every.total_seconds()):
            self.beat()
            if self.lost:
                return
