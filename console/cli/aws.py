"""The operator's own AWS credentials, and what AWS says when it will not do as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import click
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    SSOError,
)

from console.cli.exits import Gone, Refused

QUICK = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
NO_CREDENTIALS = (
    "There are no AWS credentials here. Name a profile with --profile, or sign in with `aws configure` or "
    "`aws sso login`."
)


def open_session(profile: str | None, region: str | None) -> boto3.Session:
    """Return a session. Raises UsageError for a profile that does not exist."""
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound as error:
        raise click.UsageError(f"{error}.") from None
    except BotoCoreError as error:
        raise click.UsageError(f"The AWS configuration cannot be used ({type(error).__name__}).") from None


@contextmanager
def aws_errors(doing: str) -> Iterator[None]:
    """Turn what boto3 raises into Gone, Refused or UsageError. `doing` is as in "describe stack prod"."""
    try:
        yield
    except NoRegionError:
        raise click.UsageError("No AWS region. Name one with --region or AWS_REGION.") from None
    except NoCredentialsError:
        raise Refused(NO_CREDENTIALS) from None
    except SSOError:
        raise Refused("The AWS sign-in is over. Sign in again with `aws sso login`.") from None
    except (EndpointConnectionError, ConnectTimeoutError, HTTPClientError) as error:
        raise Gone(
            f"Cannot {doing}: AWS cannot be reached ({type(error).__name__}). Check your network."
        ) from None
    except ClientError as error:
        raise _refused(doing, error) from None
    except BotoCoreError as error:
        raise Refused(
            f"Cannot {doing}: the AWS credentials cannot be used ({type(error).__name__}). Sign in again, or "
            "name another profile with --profile."
        ) from None


def _refused(doing: str, error: ClientError) -> Refused:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    if code.startswith(("ExpiredToken", "InvalidClientTokenId", "UnrecognizedClient", "InvalidSignature")):
        return Refused(f"Cannot {doing}: AWS does not accept the credentials ({code}). Sign in again.")
    if code.startswith(("AccessDenied", "UnauthorizedOperation")):
        return Refused(
            f"Cannot {doing}: your AWS credentials do not allow it ({code}). Ask for that permission."
        )
    return Refused(f"Cannot {doing}: AWS refused ({code}). Check the name, the region and the account.")
