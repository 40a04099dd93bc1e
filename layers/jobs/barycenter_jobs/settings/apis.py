"""What the ways in need to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, MOST_SHARDS
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.sign_in import SignIn
from barycenter_jobs.settings.reading import count, required
from barycenter_jobs.settings.schedules import schedules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barycenter_jobs.core.schedules import Schedule
    from barycenter_jobs.settings.reading import Environment

_ORIGIN = r"https?://([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?"


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
            functions={job.name: required(environment, f"{job.name.upper()}_FUNCTION") for job in JOBS},
            schedules=schedules(environment),
            tables={job.name: required(environment, f"{job.name.upper()}_TABLE") for job in JOBS},
            shards=count(environment, "EXPIRY_SHARDS", DEFAULT_SHARDS, MOST_SHARDS),
            lambda_endpoint=environment.get("LAMBDA_ENDPOINT_URL") or None,
        )


def sign_in(environment: Environment) -> SignIn | None:
    """Read how people sign in, None where nobody does so with a token.

    OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_TOKEN_ORIGIN and OIDC_SCOPE_PREFIX. Raises InvalidSetting.
    """
    issuer = environment.get("OIDC_ISSUER")
    if not issuer:
        return None
    # It becomes part of a header that says what the page may reach.
    if not re.fullmatch(r"https?://[a-zA-Z0-9.:\[\]-]+(/[!#-:<-~]*)?", issuer):
        raise InvalidSetting(f"OIDC_ISSUER must be the URL of an issuer, not {issuer!r}")
    token_origin = environment.get("OIDC_TOKEN_ORIGIN") or None
    if token_origin is not None and not re.fullmatch(_ORIGIN, token_origin):
        raise InvalidSetting(
            f"OIDC_TOKEN_ORIGIN must be an origin such as https://people.example.com, not {token_origin!r}"
        )
    client_id = required(environment, "OIDC_CLIENT_ID")
    return SignIn(issuer, client_id, token_origin, scope_prefix(environment))


def scope_prefix(environment: Environment) -> str:
    """Read OIDC_SCOPE_PREFIX, what stands before the names of our scopes. Raises InvalidSetting."""
    prefix = environment.get("OIDC_SCOPE_PREFIX", "")
    if not re.fullmatch(r"[!#-\[\]-~]*", prefix):  # the characters of a scope (RFC 6749, section 3.3)
        raise InvalidSetting(f"OIDC_SCOPE_PREFIX must be the beginning of a scope, not {prefix!r}")
    return prefix


def introspection_allowed(environment: Environment) -> bool:
    """Read GRAPHQL_INTROSPECTION, which is on or off; on where it is not set. Raises InvalidSetting."""
    text = environment.get("GRAPHQL_INTROSPECTION") or "on"
    if text not in ("on", "off"):
        raise InvalidSetting(f"GRAPHQL_INTROSPECTION must be on or off, not {text!r}")
    return text == "on"
