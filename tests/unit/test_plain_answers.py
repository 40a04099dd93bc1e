"""Answers left as the JSON that they are: the same as the SDK's, and no other thing passes for one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.indexed_rows import IndexedRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import AnswerLost
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.rows import Candidate, Page
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.core.sweep import sweep

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOWHERE = "http://127.0.0.1:9"
NOW = 1_800_000_000
SECRET = "s3cr3t-session"


class Raw:
    """The body of an answer, as urllib3 would hand it over."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def answer_of(body: bytes, status: int = 200) -> AWSResponse:
    headers: Any = {"x-amzn-RequestId": "R-1", "Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(NOWHERE, status, headers, Raw(body))


def answer_instead(client: DynamoDBClient, answer: Any) -> None:  # noqa: ANN401 - typed as if it answered nothing
    client.meta.events.register_first("before-send.dynamodb.*", answer)


def answering(client: DynamoDBClient, body: bytes, status: int = 200) -> DynamoDBClient:
    """Have a client get this answer to whatever it asks."""
    answer_instead(client, lambda **_: answer_of(body, status))
    return client


@dataclass
class Both:
    """Our client and one as the SDK makes it, which both get the same answer."""

    body: bytes = b""
    clients: list[DynamoDBClient] = field(default_factory=list)

    def make(self) -> None:
        self.clients = [DynamoDB(NOWHERE).deleting, boto3.client("dynamodb", endpoint_url=NOWHERE)]
        for client in self.clients:
            answer_instead(client, lambda **_: answer_of(self.body))

    def asked(self, ask: Callable[[DynamoDBClient], Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        ours, theirs = (without_metadata(ask(client)) for client in self.clients)
        return ours, theirs


@pytest.fixture(scope="module")
def both(_made_up_credentials: None) -> Both:
    both = Both()
    both.make()
    return both


NUMBERS = st.integers(-(10**37), 10**37).map(str)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.fixed_dictionaries({"S": TEXTS})
    | st.fixed_dictionaries({"N": NUMBERS})
    | st.fixed_dictionaries({"BOOL": st.booleans()})
    | st.just({"NULL": True})
    | st.fixed_dictionaries({"SS": st.lists(TEXTS, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"NS": st.lists(NUMBERS, min_size=1, max_size=3)}),
    lambda values: (
        st.fixed_dictionaries({"L": st.lists(values, max_size=3)})
        | st.fixed_dictionaries({"M": st.dictionaries(TEXTS, values, max_size=3)})
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(TEXTS, VALUES, max_size=4)
UNITS = st.floats(0, 1000, allow_nan=False) | st.integers(0, 1000)
CAPACITY = st.fixed_dictionaries({"TableName": TEXTS, "CapacityUnits": UNITS})
QUERIES = st.fixed_dictionaries(
    {"Count": st.integers(0, 1000), "ScannedCount": st.integers(0, 1000)},
    optional={
        "Items": st.lists(ITEMS, max_size=3),
        "LastEvaluatedKey": ITEMS,
        "ConsumedCapacity": CAPACITY,
    },
)
ERRORS = st.fixed_dictionaries(
    {"Code": st.sampled_from(["ConditionalCheckFailed", "ThrottlingError"])},
    optional={"Message": TEXTS, "Item": ITEMS},
)
STATEMENTS = st.fixed_dictionaries(
    {
        "Responses": st.lists(
            st.fixed_dictionaries({}, optional={"TableName": TEXTS, "Item": ITEMS, "Error": ERRORS}),
            max_size=4,
        )
    },
    optional={"ConsumedCapacity": st.lists(CAPACITY, max_size=2)},
)


@settings(deadline=None, max_examples=60)
@given(answer=QUERIES)
def test_a_query_is_answered_as_by_the_sdk(both: Both, answer: dict[str, Any]) -> None:
    both.body = json.dumps(answer).encode()

    ours, theirs = both.asked(
        lambda client: client.query(TableName="sessions", KeyConditionExpression="a = b")
    )

    assert ours == theirs == answer


@settings(deadline=None, max_examples=60)
@given(answer=STATEMENTS)
def test_a_batch_of_deletes_is_answered_as_by_the_sdk(both: Both, answer: dict[str, Any]) -> None:
    both.body = json.dumps(answer, ensure_ascii=False).encode()

    ours, theirs = both.asked(
        lambda client: client.batch_execute_statement(Statements=[{"Statement": "DELETE"}])
    )

    assert ours == theirs == answer


@settings(deadline=None, max_examples=20)
@given(answer=st.fixed_dictionaries({}, optional={"ConsumedCapacity": CAPACITY, "Attributes": ITEMS}))
def test_a_single_delete_is_answered_as_by_the_sdk(both: Both, answer: dict[str, Any]) -> None:
    both.body = json.dumps(answer).encode()

    ours, theirs = both.asked(lambda client: client.delete_item(TableName="sessions", Key={}))

    assert ours == theirs == answer


def without_metadata(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - the SDK's own dictionary
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_what_the_sdk_says_of_an_answer_is_said_of_a_plain_one() -> None:
    body = b'{"Count": 0}'

    ours = answering(DynamoDB(NOWHERE).deleting, body).query(TableName="sessions")["ResponseMetadata"]
    theirs = answering(boto3.client("dynamodb", endpoint_url=NOWHERE), body).query(
        TableName="sessions", KeyConditionExpression="a = b"
    )["ResponseMetadata"]

    assert (ours["RequestId"], ours["HTTPStatusCode"]) == (theirs["RequestId"], theirs["HTTPStatusCode"])
    assert ours["RequestId"] == "R-1"


@pytest.mark.parametrize("status", [400, 500])
def test_an_error_is_still_the_sdks_own(status: int) -> None:
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ValidationException", "message": "No."}'
    client = answering(DynamoDB(NOWHERE).deleting, body, status)

    for ask in (
        lambda: client.query(TableName="sessions"),
        lambda: client.batch_execute_statement(Statements=[]),
    ):
        with pytest.raises(ClientError) as refusal:
            ask()
        assert refusal.value.response["Error"] == {"Code": "ValidationException", "Message": "No."}
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


NO_ANSWERS = {
    "a proxy's page": b"<html><body>Please log in</body></html>",
    "nothing": b"",
    "half an answer": b'{"Responses": [{"Item": {"session_id": {"S": "' + SECRET.encode() + b'"',
    "not text": b"\xff\xfe\x00",
    "no object": b"[]",
    "null": b"null",
    "a text": b'"ok"',
}
DELETERS: dict[str, Callable[[DynamoDBClient, str, str], Deleter]] = {
    "partiql": PartiqlDeleter,
    "delete-item": ConditionalDeleter,
}
CANDIDATES = [Candidate(f"{SECRET}-{number}", NOW - 60) for number in range(3)]


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
@pytest.mark.parametrize("deleter", DELETERS)
def test_what_is_no_answer_to_a_delete_leaves_its_rows_uncertain(deleter: str, body: bytes) -> None:
    client = answering(DynamoDB(NOWHERE).deleting, body)

    report = sweep(
        [Page(CANDIDATES)],
        DELETERS[deleter](client, "sessions", "session_id"),
        Cutoffs(NOW),
        backoff=Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=2),
        time_is_left=lambda: True,
    )

    assert report.counts == Counts(uncertain=3)
    assert report.broken_by is not None
    assert SECRET not in str(report.broken_by)


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_to_a_query_is_a_lost_answer(body: bytes) -> None:
    client = answering(DynamoDB(NOWHERE).reading, body)

    with pytest.raises(AnswerLost) as lost:
        list(IndexedRows(client, "sessions", "session_id", range(1)).pages(Cutoffs(NOW)))

    assert str(lost.value).startswith("Cannot read expiry-index of sessions: ")
    assert SECRET not in str(lost.value)
    assert lost.value.__cause__ is None
    assert lost.value.__suppress_context__
