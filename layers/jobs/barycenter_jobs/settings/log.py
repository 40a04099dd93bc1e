"""What everybody needs to know about the execution log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.settings.reading import count, limit, required

if TYPE_CHECKING:
    from barycenter_jobs.settings.reading import Environment

MOST_RETENTION_DAYS = 36_500  # a century on, every date that we compute still exists


@dataclass(frozen=True, slots=True)
class EventBusSettings:
    """Which event bus hears of finished runs, and with what the links in events begin.

    What it does not take is counted among the metrics of the `stack`.
    """

    name: str
    public_url: str
    endpoint: str | None
    stack: str = "local"

    @classmethod
    def of(cls, environment: Environment) -> EventBusSettings | None:
        """Read the settings, None where nobody is to be told.

        EVENT_BUS_NAME, PUBLIC_URL, EVENTS_ENDPOINT_URL and STACK_NAME.
        """
        name = environment.get("EVENT_BUS_NAME")
        if not name:
            return None
        return cls(
            name=name,
            public_url=environment.get("PUBLIC_URL", ""),
            endpoint=environment.get("EVENTS_ENDPOINT_URL") or None,
            stack=environment.get("STACK_NAME") or "local",
        )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where the execution log is, how long it keeps a record and how many. No endpoint means AWS's own."""

    table: str
    retention: timedelta
    dynamodb_endpoint: str | None
    failure_retention: timedelta = timedelta(days=400)
    max_records: int | None = None
    event_bus: EventBusSettings | None = None

    @classmethod
    def of(cls, environment: Environment) -> LogSettings:
        """Read the settings.

        JOB_EXECUTIONS_TABLE, RETENTION_DAYS, FAILURE_RETENTION_DAYS, MAX_EXECUTION_RECORDS,
        DYNAMODB_ENDPOINT_URL, and those of `EventBusSettings`. Raises InvalidSetting.
        """
        return cls(
            table=required(environment, "JOB_EXECUTIONS_TABLE"),
            retention=timedelta(days=count(environment, "RETENTION_DAYS", 90, MOST_RETENTION_DAYS)),
            dynamodb_endpoint=environment.get("DYNAMODB_ENDPOINT_URL") or None,
            failure_retention=timedelta(
                days=count(environment, "FAILURE_RETENTION_DAYS", 400, MOST_RETENTION_DAYS)
            ),
            max_records=limit(environment, "MAX_EXECUTION_RECORDS"),
            event_bus=EventBusSettings.of(environment),
        )


def removals_bus(environment: Environment) -> EventBusSettings | None:
    """Return the bus that hears of each removed row, None where nobody is to. Raises InvalidSetting.

    EMIT_REMOVALS is true or false, which is where it is not set; EVENT_BUS_NAME names the bus.
    """
    text = environment.get("EMIT_REMOVALS") or "false"
    if text not in ("true", "false"):
        raise InvalidSetting(f"EMIT_REMOVALS must be true or false, not {text!r}")
    bus = EventBusSettings.of(environment)
    if text == "true" and bus is None:
        raise InvalidSetting("EMIT_REMOVALS needs EVENT_BUS_NAME")
    return bus if text == "true" else None
