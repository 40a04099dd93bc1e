"""What the environment says. Nothing outside `bootstrap` reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from barycenter_jobs.core.errors import InvalidSchedule, InvalidSetting
from barycenter_jobs.core.expiry import DEFAULT_SHARDS
from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.core.schedules import Schedule, parse
from barycenter_jobs.core.sign_in import SignIn
from barycenter_jobs.core.ttl_findings import Mode

Environment = Mapping[str, str]

MOST_RETENTION_DAYS = 36_500  # a century on, every date that we compute still exists
MOST_SHARDS = 1024  # each is a query of every run
MOST_AT_ONCE = 40  # a Map state works on no more at once
MOST_UNITS = 999_999_999
# "Typically within two days of expiration" (UpdateTimeToLive in DynamoDB's API reference).
DEFAULT_PATIENCE = timedelta(days=2)
MOST_PATIENCE_SECONDS = 30 * 86_400


class DeleterKind(StrEnum):
    """How rows are deleted."""

    PARTIQL = "partiql"
    DELETE_ITEM = "delete-item"


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
            table=_required(environment, "JOB_EXECUTIONS_TABLE"),
            retention=timedelta(days=_count(environment, "RETENTION_DAYS", 90, MOST_RETENTION_DAYS)),
            dynamodb_endpoint=environment.get("DYNAMODB_ENDPOINT_URL") or None,
            failure_retention=timedelta(
                days=_count(environment, "FAILURE_RETENTION_DAYS", 400, MOST_RETENTION_DAYS)
            ),
            max_records=_limit(environment, "MAX_EXECUTION_RECORDS"),
            event_bus=EventBusSettings.of(environment),
        )


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
            function=_required(environment, "AWS_LAMBDA_FUNCTION_NAME"),
            threshold=_limit(environment, "SHARE_OUT_THRESHOLD"),
            at_once=_count(environment, "SHARE_OUT_CONCURRENCY", 8, MOST_AT_ONCE),
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
        grace_hours = _limit(environment, "ROTATED_TOKEN_GRACE_HOURS")
        return cls(
            table=_required(environment, "EXPIRING_TABLE"),
            shards=_count(environment, "EXPIRY_SHARDS", DEFAULT_SHARDS, MOST_SHARDS),
            deleter=DeleterKind(deleter),
            max_records=_limit(environment, "MAX_RECORDS_PER_RUN"),
            max_write_units_per_second=_limit(environment, "MAX_WRITE_UNITS_PER_SECOND"),
            reconcile_read_units_per_second=_count(
                environment, "RECONCILE_READ_UNITS_PER_SECOND", 100, MOST_UNITS
            ),
            rotation_grace=None if grace_hours is None else timedelta(hours=grace_hours),
            prices=Prices(
                million_write_units=_price(
                    environment, "MILLION_WRITE_UNITS_PRICE", DOCUMENTED_PRICES.million_write_units
                ),
                million_read_units=_price(
                    environment, "MILLION_READ_UNITS_PRICE", DOCUMENTED_PRICES.million_read_units
                ),
            ),
            share_out=ShareOutSettings.of(environment),
            mode=cleanup_mode(environment, "CLEANUP_MODE"),
            ttl_patience=ttl_patience(environment),
            stream_reader=environment.get("STREAM_READER") or None,
        )


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the ways in need to know of each job, by its name: its function, its schedule and its table."""

    functions: Mapping[str, str]
    schedules: Mapping[str, Schedule]
    tables: Mapping[str, str]
    shards: int
    lambda_endpoint: str | None

    @classmethod
    def of(cls, environment: Environment) -> ApiSettings:
        """Read the settings.

        <JOB>_FUNCTION, <JOB>_SCHEDULE and <JOB>_TABLE of each job, EXPIRY_SHARDS and LAMBDA_ENDPOINT_URL.
        Raises InvalidSetting.
        """
        return cls(
            functions={job.name: _required(environment, f"{job.name.upper()}_FUNCTION") for job in JOBS},
            schedules=_schedules(environment),
            tables={job.name: _required(environment, f"{job.name.upper()}_TABLE") for job in JOBS},
            shards=_count(environment, "EXPIRY_SHARDS", DEFAULT_SHARDS, MOST_SHARDS),
            lambda_endpoint=environment.get("LAMBDA_ENDPOINT_URL") or None,
        )


