"""The four jobs: what each is called and which kind of row it removes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from barycenter_jobs.core.errors import UnknownJob


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of expiring row. `key` is its table's partition key.

    Rows without an `expires_at` never expire, unless the kind has an `age_limit`: then they do so
    that long after their `created_at`. Rows of a kind that `rotates` may also go some time after they were
    replaced by a new one, which their `rotated_at` tells.
    """

    name: str
    key: str
    age_limit: timedelta | None = None
    rotates: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A cleanup as operators know it. `function` is the folder of the Lambda function that runs it."""

    name: str
    description: str
    function: str
    kind: Kind


SESSIONS = Job(
    name="cleanup_expired_sessions",
    description="Clean up expired user sessions",
    function="cleanup_sessions",
    kind=Kind("sessions", key="session_id"),
)
REFRESH_TOKENS = Job(
    name="cleanup_expired_refresh_tokens",
    description="Clean up expired refresh tokens",
    function="cleanup_refresh_tokens",
    kind=Kind("refresh_tokens", key="token", rotates=True),
)
CHALLENGES = Job(
    name="cleanup_expired_challenges",
    description="Clean up expired WebAuthn challenges",
    function="cleanup_challenges",
    kind=Kind("webauthn_challenges", key="challenge", age_limit=timedelta(minutes=5)),
)
DEVICE_CODES = Job(
    name="cleanup_expired_device_codes",
    description="Clean up expired device authorization codes",
    function="cleanup_device_codes",
    kind=Kind("device_codes", key="device_code"),
)

JOBS = (SESSIONS, REFRESH_TOKENS, CHALLENGES, DEVICE_CODES)


def job_named(name: str) -> Job:
    """Return the job with this name, or raise UnknownJob."""
    for job in JOBS:
        if job.name == name:
            return job
    raise UnknownJob(name)
