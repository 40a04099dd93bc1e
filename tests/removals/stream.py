"""Records as DynamoDB writes them to a table's stream."""

from __future__ import annotations

from typing import Any

from barycenter_jobs.core.jobs import SESSIONS, Job

SECOND = 1_795_255_200  # 2026-11-21T10:00:00Z
ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/{table}/stream/2026-11-20T08:00:00.000"
BY_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

Record = dict[str, Any]


def arn_of(table: str) -> str:
    return ARN.format(table=table)


def removed_by_ttl(
    key: str,
    number: int,
    *,
    at: int | None = SECOND,
    expires_at: object = SECOND - 3600,
    job: Job = SESSIONS,
    **attributes: str,
) -> Record:
    """Return a record of a row that TTL removed, whose `expires_at` may be missing or a text."""
    image: dict[str, Any] = {job.kind.key: {"S": key}, "expiry_shard": {"N": "1"}}
    if isinstance(expires_at, int):
        image["expires_at"] = {"N": str(expires_at)}
    elif expires_at is not None:
        image["expires_at"] = {"S": str(expires_at)}
    image |= {name: {"S": value} for name, value in attributes.items()}
    size = sum(len(name) + len(str(*value.values())) for name, value in image.items())
    change = {
        "Keys": {job.kind.key: {"S": key}},
        "OldImage": image,
        "SequenceNumber": str(number),
        "SizeBytes": len(job.kind.key) + len(key) + size,
        "StreamViewType": "OLD_IMAGE",
    }
    if at is not None:
        change["ApproximateCreationDateTime"] = at
    return {
        "eventID": f"{number:032x}",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": change,
        "userIdentity": dict(BY_TTL),
        "eventSourceARN": arn_of(job.kind.name),
    }


def removed_by_user(key: str, number: int, **of_record: Any) -> Record:  # noqa: ANN401 - as for TTL's
    """Return a record of a row that somebody deleted: it has no identity."""
    record = removed_by_ttl(key, number, **of_record)
    del record["userIdentity"]
    return record
