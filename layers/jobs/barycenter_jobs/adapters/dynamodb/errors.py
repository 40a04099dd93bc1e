"""What DynamoDB and its SDK raise, said in our terms and without anything secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from pynamodb.exceptions import PynamoDBException

from barycenter_jobs.adapters.aws_errors import code_of
from barycenter_jobs.core.errors import (
    AccessRefused,
    AnswerLost,
    RequestRefused,
    StoreError,
    StoreUnavailable,
    TableMissing,
    Throttled,
)

THROTTLING_CODES = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
SERVER_ERROR_CODES = frozenset({"InternalServerError", "InternalFailure", "ServiceUnavailable"})
_ACCESS_CODES = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "UnrecognizedClientException",
    }
)
_NO_CREDENTIALS = (sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError)
_NEVER_SENT = (sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError)
_SENT = (sdk.HTTPClientError, sdk.ResponseStreamingError, sdk.IncompleteReadError)


@contextmanager
def store_errors(doing: str, table: str) -> Iterator[None]:
    """Turn the SDK's errors into StoreError; `doing` completes "Cannot ... <table>".

    The SDK's own text is dropped, since it may repeat a key; its error code is kept. The one text that
    is kept is that of a policy's refusal, which names a principal, an action and a table.
    """
    try:
        yield
    except PynamoDBException as error:
        cause = error.cause
        if not isinstance(cause, (sdk.ClientError, sdk.BotoCoreError)):
            raise
        raise _translated(cause, f"Cannot {doing} {table}") from None
    except (sdk.ClientError, sdk.BotoCoreError) as error:
        raise _translated(error, f"Cannot {doing} {table}") from None
    except ResponseParserError as error:
        raise AnswerLost(
            f"Cannot {doing} {table}: no answer of DynamoDB's ({type(error).__name__})"
        ) from None


def condition_failed(error: PynamoDBException) -> bool:
    """Return whether a write was refused because its condition does not hold.

    PynamoDB's own `cause_response_code` fails where no answer came at all.
    """
    cause = error.cause
    return isinstance(cause, sdk.ClientError) and code_of(cause) == "ConditionalCheckFailedException"


def _translated(error: sdk.ClientError | sdk.BotoCoreError, what: str) -> StoreError:
    if isinstance(error, sdk.ClientError):
        return _refusal(error, what)
    name = type(error).__name__
    if isinstance(error, _NO_CREDENTIALS):
        return AccessRefused(f"{what}: no AWS credentials ({name})")
    if isinstance(error, _NEVER_SENT):
        return StoreUnavailable(f"{what}: DynamoDB cannot be reached ({name})")
    if isinstance(error, _SENT):
        return AnswerLost(f"{what}: no answer from DynamoDB ({name})")
    return RequestRefused(f"{what}: {name}", name)


def _refusal(error: sdk.ClientError, what: str) -> StoreError:
    details = error.response.get("Error", {})
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLING_CODES:
        return Throttled(f"{what}: {code}")
    if code == "AccessDeniedException":
        return AccessRefused(f"{what}: {code}: {details.get('Message', '')}")
    if code in _ACCESS_CODES:
        return AccessRefused(f"{what}: {code}")
    if code == "ResourceNotFoundException":
        return TableMissing(f"{what}: there is no such table ({code})")
    if code in SERVER_ERROR_CODES or status >= 500:  # noqa: PLR2004 - HTTP's class of server errors
        return AnswerLost(f"{what}: {code}")
    return RequestRefused(f"{what}: {code}", code)
