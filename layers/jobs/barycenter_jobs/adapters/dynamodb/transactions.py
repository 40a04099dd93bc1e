"""What a refused transaction says of itself."""

from __future__ import annotations

from pynamodb.exceptions import TransactWriteError

from barycenter_jobs.adapters.dynamodb.errors import THROTTLING_CODES

CONDITION_FAILED = "ConditionalCheckFailed"


def refusals(error: TransactWriteError) -> list[str]:
    """Return why each action of the transaction was refused, in their order, "None" where it was not.

    Puts come after deletes and updates after puts, in whatever order a transaction was told of them. Empty
    where the transaction failed as a whole.
    """
    return ["None" if reason is None else reason.code for reason in error.cancellation_reasons]


def worth_another_try(reasons: list[str], *, conditions: bool = False) -> bool:
    """Return whether the same transaction may go through later: others were in its way.

    With `conditions`, so may one whose conditions did not hold, once what it rests on was read again.
    """
    passing = THROTTLING_CODES | {"None"} | ({CONDITION_FAILED} if conditions else set())
    return bool(reasons) and set(reasons) <= passing