def sign_in(environment: Environment) -> SignIn | None:
    """Read OIDC_ISSUER and OIDC_CLIENT_ID; None where nobody signs in with a token. Raises InvalidSetting."""
    issuer = environment.get("OIDC_ISSUER")
    if not issuer:
        return None
    # It becomes part of a header that says what the page may reach.
    if not re.fullmatch(r"https?://[a-zA-Z0-9.:\[\]-]+(/[!#-:<-~]*)?", issuer):
        raise InvalidSetting(f"OIDC_ISSUER must be the URL of an issuer, not {issuer!r}")
    return SignIn(issuer, _required(environment, "OIDC_CLIENT_ID"))


@dataclass(frozen=True, slots=True)
class RemovalSettings:
    """What the account of TTL's removals needs to know: each table's job, and who is told of what."""

    tables: Mapping[str, Job]
    queue_url: str
    queue_endpoint: str | None
    event_bus: EventBusSettings | None

    @classmethod
    def of(cls, environment: Environment) -> RemovalSettings:
        """Read the settings.

        <JOB>_TABLE of each job, UNREADABLE_REMOVALS_QUEUE_URL, SQS_ENDPOINT_URL, EMIT_REMOVALS and those of
        `EventBusSettings`. Raises InvalidSetting.
        """
        return cls(
            tables={_required(environment, f"{job.name.upper()}_TABLE"): job for job in JOBS},
            queue_url=environment.get("UNREADABLE_REMOVALS_QUEUE_URL") or "",
            queue_endpoint=environment.get("SQS_ENDPOINT_URL") or None,
            event_bus=removals_bus(environment),
        )


def cleanup_mode(environment: Environment, name: str) -> Mode:
    """Read a kind's mode, sweep or ttl-first; sweep where it is not set. Raises InvalidSetting."""
    mode = environment.get(name) or Mode.SWEEP.value
    if mode not in list(Mode):
        raise InvalidSetting(f"{name} must be {' or '.join(each.value for each in Mode)}, not {mode!r}")
    return Mode(mode)


def ttl_patience(environment: Environment) -> timedelta:
    """Read TTL_PATIENCE_SECONDS, how long TTL may take; two days if it is not set. Raises InvalidSetting."""
    seconds = int(DEFAULT_PATIENCE.total_seconds())
    return timedelta(seconds=_count(environment, "TTL_PATIENCE_SECONDS", seconds, MOST_PATIENCE_SECONDS))


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


def introspection_allowed(environment: Environment) -> bool:
    """Read GRAPHQL_INTROSPECTION, which is on or off; on where it is not set. Raises InvalidSetting."""
    text = environment.get("GRAPHQL_INTROSPECTION") or "on"
    if text not in ("on", "off"):
        raise InvalidSetting(f"GRAPHQL_INTROSPECTION must be on or off, not {text!r}")
    return text == "on"


@dataclass(frozen=True, slots=True)
class WatchdogSettings:
    """What the watchdog needs to know beside the log: schedules by the jobs' names, and the stack's name."""

    schedules: Mapping[str, Schedule]
    stack: str = "local"

    @classmethod
    def of(cls, environment: Environment) -> WatchdogSettings:
        """Read <JOB>_SCHEDULE of each job, and STACK_NAME. Raises InvalidSetting."""
        return cls(schedules=_schedules(environment), stack=environment.get("STACK_NAME") or "local")


def _required(environment: Environment, name: str) -> str:
    value = environment.get(name)
    if not value:
        raise InvalidSetting(f"{name} is not set")
    return value


def _count(environment: Environment, name: str, default: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise InvalidSetting(f"{name} must be a whole number from 1 to {most}, not {text!r}")
    return int(text)


def _limit(environment: Environment, name: str) -> int | None:
    text = environment.get(name) or "0"
    if not re.fullmatch("[0-9]{1,9}", text):
        raise InvalidSetting(f"{name} must be a whole number, or 0 for no limit, not {text!r}")
    return int(text) or None


def _price(environment: Environment, name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise InvalidSetting(f"{name} must be an amount of US dollars, like 0.625, not {text!r}")
    return float(text)


def _schedules(environment: Environment) -> dict[str, Schedule]:
    return {job.name: _schedule(environment, f"{job.name.upper()}_SCHEDULE") for job in JOBS}


def _schedule(environment: Environment, name: str) -> Schedule:
    try:
        return parse(_required(environment, name))
    except InvalidSchedule as error:
        raise InvalidSetting(f"{name}: {error}") from None
