"""What one cleanup function needs to know beside the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, MOST_SHARDS
from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.settings.reading import count, limit, price, required
from barycenter_jobs.settings.ttl import DEFAULT_PATIENCE, cleanup_mode, ttl_patience

if TYPE_CHECKING:
    from barycenter_jobs.settings.reading import Environment

MOST_AT_ONCE = 40  # a Map state works on no more at once
MOST_UNITS = 999_999_999


class DeleterKind(StrEnum):
    """How rows are deleted."""

    PARTIQL = "partiql"
    DELETE_ITEM = "delete-item"


@dataclass(frozen=True, slots=True)
class ShareOutSettings:
    """Which backlogs are shared out, among how many invocations at once, by which state machine.

    Without a threshold no backlog is, and only what a reconciling scan has no time for.
    """

    state_machine: str
    function: str
    threshold: int | None
    at_once: int
    endpoint: str | None

    @classmethod
    def of(cls, environment: Environment) -> ShareOutSettings | None:
        """Read the settings, None where nothing is to be shared out.

        SHARE_OUT_STATE_MACHINE, SHARE_OUT_THRESHOLD, SHARE_OUT_CONCURRENCY, STEP_FUNCTIONS_ENDPOINT_URL, and
        Lambda's own AWS_LAMBDA_FUNCTION_NAME. Raises InvalidSetting.
        """
        state_machine = environment.get("SHARE_OUT_STATE_MACHINE")
        if not state_machine:
            return None
        return cls(
            state_machine=state_machine,
            function=required(environment, "AWS_LAMBDA_FUNCTION_NAME"),
            threshold=limit(environment, "SHARE_OUT_THRESHOLD"),
            at_once=count(environment, "SHARE_OUT_CONCURRENCY", 8, MOST_AT_ONCE),
            endpoint=environment.get("STEP_FUNCTIONS_ENDPOINT_URL") or None,
        )


@dataclass(frozen=True, slots=True)
class CleanupSettings:
    """What one cleanup function needs to know beside the log. None stands for no limit, or for never."""

    table: str
    shards: int
    deleter: DeleterKind
    max_records: int | None = None
    max_write_units_per_second: int | None = None
    reconcile_read_units_per_second: int = 100
    rotation_grace: timedelta | None = None
    prices: Prices = DOCUMENTED_PRICES
    share_out: ShareOutSettings | None = None
    mode: Mode = Mode.SWEEP
    ttl_patience: timedelta = DEFAULT_PATIENCE
    stream_reader: str | None = None

    @property
    def patience(self) -> timedelta:
        """How long after its expiry a row is left to TTL: no time where nothing is."""
        return self.ttl_patience if self.mode is Mode.TTL_FIRST else timedelta()

    @classmethod
    def of(cls, environment: Environment) -> CleanupSettings:
        """Read the settings.

        EXPIRING_TABLE, EXPIRY_SHARDS, DELETER, MAX_RECORDS_PER_RUN, MAX_WRITE_UNITS_PER_SECOND,
        RECONCILE_READ_UNITS_PER_SECOND, ROTATED_TOKEN_GRACE_HOURS, MILLION_READ_UNITS_PRICE,
        MILLION_WRITE_UNITS_PRICE, CLEANUP_MODE, TTL_PATIENCE_SECONDS, STREAM_READER, and those
        of `ShareOutSettings`. Raises InvalidSetting.
        """
        deleter = environment.get("DELETER") or DeleterKind.PARTIQL.value
        if deleter not in list(DeleterKind):
            accepted = " or ".join(kind.value for kind in DeleterKind)
            raise InvalidSetting(f"DELETER must be {accepted}, not {deleter!r}")
        grace_hours = limit(environment, "ROTATED_TOKEN_GRACE_HOURS")
        return cls(
            table=required(environment, "EXPIRING_TABLE"),
            shards=count(environment, "EXPIRY_SHARDS", DEFAULT_SHARDS, MOST_SHARDS),
            deleter=DeleterKind(deleter),
            max_records=limit(environment, "MAX_RECORDS_PER_RUN"),
            max_write_units_per_second=limit(environment, "MAX_WRITE_UNITS_PER_SECOND"),
            reconcile_read_units_per_second=count(
                environment, "RECONCILE_READ_UNITS_PER_SECOND", 100, MOST_UNITS
            ),
            rotation_grace=None if grace_hours is None else timedelta(hours=grace_hours),
            prices=Prices(
                million_write_units=price(
                    environment, "MILLION_WRITE_UNITS_PRICE", DOCUMENTED_PRICES.million_write_units
                ),
                million_read_units=price(
                    environment, "MILLION_READ_UNITS_PRICE", DOCUMENTED_PRICES.million_read_units
                ),
            ),
            share_out=ShareOutSettings.of(environment),
            mode=cleanup_mode(environment, "CLEANUP_MODE"),
            ttl_patience=ttl_patience(environment),
            stream_reader=environment.get("STREAM_READER") or None,
        )
