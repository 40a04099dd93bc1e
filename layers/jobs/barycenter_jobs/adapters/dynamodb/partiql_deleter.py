"""Guarded deletes, 25 a request, by BatchExecuteStatement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from barycenter_jobs.adapters.dynamodb.attributes import CREATED_AT, EXPIRES_AT, ROTATED_AT, subject_of
from barycenter_jobs.adapters.dynamodb.errors import SERVER_ERROR_CODES, THROTTLING_CODES, store_errors
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND, Cutoffs, Expiry
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_GUARDS = {
    Expiry.EXPIRED: f'"{EXPIRES_AT}" < ?',
    Expiry.EXPIRED_BY_AGE: f'"{EXPIRES_AT}" IS MISSING AND "{CREATED_AT}" < ?',
    Expiry.ROTATED: f'"{EXPIRES_AT}" < {FIRST_IMPLAUSIBLE_SECOND} AND "{ROTATED_AT}" < ?',
}


class PartiqlDeleter:
    """Sends each batch as one request in which every statement has a condition and an answer of its own.

    Needs `dynamodb:PartiQLDelete`. Its answers tell whose rows they were with `tells_subject` only.
    """

    def __init__(self, client: DynamoDBClient, table: str, key: str, *, tells_subject: bool = False) -> None:
        self._tells_subject = tells_subject
        self._client = client
        self._table = table
        # RETURNING tells a deleted row, which comes back, from one that was already gone, for which
        # DynamoDB reports success as well. What comes back is a credential: counted and dropped.
        self._statements = {
            reason: f'DELETE FROM "{table}" WHERE "{key}" = ? AND {guard} RETURNING ALL OLD *'  # noqa: S608 - names of our own
            for reason, guard in _GUARDS.items()
        }

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete what may still go, in one request. See `Deleter`."""
        with store_errors("delete from", self._table):
            response: Any = self._client.batch_execute_statement(
                Statements=[self._statement(candidate, cutoffs) for candidate in batch],  # type: ignore[misc]
                ReturnConsumedCapacity="TOTAL",
            )
        consumed = response.get("ConsumedCapacity", [])
        return Deletion(
            [self._answer(answer) for answer in response["Responses"]],
            write_units=sum(capacity.get("CapacityUnits", 0.0) for capacity in consumed),
        )

    def _statement(self, candidate: Candidate, cutoffs: Cutoffs) -> dict[str, Any]:
        bound = cutoffs.bound(candidate.reason)
        return {
            "Statement": self._statements[candidate.reason],
            "Parameters": [{"S": candidate.key}, {"N": str(bound)}],
        }

    def _answer(self, answer: Any) -> Answer:  # noqa: ANN401 - the SDK's own dictionary
        if self._tells_subject and "Item" in answer:
            return Answer(Outcome.DELETED, subject=subject_of(answer["Item"]))
        return _answer(answer)


def _answer(answer: Any) -> Answer:  # noqa: ANN401 - the SDK's own dictionary
    if "Item" in answer:
        return Answer(Outcome.DELETED)
    code = answer.get("Error", {}).get("Code")
    if code is None:
        return Answer(Outcome.ALREADY_GONE)
    if code == "ConditionalCheckFailed":
        return Answer(Outcome.BECAME_LIVE)
    if code in THROTTLING_CODES:
        return Answer(Outcome.THROTTLED)
    if code in SERVER_ERROR_CODES:
        return Answer(Outcome.UNKNOWN)
    return Answer(Outcome.REFUSED, code)
