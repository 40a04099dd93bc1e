"""Telling of finished runs on an event bus of Amazon EventBridge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.event_bridge import BusUnavailable, EventBridge
from barycenter_jobs.core.errors import RunNotTold
from barycenter_jobs.core.run_events import DETAIL_TYPE, SOURCE, detail_of

if TYPE_CHECKING:
    from barycenter_jobs.adapters.sdk import Sdk
    from barycenter_jobs.core.executions import Execution


class EventBus:
    """Puts an event on the bus `name` for each run of the log `log`. Links in it begin with `public_url`."""

    def __init__(
        self,
        name: str,
        log: str,
        public_url: str = "",
        endpoint_url: str | None = None,
        sdk: Sdk | None = None,
    ) -> None:
        self._bus = EventBridge(name, endpoint_url, sdk)
        self._log = log
        self._public_url = public_url

    def tell(self, execution: Execution) -> None:
        """Put one event on the bus. See `RunEvents`."""
        entry = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Time": execution.completed_at or execution.started_at,
            "Detail": json.dumps(detail_of(execution, self._log, self._public_url)),
        }
        try:
            refused = self._bus.put([entry])
        except BusUnavailable as error:
            raise RunNotTold(f"Bus {self._bus.name} did not take the event: {error}") from None
        if refused:
            raise RunNotTold(f"Bus {self._bus.name} did not take the event: {refused[0].code}")
