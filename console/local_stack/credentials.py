"""The AWS credentials that the local stack hands to its functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.local_stack.intrinsics import REGION


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs requests to the engine and to the Lambda endpoint. The embedded ones verify nothing."""

    access_key: str = "local"
    secret_key: str = "local"  # noqa: S105 - nothing that it would open exists
    session_token: str | None = None
    region: str = REGION


def credentials_for_engine_elsewhere(environment: Mapping[str, str]) -> Credentials:
    """Return the caller's own credentials and region, where the environment has some.

    Engines elsewhere keep tables apart by them, and AWS itself verifies them.
    """
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or REGION
    access_key = environment.get("AWS_ACCESS_KEY_ID")
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        return Credentials(region=region)
    return Credentials(access_key, secret_key, environment.get("AWS_SESSION_TOKEN"), region)
