"""Telling of removed rows on an event bus of Amazon EventBridge, ten at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.event_bridge import MOST_AT_ONCE, BusUnavailable, EventBridge
from barycenter_jobs.core.errors import RemovalsNotTold
from barycenter_jobs.core.removal_events import DETAIL_TYPE, SOURCE, RemovedRow, detail_of

if TYPE_CHECKING:
    from barycenter_jobs.adapters.sdk import Sdk

_ROUNDS = 3  # for entries that a request did not get through, while others of it did


class RemovalBus:
    """Puts an event on the bus of that name for each row."""

    def __init__(self, name: str, endpoint_url: str | None = None, sdk: Sdk | None = None) -> None:
        self._bus = EventBridge(name, endpoint_url, sdk)

    def tell(self, removed: Sequence[RemovedRow]) -> None:
        """Put the events on the bus. See `RemovalEvents`."""
        for first in range(0, len(removed), MOST_AT_ONCE):
            self._tell([_entry(row) for row in removed[first : first + MOST_AT_ONCE]])

    def _tell(self, entries: list[dict[str, Any]]) -> None:
        code = ""
        for _ in range(_ROUNDS):
            try:
                refused = self._bus.put(entries)
            except BusUnavailable as error:
                raise RemovalsNotTold(f"Bus {self._bus.name} did not take removals: {error}") from None
            if not refused:
                return
            entries, code = [each.entry for each in refused], refused[0].code
        raise RemovalsNotTold(f"Bus {self._bus.name} did not take {len(entries)} removals: {code}")


def _entry(row: RemovedRow) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(detail_of(row)),
    }
    return entry if row.removed_at is None else entry | {"Time": row.removed_at}
