"""What the environment says. Nothing outside `bootstrap` reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from barycenter_jobs.core.errors import InvalidSchedule, InvalidSetting
from barycenter_jobs.core.expiry import DEFAULT_SHARDS
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.schedules import Schedule, parse

Environment = Mapping[str, str]

MOST_RETENTION_DAYS = 36_500  # a century on, every date that we compute still exists
MOST_SHARDS = 1024  # each is a query of every run


class DeleterKind(StrEnum):
    """How rows are deleted."""

    PARTIQL = "partiql"
    DELETE_ITEM = "delete-item"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where the execution log is and how long it keeps a record. No endpoint means AWS's own."""

    table: str
    retention: timedelta
    dynamodb_endpoint: str | None

    @classmethod
    def of(cls, environment: Environment) -> LogSettings:
        """Read JOB_EXECUTIONS_TABLE, RETENTION_DAYS and DYNAMODB_ENDPOINT_URL. Raises InvalidSetting."""
        return cls(
            table=_required(environment, "JOB_EXECUTIONS_TABLE"),
            retention=timedelta(days=_count(environment, "RETENTION_DAYS", 90, MOST_RETENTION_DAYS)),
            dynamodb_endpoint=environment.get("DYNAMODB_ENDPOINT_URL") or None,
        )


@dataclass(frozen=True, slots=True)
class CleanupSettings:
    """What one cleanup function needs to know beside the log. None stands for no limit."""

    table: str
    shards: int
    deleter: DeleterKind
    max_records: int | None = None
    max_write_units_per_second: int | None = None

    @classmethod
    def of(cls, environment: Environment) -> CleanupSettings:
        """Read EXPIRING_TABLE, EXPIRY_SHARDS, DELETER, MAX_RECORDS_PER_RUN and MAX_WRITE_UNITS_PER_SECOND.

        Raises InvalidSetting.
        """
        deleter = environment.get("DELETER") or DeleterKind.PARTIQL.value
        if deleter not in list(DeleterKind):
            accepted = " or ".join(kind.value for kind in DeleterKind)
            raise InvalidSetting(f"DELETER must be {accepted}, not {deleter!r}")
        return cls(
            table=_required(environment, "EXPIRING_TABLE"),
            shards=_count(environment, "EXPIRY_SHARDS", DEFAULT_SHARDS, MOST_SHARDS),
            deleter=DeleterKind(deleter),
            max_records=_limit(environment, "MAX_RECORDS_PER_RUN"),
            max_write_units_per_second=_limit(environment, "MAX_WRITE_UNITS_PER_SECOND"),
        )


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the ways in need to know of each job, by its name: its function and its schedule."""

    functions: Mapping[str, str]
    schedules: Mapping[str, Schedule]
    lambda_endpoint: str | None

    @classmethod
    def of(cls, environment: Environment) -> ApiSettings:
        """Read <JOB>_FUNCTION and <JOB>_SCHEDULE of each job, and LAMBDA_ENDPOINT_URL.

        Raises InvalidSetting.
        """
        return cls(
            functions={job.name: _required(environment, f"{job.name.upper()}_FUNCTION") for job in JOBS},
            schedules={job.name: _schedule(environment, f"{job.name.upper()}_SCHEDULE") for job in JOBS},
            lambda_endpoint=environment.get("LAMBDA_ENDPOINT_URL") or None,
        )


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


def _schedule(environment: Environment, name: str) -> Schedule:
    try:
        return parse(_required(environment, name))
    except InvalidSchedule as error:
        raise InvalidSetting(f"{name}: {error}") from None
