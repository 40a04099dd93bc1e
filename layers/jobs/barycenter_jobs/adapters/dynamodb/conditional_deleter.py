"""Guarded deletes one at a time, by DeleteItem: for engines and policies without PartiQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from barycenter_jobs.adapters.dynamodb.attributes import CREATED_AT, EXPIRES_AT, ROTATED_AT, subject_of
from barycenter_jobs.adapters.dynamodb.errors import store_errors
from barycenter_jobs.core.errors import AnswerLost, RequestRefused, StoreError, Throttled
from barycenter_jobs.core.expiry import FIRST_IMPLAUSIBLE_SECOND, Cutoffs, Expiry
from barycenter_jobs.core.rows import Answer, Candidate, Deletion, Outcome

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class ConditionalDeleter:
    """Sends one conditional DeleteItem a row. Needs `dynamodb:DeleteItem`.

    Its answers tell whose rows they were with `tells_subject` only.
    """

    def __init__(self, client: DynamoDBClient, table: str, key: str, *, tells_subject: bool = False) -> None:
        self._tells_subject = tells_subject
        self._client = client
        self._table = table
        self._key = key

    def delete(self, batch: Sequence[Candidate], cutoffs: Cutoffs) -> Deletion:
        """Delete what is still expired, one request a row. See `Deleter`."""
        answers: list[Answer] = []
        write_units = 0.0
        for candidate in batch:
            try:
                answer, units = self._delete_one(candidate, cutoffs)
            except AnswerLost:
                answer, units = Answer(Outcome.UNKNOWN), 0.0
            except Throttled:
                answer, units = Answer(Outcome.THROTTLED), 0.0
            except RequestRefused as error:
                answer, units = Answer(Outcome.REFUSED, error.code), 0.0
            except StoreError:
                if not answers:
                    raise  # nothing was done yet, as the contract promises
                answer, units = Answer(Outcome.THROTTLED), 0.0  # asked again, and then raised
            answers.append(answer)
            write_units += units
        return Deletion(answers, write_units)

    def _delete_one(self, candidate: Candidate, cutoffs: Cutoffs) -> tuple[Answer, float]:
        with store_errors("delete from", self._table):
            try:
                response: Any = self._client.delete_item(
                    TableName=self._table,
                    Key={self._key: {"S": candidate.key}},
                    ReturnConsumedCapacity="TOTAL",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    ReturnValues="ALL_OLD" if self._tells_subject else "NONE",
                    **_guard(candidate, cutoffs),
                )
            except ClientError as error:
                refused: Any = error.response
                if refused.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                    raise
                outcome = Outcome.BECAME_LIVE if "Item" in refused else Outcome.ALREADY_GONE
                return Answer(outcome), 1.0  # a refused condition is billed, and its answer does not say so
        subject = subject_of(response.get("Attributes", {})) if self._tells_subject else None
        return Answer(Outcome.DELETED, subject=subject), response.get("ConsumedCapacity", {}).get(
            "CapacityUnits", 0.0
        )


def _guard(candidate: Candidate, cutoffs: Cutoffs) -> dict[str, Any]:
    values = {":bound": {"N": str(cutoffs.bound(candidate.reason))}}
    names = {"#expires_at": EXPIRES_AT}
    match candidate.reason:
        case Expiry.EXPIRED_BY_AGE:
            condition = "attribute_not_exists(#expires_at) AND #created_at < :bound"
            names["#created_at"] = CREATED_AT
        case Expiry.ROTATED:
            condition = "#expires_at < :implausible AND #rotated_at < :bound"
            names["#rotated_at"] = ROTATED_AT
            values[":implausible"] = {"N": str(FIRST_IMPLAUSIBLE_SECOND)}
        case _:
            condition = "#expires_at < :bound"
    return {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
